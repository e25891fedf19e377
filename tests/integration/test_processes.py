"""The API by several processes: they serve, are replaced, and end together."""

import os
import re
import signal
import socket
import sys
from pathlib import Path

import httpx
import pytest

from tests.integration.crew import Crew
from tests.integration.server import Server, run
from tests.integration.waiting import until
from tests.servers.process import free_port


@pytest.fixture
def pair(real: dict[str, str], crew: Crew) -> Server:
    """An API of two processes."""
    return crew.api(**real, API_WORKERS="2", LOG_LEVEL="INFO")


def is_alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "\nState:\tZ" not in status.read_text()


def answers_of(server: Server) -> int:
    """How many answers were counted, as whichever process is asked says."""
    metrics = httpx.get(f"{server.url}/metrics").text
    (count,) = re.findall(r'requests_total{.*path="/health/live".*} ([\d.]+)', metrics)
    return int(float(count))


def knocks_again(port: int) -> int:
    """How often the kernel had to try again until somebody took the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    return int.from_bytes(info[100:], sys.byteorder)  # tcpi_total_retrans


def test_whichever_process_is_asked_counts_what_all_have_answered(pair: Server) -> None:
    until(lambda: len(pair.children) == 2)

    for _ in range(20):
        assert httpx.get(f"{pair.url}/health/live").is_success

    assert {answers_of(pair) for _ in range(8)} == {20}


def test_a_process_that_was_killed_is_replaced_and_its_counts_stay(pair: Server) -> None:
    until(lambda: "Mediaport is running" in pair.log)
    for _ in range(20):
        httpx.get(f"{pair.url}/health/live").raise_for_status()
    killed, other = pair.children

    os.kill(killed, signal.SIGKILL)
    until(lambda: killed not in pair.children)
    httpx.get(f"{pair.url}/health/live").raise_for_status()
    until(lambda: pair.log.count(" serves") == 3)

    assert other in pair.children
    assert len(pair.children) == 2
    assert answers_of(pair) == 21
    assert pair.log.count("Mediaport is running") == 1


def test_who_takes_the_place_of_one_that_was_told_to_stop_is_reached(pair: Server) -> None:
    until(lambda: "Mediaport is running" in pair.log)
    told, _ = pair.children

    os.kill(told, signal.SIGTERM)
    until(lambda: pair.log.count(" serves") == 3)

    assert [knocks_again(pair.port) for _ in range(20)] == [0] * 20
    for _ in range(20):
        httpx.get(f"{pair.url}/health/live").raise_for_status()


def test_all_processes_end_together(pair: Server) -> None:
    until(lambda: "Mediaport is running" in pair.log)
    children = pair.children

    assert pair.stop() == 0

    assert not any(map(is_alive, children))
    assert pair.log.count("Stopped.") == 1


def test_processes_whose_parent_was_killed_end_and_free_the_port(pair: Server) -> None:
    until(lambda: "Mediaport is running" in pair.log)
    children = pair.children

    pair.kill()

    until(lambda: not any(map(is_alive, children)))
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{pair.url}/health/live")


def test_what_keeps_them_from_serving_is_said_once(real: dict[str, str], tmp_path: Path) -> None:
    settings = {**real, "API_WORKERS": "2", "REDIS_URL": "redis://:hunter2@host/0?hunter2=x"}

    done = run("serve", cwd=tmp_path, **settings)

    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("mediaport: REDIS_URL:")
    assert not done.stdout


def test_embedded_parts_are_served_by_one_process(tmp_path: Path) -> None:
    done = run("serve", "--migrate", "--workers", "2", cwd=tmp_path, PORT=str(free_port()))

    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("mediaport: API_WORKERS: 2 processes")
    assert "DATABASE_URL and REDIS_URL" in line


def test_a_pool_too_large_for_the_database_is_told_with_numbers(
    real: dict[str, str], crew: Crew
) -> None:
    api = crew.api(**real, DATABASE_POOL_SIZE="500")

    assert "up to 1 x 500 connections; PostgreSQL takes" in api.log
    assert "Set DATABASE_POOL_SIZE to at most " in api.log
