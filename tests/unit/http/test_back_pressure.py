"""What happens to requests when more is asked than can be done at once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from litestar import Litestar, Request, get, post
from litestar.response import Stream

from mediaport.entrypoints.http.back_pressure import (
    PER_CONNECTION,
    WAITING_PER_CONNECTION,
    BackPressure,
)
from mediaport.entrypoints.http.rates import UNCOUNTED
from tests.unit.http.test_media import assert_problem


class Work:
    """What requests do until they are let go."""

    def __init__(self) -> None:
        self.under_way = 0
        self.most_under_way = 0
        self.may_end = asyncio.Event()
        self.app = Litestar(
            [get("/work")(self.work), post("/work")(self.take), live, endless],
            middleware=[BackPressure(connections=1, patience_s=60)],
            openapi_config=None,
            logging_config=None,
        )

    async def work(self) -> None:
        self.under_way += 1
        self.most_under_way = max(self.under_way, self.most_under_way)
        await self.may_end.wait()
        self.under_way -= 1

    async def take(self, request: Request[Any, Any, Any]) -> int:
        return len(await request.body())

    def ask(self, path: str = "/work") -> asyncio.Task[httpx.Response]:
        return asyncio.create_task(self._ask(path))

    async def _ask(self, path: str) -> httpx.Response:
        async with client(self.app) as http:
            return await http.get(path)


@get("/live", opt=UNCOUNTED)
async def live() -> None:
    """Answer."""


@get("/endless")
async def endless() -> Stream:
    """Begin to answer."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        await asyncio.Event().wait()

    return Stream(pieces())


def client(app: Litestar) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]  # Litestar types ASGI its own way
    return httpx.AsyncClient(transport=transport, base_url="http://testserver")


@pytest.fixture
async def work() -> Work:
    return Work()


async def until(happens: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not happens():
            await asyncio.sleep(0)


async def called(
    app: Litestar,
    receive: Callable[[], Awaitable[Any]],
    send: Callable[[Any], Awaitable[None]],
    **changes: object,
) -> None:
    """Call the app as a server does."""
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1",
        "method": "GET", "scheme": "http", "path": "/work", "raw_path": b"/work", "root_path": "",
        "query_string": b"", "headers": [], "client": None, "server": None, "state": {}, **changes,
    }  # fmt: skip
    await app(scope, receive, send)  # type: ignore[arg-type]


async def test_some_are_under_way_some_wait_and_the_rest_hears_at_once(work: Work) -> None:
    taken = [work.ask() for _ in range(PER_CONNECTION + WAITING_PER_CONNECTION)]
    await until(lambda: work.under_way == PER_CONNECTION)

    refused = await work.ask()

    assert_problem(refused, 503, "too_busy")
    assert refused.headers["retry-after"] == "5"
    work.may_end.set()
    assert [(await each).status_code for each in taken] == [200] * len(taken)
    assert work.most_under_way == PER_CONNECTION
    assert (await work.ask()).status_code == 200


async def test_whoever_waited_for_long_hears_that_it_was_in_vain() -> None:
    work = Work()
    work.app = Litestar(
        [get("/work")(work.work)],
        middleware=[BackPressure(connections=1, patience_s=0.01)],
        logging_config=None,
    )
    taken = [work.ask() for _ in range(PER_CONNECTION)]
    await until(lambda: work.under_way == PER_CONNECTION)

    assert_problem(await work.ask(), 503, "too_busy")

    work.may_end.set()
    assert [(await each).status_code for each in taken] == [200] * len(taken)


async def test_a_refusal_reads_no_body(work: Work) -> None:
    taken = [work.ask() for _ in range(PER_CONNECTION + WAITING_PER_CONNECTION)]
    await until(lambda: work.under_way == PER_CONNECTION)
    sent: list[Any] = []

    async def receive() -> Any:
        raise AssertionError("somebody reads it")

    async def send(message: Any) -> None:
        sent.append(message)

    await called(work.app, receive, send, method="POST")

    assert sent[0]["status"] == 503
    work.may_end.set()
    await asyncio.gather(*taken)


async def test_health_is_told_however_much_is_asked(work: Work) -> None:
    taken = [work.ask() for _ in range(PER_CONNECTION + WAITING_PER_CONNECTION)]
    await until(lambda: work.under_way == PER_CONNECTION)

    assert (await work.ask("/live")).status_code == 200

    work.may_end.set()
    await asyncio.gather(*taken)


async def test_a_body_that_comes_slowly_takes_no_turn(work: Work) -> None:
    asked, more = 0, asyncio.Event()

    async def receive() -> Any:
        nonlocal asked
        asked += 1
        await more.wait()
        return {"type": "http.request", "body": b"12", "more_body": False}

    answers: list[Any] = []

    async def send(message: Any) -> None:
        answers.append(message.get("body", b""))

    slow = [
        asyncio.create_task(called(work.app, receive, send, method="POST"))
        for _ in range(2 * PER_CONNECTION)
    ]
    await until(lambda: asked == len(slow))
    work.may_end.set()

    assert (await work.ask()).status_code == 200

    more.set()
    await asyncio.gather(*slow)
    assert b"".join(answers) == b"2" * len(slow)


async def test_an_answer_that_has_begun_takes_no_turn(work: Work) -> None:
    begun = 0

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        nonlocal begun
        begun += message["type"] == "http.response.start"

    streams = [
        asyncio.create_task(called(work.app, receive, send, path="/endless", raw_path=b"/endless"))
        for _ in range(2 * PER_CONNECTION)
    ]
    await until(lambda: begun == len(streams))
    work.may_end.set()

    assert (await work.ask()).status_code == 200

    for stream in streams:
        stream.cancel()
    await asyncio.gather(*streams, return_exceptions=True)
