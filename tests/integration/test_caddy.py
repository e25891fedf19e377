"""Caddy in front of the API: what it shows, and that nobody notices when the API restarts."""

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.integration.server import Server, User
from tests.servers.caddy import CADDYFILE, caddy, in_front_of, settings

RESTARTS, CLIENTS = 2, 6


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    limits = {"RATE_PER_USER": "off", "RATE_PER_ADDRESS": "off"}
    server = Server(tmp_path / "server", TRUSTED_PROXIES="127.0.0.1", **limits)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def url(server: Server) -> Iterator[str]:
    with in_front_of(f"127.0.0.1:{server.port}") as url:
        yield url


class Crowd:
    """Clients that write and read for as long as the block lasts."""

    def __init__(self, url: str, user: User) -> None:
        self.statuses: list[tuple[str, int]] = []
        self.faults: list[Exception] = []
        self._url, self._headers = url, user.http.headers
        self._is_over = threading.Event()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        threads = [threading.Thread(target=self._work) for _ in range(CLIENTS)]
        for each in threads:
            each.start()
        try:
            yield
        finally:
            self._is_over.set()
            for each in threads:
                each.join()

    def wait_until_all_are_busy(self) -> None:
        enough = len(self.statuses) + 3 * CLIENTS
        while len(self.statuses) < enough and not self.faults:
            time.sleep(0.01)

    def _work(self) -> None:
        with httpx.Client(base_url=self._url, headers=self._headers, timeout=60) as client:
            while not self._is_over.is_set():
                try:
                    for done in (
                        client.post("/posts/", json={"body": "Good morning"}),
                        client.get("/posts/?limit=1"),
                    ):
                        self.statuses.append((done.request.method, done.status_code))
                except httpx.HTTPError as fault:
                    self.faults.append(fault)
                    return


def test_no_request_fails_while_the_api_restarts(server: Server, url: str) -> None:
    user = User(url, "ada")
    crowd = Crowd(url, user)

    with crowd.at_work():
        for _ in range(RESTARTS):
            crowd.wait_until_all_are_busy()
            assert server.stop() == 0
            server.start()
    user.close()

    assert crowd.faults == []
    assert set(crowd.statuses) == {("POST", 201), ("GET", 200)}
    posts = server.rows("SELECT count(*) FROM posts")
    assert posts == [(crowd.statuses.count(("POST", 201)),)]


def test_what_is_for_operators_is_not_shown_outside(server: Server, url: str) -> None:
    hidden = ["/metrics", "/saq", "/saq/queues", "/%6detrics", "//metrics", "/saq/../metrics"]

    statuses = {path: httpx.get(f"{url}{path}").status_code for path in hidden}

    assert statuses == dict.fromkeys(hidden, 404)
    assert httpx.get(f"{server.url}/metrics").status_code == 200
    assert httpx.get(f"{url}/health/ready").status_code == 200


def test_nobody_chooses_their_own_address(tmp_path: Path) -> None:
    limited = Server(tmp_path, TRUSTED_PROXIES="127.0.0.1", RATE_LOGIN_PER_ADDRESS="1/hour")
    limited.start()
    nobody = {"username": "nobody", "password": "correct horse"}
    try:
        with in_front_of(f"127.0.0.1:{limited.port}") as url:
            statuses = [
                httpx.post(
                    f"{url}/auth/login", json=nobody, headers={"X-Forwarded-For": f"192.0.2.{n}"}
                ).status_code
                for n in range(2)
            ]
    finally:
        limited.stop()

    assert statuses == [401, 429]


def test_the_caddyfile_is_valid_and_formatted(tmp_path: Path) -> None:
    given = settings(tmp_path, site="media.example.com", upstream="api:8000")

    for command in (["validate", "--config"], ["fmt"]):
        done = subprocess.run(
            [caddy(), *command, CADDYFILE], env=given, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
