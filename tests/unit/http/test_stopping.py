"""A server that stops answers all who had reached it."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator

import pytest
import uvicorn

from mediaport.adapters.memory.media_events import MemoryMediaEvents
from mediaport.entrypoints.http.bounded_protocol import BoundedHttpProtocol
from mediaport.entrypoints.http.deaf import deafen, hear
from mediaport.entrypoints.http.event_streams import EventStreams
from mediaport.entrypoints.http.server import Server
from tests.serving import free_socket
from tests.unit.http.test_bounded_protocol import app, until

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


class Stopping:
    """A server, a client that has reached it, and the moment when it lets nobody else in."""

    def __init__(self) -> None:
        config = uvicorn.Config(
            app, http=BoundedHttpProtocol, ws="none", log_config=None, lifespan="off"
        )
        self.server = Server(config, EventStreams(MemoryMediaEvents()))
        self.listening = free_socket()
        self._address = self.listening.getsockname()

    async def start(self) -> None:
        self.task = asyncio.create_task(self.server.serve(sockets=[self.listening]))
        await until(lambda: self.server.started)
        self.reader, self.writer = await asyncio.open_connection(*self._address)
        await until(lambda: bool(self.server.server_state.connections))

    async def begin_to_stop(self) -> None:
        self.server.should_exit = True
        await until(lambda: not self.server.servers[0].is_serving())

    async def end(self) -> None:
        self.writer.close()
        self.server.should_exit = True
        await self.task


@pytest.fixture
async def stopping() -> AsyncIterator[Stopping]:
    stopping = Stopping()
    await stopping.start()
    yield stopping
    await stopping.end()


async def test_who_has_only_just_reached_it_is_answered(stopping: Stopping) -> None:
    await stopping.begin_to_stop()

    stopping.writer.write(REQUEST)
    heard = await stopping.reader.read()

    assert heard.startswith(b"HTTP/1.1 204 ")
    assert b"connection: close" in heard.lower()


async def test_who_comes_again_on_the_same_connection_is_answered_once(stopping: Stopping) -> None:
    stopping.writer.write(REQUEST)
    await stopping.reader.readuntil(b"\r\n\r\n")
    await stopping.begin_to_stop()

    stopping.writer.write(REQUEST + REQUEST)
    heard = await stopping.reader.read()

    assert heard.count(b"HTTP/1.1 204 ") == 1


async def test_who_says_nothing_does_not_hold_it_up(stopping: Stopping) -> None:
    await stopping.begin_to_stop()

    assert await stopping.reader.read() == b""
    await stopping.task


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux' sockets can be deaf")
def test_a_deaf_socket_keeps_its_queue_and_takes_nobody_else() -> None:
    with free_socket() as listening, socket.socket() as early, socket.socket() as late:
        listening.listen()
        early.connect(listening.getsockname())

        deafen(listening)

        late.settimeout(0.2)
        with pytest.raises(TimeoutError):
            late.connect(listening.getsockname())
        accepted, _ = listening.accept()
        with accepted:
            early.sendall(REQUEST)
            assert accepted.recv(100) == REQUEST

        for _ in range(2):  # one that hears already, too
            hear(listening)
            with socket.create_connection(listening.getsockname(), timeout=0.2):
                listening.accept()[0].close()
