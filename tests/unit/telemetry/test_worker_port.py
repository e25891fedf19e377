"""What a worker answers, on a port of its own."""

import asyncio
import socket
import time

import httpx
import pytest

from mediaport.entrypoints import worker_port
from mediaport.entrypoints.settings import SettingError
from mediaport.entrypoints.worker_port import answering

HERE = "127.0.0.1"


async def get(port: int, path: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.get(f"http://{HERE}:{port}{path}")


async def test_it_shows_what_it_counts() -> None:
    with answering(HERE, 0) as port:
        answer = await get(port, "/metrics")

    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert "mediaport_thumbnails_duration_seconds_bucket" in answer.text


async def test_it_says_that_it_lives_and_nothing_else() -> None:
    with answering(HERE, 0) as port:
        assert (await get(port, "/health/live")).json() == {"status": "ok"}
        assert (await get(port, "/")).status_code == 404


async def test_a_worker_that_hangs_is_seen_to_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_port, "PATIENCE_S", 0.05)

    with answering(HERE, 0) as port:
        asking = asyncio.create_task(
            asyncio.to_thread(httpx.get, f"http://{HERE}:{port}/health/live")
        )
        while not asking.done():
            await asyncio.sleep(0)
            time.sleep(0.2)  # noqa: ASYNC251 - what hangs is the event loop itself

    assert asking.result().status_code == 503


async def test_a_port_that_is_taken_stops_the_start_with_a_line() -> None:
    with socket.create_server((HERE, 0)) as taken:
        port = taken.getsockname()[1]
        refused = pytest.raises(SettingError, match="WORKER_METRICS_PORT: cannot listen on")
        with refused, answering(HERE, port):
            pass


async def test_who_hangs_up_is_not_worth_a_line(capfd: pytest.CaptureFixture[str]) -> None:
    with answering(HERE, 0) as port:
        with socket.create_connection((HERE, port)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # resets
        assert (await get(port, "/health/live?from=probe")).status_code == 200

    assert capfd.readouterr().err == ""


async def test_it_answers_by_ipv6_as_the_api_does() -> None:
    with answering("::1", 0) as port:
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(f"http://[::1]:{port}/health/live")

    assert answer.json() == {"status": "ok"}
