"""Connections that are drawn out, one by one, with less patience than in earnest."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import pytest
import uvicorn

from mediaport.entrypoints.http import bounded_protocol
from mediaport.entrypoints.http.bounded_protocol import TOLD, BoundedHttpProtocol
from tests.serving import free_socket

HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n"
LONG = b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n"
PIECE, PIECES = b"a" * 65_536, 1000
AT_ONCE_S = 0.05


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer when the body is there, at /long with more than any buffer holds."""
    while (await receive()).get("more_body"):
        pass
    status, pieces = (200, PIECES) if scope["path"] == "/long" else (204, 0)
    await send({"type": "http.response.start", "status": status, "headers": []})
    for _ in range(pieces):
        await send({"type": "http.response.body", "body": PIECE, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def serving(**changes: Any) -> AsyncIterator[tuple[int, set[Any]]]:
    """A server of this protocol: its port, and the connections that it has."""
    listening = free_socket()
    port: int = listening.getsockname()[1]
    config = uvicorn.Config(
        app, http=BoundedHttpProtocol, ws="none", log_config=None, lifespan="off", **changes
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    await until(lambda: server.started)
    try:
        yield port, server.server_state.connections
    finally:
        server.should_exit = True
        await task


async def until(happens: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not happens():
            await asyncio.sleep(0.001)


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def said_to(port: int, begun: bytes) -> bytes:
    """What a client hears who says no more than this, until the connection ends."""
    async with connected(port) as (reader, writer):
        writer.write(begun)
        async with asyncio.timeout(30):
            return await reader.read()


@pytest.mark.parametrize("begun", [b"GET / HT", b"\r\n\r\n", HEAD, HEAD + b"1"])
async def test_a_request_that_does_not_come_to_its_end_is_ended(
    begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded_protocol, "REQUEST_S", AT_ONCE_S)
    async with serving() as (port, _):
        assert (await said_to(port, begun)).startswith(b"HTTP/1.1 408 ")


async def test_a_request_that_keeps_coming_may_take_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bounded_protocol, "REQUEST_S", AT_ONCE_S)
    monkeypatch.setattr(bounded_protocol, "MIN_BYTES_PER_S", 1)  # as many seconds as it has bytes
    async with (
        serving(timeout_keep_alive=AT_ONCE_S) as (port, _),
        connected(port) as (reader, writer),
    ):
        writer.write(HEAD)
        await asyncio.sleep(4 * AT_ONCE_S)
        writer.write(b"12")

        assert (await reader.readline()).startswith(b"HTTP/1.1 204 ")


async def test_a_connection_that_says_nothing_is_ended_like_one_that_is_idle() -> None:
    async with serving(timeout_keep_alive=AT_ONCE_S) as (port, _):
        assert await said_to(port, b"") == b""
        assert (await said_to(port, HEAD + b"12")).startswith(b"HTTP/1.1 204 ")


async def test_an_answer_that_nobody_reads_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_protocol, "UNREAD_S", AT_ONCE_S)
    async with serving() as (port, connections), connected(port) as (reader, writer):
        writer.write(LONG)
        await until(lambda: bool(connections))

        await until(lambda: not connections)

        with suppress(ConnectionError):
            assert len(await reader.read()) < PIECES * len(PIECE)


async def test_one_connection_too_many_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_protocol, "max_connections", lambda: TOLD)
    async with serving() as (port, connections):
        async with AsyncExitStack() as stack:
            for _ in range(TOLD):
                reader, writer = await stack.enter_async_context(connected(port))
                writer.write(HEAD + b"12")
                assert (await reader.readline()).startswith(b"HTTP/1.1 204 ")

            head, _, body = (await said_to(port, HEAD + b"12")).partition(b"\r\n\r\n")

            assert head.startswith(b"HTTP/1.1 503 ")
            assert b"\r\nRetry-After: " in head
            assert json.loads(body)["code"] == "too_many_connections"
        await until(lambda: not connections)
        async with connected(port):
            await until(lambda: len(connections) == 1)
