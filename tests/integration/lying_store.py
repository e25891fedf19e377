"""A store that lies about one thing: in front of a real one, it accepts what it must refuse."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.serving import free_socket, serving

METHODS = ["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"]
HOP = {"connection", "keep-alive", "transfer-encoding", "content-encoding"}


class LyingStore:
    """Passes requests on, but answers 200 to those whose key has one of the `lies` in it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._http = httpx.AsyncClient(timeout=10)
        self.lies: set[str] = set()
        self.app = Starlette(routes=[Route("/{key:path}", self._answer, methods=METHODS)])

    async def _answer(self, request: Request) -> Response:
        body = await request.body()
        if any(lie in request.url.path for lie in self.lies):
            return Response()
        path = request.scope["raw_path"].decode()
        query = f"?{request.url.query}" if request.url.query else ""
        # The host that was signed goes along.
        answer = await self._http.request(
            request.method,
            f"{self._url}{path}{query}",
            content=body,
            headers=request.headers.raw,
        )
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in HOP}
        return Response(answer.content, answer.status_code, kept)

    async def close(self) -> None:
        """Hang up."""
        await self._http.aclose()


@asynccontextmanager
async def lying_store(url: str) -> AsyncIterator[tuple[LyingStore, str]]:
    """A store in front of the one at `url`, honest at first, and its own URL."""
    store, listening = LyingStore(url), free_socket()
    async with serving(store.app, listening):
        yield store, f"http://127.0.0.1:{listening.getsockname()[1]}"
    await store.close()
    await asyncio.sleep(0)
