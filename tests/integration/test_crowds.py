"""More clients at once than there is work done for: idle ones, slow ones, and far too many."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.integration.crew import Crew
from tests.integration.server import Server
from tests.servers.proxy import TcpProxy, Way

CROWD = 1000
LIVE = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
SLOW = {
    "half a head": b"GET /posts/ HTTP/1.1\r\nHost:",
    "half a body": b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{",
    "reads nothing": b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n",
}
# Of one request that waits or is under way, all that it holds included.
MAX_BYTES_EACH = 100 * 1024


@asynccontextmanager
async def connections(
    port: int, count: int, first: bytes
) -> AsyncIterator[list[asyncio.StreamReader]]:
    """Clients who say this, each on a connection of its own, until the block ends."""
    pairs = [await asyncio.open_connection("127.0.0.1", port) for _ in range(count)]
    try:
        for _, writer in pairs:
            writer.write(first)
        yield [reader for reader, _ in pairs]
    finally:
        for _, writer in pairs:
            writer.transport.abort()
        await asyncio.sleep(0)


async def status_of(reader: asyncio.StreamReader) -> int:
    """What a client is answered."""
    line = await reader.readline()
    return int(line.split()[1])


def memory_bytes(server: Server) -> int:
    """What the process has in memory."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    return 1024 * int(re.findall(r"VmRSS:\s+(\d+)", status)[0])


async def test_a_thousand_idle_clients_and_hundreds_of_slow_ones_do_no_harm(server: Server) -> None:
    async with connections(server.port, CROWD, LIVE) as idle:
        assert {await status_of(reader) for reader in idle} == {200}
        async with (
            connections(server.port, 100, SLOW["half a head"]),
            connections(server.port, 100, SLOW["half a body"]),
            connections(server.port, 20, SLOW["reads nothing"]),
            httpx.AsyncClient(base_url=server.url, timeout=60) as http,
        ):
            account = {"username": "ada", "password": "correct horse"}
            token = (await http.post("/auth/register", json=account)).json()["access_token"]
            answer = await http.get("/posts/", headers={"Authorization": f"Bearer {token}"})

            assert answer.status_code == 200
            assert not any(reader.at_eof() for reader in idle)


@pytest.fixture
def database_proxy(real: dict[str, str]) -> Iterator[TcpProxy]:
    proxy = TcpProxy(urlsplit(real["DATABASE_URL"]).port or 0)
    yield proxy
    proxy.close()


async def test_a_thousand_requests_on_a_frozen_database_are_all_answered(
    real: dict[str, str], database_proxy: TcpProxy, crew: Crew
) -> None:
    url = real["DATABASE_URL"]
    through = url.replace(f":{urlsplit(url).port}", f":{database_proxy.port}")
    pool_size = 2
    api = crew.api(**{**real, "DATABASE_URL": through, "DATABASE_POOL_SIZE": str(pool_size)})
    user = await asyncio.to_thread(crew.user, api)
    token = user.http.headers["Authorization"].encode()
    ask = b"GET /posts/ HTTP/1.1\r\nHost: x\r\nAuthorization: %b\r\n\r\n" % token
    before = memory_bytes(api)

    database_proxy.turn(Way.BLACK_HOLE)
    started = time.monotonic()
    async with connections(api.port, CROWD, ask) as readers:
        answers = asyncio.gather(*map(status_of, readers))
        waiting = 0
        while not answers.done():
            metrics = await asyncio.to_thread(httpx.get, f"{api.url}/metrics", timeout=30)
            waiting = max(waiting, *waiting_of(metrics.text))
            assert (
                await asyncio.to_thread(httpx.get, f"{api.url}/health/live", timeout=30)
            ).is_success
        statuses = Counter(await answers)
    took_s = time.monotonic() - started
    grown = memory_bytes(api) - before

    assert statuses == {503: CROWD}
    assert waiting <= 100 * pool_size
    assert took_s < 30
    assert grown < CROWD * MAX_BYTES_EACH
    database_proxy.turn(Way.RESET)
    database_proxy.turn(Way.OPEN)
    deadline = time.monotonic() + 10
    while not (await asyncio.to_thread(user.http.get, "/posts/")).is_success:
        assert time.monotonic() < deadline, "it did not recover"


def waiting_of(metrics: str) -> list[int]:
    return [int(float(each)) for each in re.findall(r"\nmediaport_requests_waiting (\S+)", metrics)]
