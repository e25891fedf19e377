"""A client of an event stream, without a network: it hears event by event, and can hang up."""

import asyncio
from typing import Any

import httpx
from litestar import Litestar

PATH = "/media/events"
PATIENCE_S = 20

Event = dict[str, str]


class Listener:
    """One request, answered by a task of its own."""

    def __init__(self, app: Litestar, headers: dict[str, str], *, reads: bool = True) -> None:
        self._sent: asyncio.Queue[Any] = asyncio.Queue(0 if reads else 1)
        self._has_hung_up = asyncio.Event()
        self._heard = b""
        self._answering = asyncio.create_task(self._ask(app, headers))

    @property
    def keeps_the_server_waiting(self) -> bool:
        """Whether something cannot be sent until this client reads."""
        return bool(self._sent._putters)  # type: ignore[attr-defined]  # asyncio has no word for it

    async def answer(self) -> httpx.Response:
        """Status and headers, and the body of a refusal."""
        start = await self._next()
        content = b"" if start["status"] == 200 else (await self._next())["body"]
        request = httpx.Request("GET", f"http://testserver{PATH}")
        return httpx.Response(
            start["status"], headers=start["headers"], content=content or None, request=request
        )

    async def hear(self) -> Event | None:
        """The fields of the next event, a comment under no name; None at the end."""
        while b"\r\n\r\n" not in self._heard:
            message = await self._next()
            self._heard += message["body"]
            if not message["more_body"]:
                return None
        event, _, self._heard = self._heard.partition(b"\r\n\r\n")
        return dict(line.split(": ", 1) for line in event.decode().splitlines())

    async def hang_up(self) -> None:
        """Go away, and wait until that is known."""
        self._has_hung_up.set()
        async with asyncio.timeout(PATIENCE_S):
            await self._answering

    async def _next(self) -> Any:
        async with asyncio.timeout(PATIENCE_S):
            return await self._sent.get()

    async def _ask(self, app: Litestar, headers: dict[str, str]) -> None:
        scope: Any = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": PATH,
            "raw_path": PATH.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": [(name.lower().encode(), text.encode()) for name, text in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("testserver", 80),
        }
        await app(scope, self._receive, self._sent.put)

    async def _receive(self) -> Any:
        await self._has_hung_up.wait()
        return {"type": "http.disconnect"}
