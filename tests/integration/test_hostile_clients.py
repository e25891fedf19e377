"""Clients that speak HTTP badly, on purpose or not."""

import contextlib
import re
import socket
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.integration.server import Server

CHUNKED = b"POST /auth/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
ENDLESS = {
    "one header": b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-A: ",
    "a path": b"GET /",
    "a trailer": CHUNKED + b"0\r\nX: ",
    "a chunk's extension": CHUNKED + b"5;x=",
}
LINES = b"GET /health/live HTTP/1.1\r\nHost: x\r\n"


@contextlib.contextmanager
def connected(server: Server) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        yield client


@pytest.mark.parametrize(
    ("begin", "more"), [*((begin, b"a") for begin in ENDLESS.values()), (LINES, b"A: b\r\n")]
)
def test_a_head_without_an_end_is_cut_off(server: Server, begin: bytes, more: bytes) -> None:
    chunk = more * (16_384 // len(more))
    sent = 0
    with connected(server) as client, contextlib.suppress(ConnectionError):
        client.sendall(begin)
        while sent < 50_000_000:
            client.sendall(chunk)
            sent += len(chunk)

    assert sent < 50_000_000  # row 33
    assert httpx.get(f"{server.url}/health/live").status_code == 200


def test_a_head_as_large_as_others_take_is_taken(server: Server) -> None:
    answer = httpx.get(f"{server.url}/health/live", headers={"X-A": "a" * 30_000})

    assert answer.status_code == 200


def test_a_client_that_hangs_up_is_no_defect_of_ours(server: Server) -> None:
    for _ in range(3):
        with connected(server) as client:
            client.sendall(b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{")
    deadline = time.monotonic() + 30

    def refused(status: int) -> bool:
        metrics = httpx.get(f"{server.url}/metrics").text
        found = rf'requests_total{{.*path="/auth/login",status_code="{status}".*}} [1-9]'
        return re.search(found, metrics) is not None

    while not refused(400):
        assert time.monotonic() < deadline, "nothing was counted"
        time.sleep(0.05)
    assert not refused(500)  # row 33
    assert "Traceback" not in server.log
