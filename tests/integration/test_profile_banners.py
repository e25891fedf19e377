"""The example app that Mediaport is built into, as a process with a database of its own."""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import pictures
from tests.integration.server import MediaportProcess, run
from tests.servers.found import ROOT
from tests.servers.process import free_port

UVICORN = [sys.executable, "-m", "uvicorn", "--app-dir", str(ROOT / "examples/profile_banners")]
PATIENCE_S = 60


class App(MediaportProcess):
    """The example, with its data in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.settings = {"DATA_DIR": str(folder / "var"), "PORT": str(self.port)}
        command = [
            *UVICORN,
            "--port",
            str(self.port),
            "--timeout-graceful-shutdown",
            "5",
            "app:app",
        ]
        super().__init__(command, folder=folder, is_ready=self._answers)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/uploads/health/ready", timeout=10).is_success
        except httpx.TransportError:
            return False


class Member:
    """Someone with an account of the app's, known by a cookie."""

    def __init__(self, app: App, name: str, *, by: str) -> None:
        self.http = httpx.Client(base_url=app.url, timeout=30)
        account = {"name": name, "password": "correct horse"}
        self.http.post(f"/{by}", json=account).raise_for_status()

    def presign(self, size_bytes: int) -> httpx.Response:
        declared = {"kind": "banner", "content_type": "image/jpeg", "size_bytes": size_bytes}
        return self.http.post("/uploads/media/presign", json=declared)

    def upload(self, body: bytes) -> int:
        """Presign, PUT and complete; the media's id."""
        presigned = self.presign(len(body)).json()
        upload, media_id = presigned["upload"], int(presigned["media_id"])
        httpx.put(upload["url"], content=body, headers=upload["headers"]).raise_for_status()
        self.http.post(f"/uploads/media/{media_id}/complete").raise_for_status()
        return media_id

    def choose(self, media_id: int | None) -> httpx.Response:
        return self.http.put("/me/banner", json={"media_id": media_id})

    def status_of(self, media_id: int) -> int:
        return self.http.get(f"/uploads/media/{media_id}").status_code

    def banner(self, of: str) -> dict[str, Any]:
        """What a profile shows, once its thumbnails are made."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            banner: dict[str, Any] = self.http.get(f"/profiles/{of}").json()["banner"]
            if banner["thumbnails_status"] != "pending":
                return banner
            time.sleep(0.05)
        raise RuntimeError(f"the banner of {of} still owes its thumbnails")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("app")
    app = App(folder)
    assert run("migrate", cwd=folder, **app.settings).returncode == 0
    app.start()
    yield app
    assert app.stop() in {0, -15}  # uvicorn raises the signal again, once it has stopped


@pytest.fixture
def member(app: App) -> Iterator[Callable[..., Member]]:
    members: list[Member] = []

    def known(name: str, *, by: str = "join") -> Member:
        members.append(Member(app, name, by=by))
        return members[-1]

    yield known
    for each in members:
        each.http.close()


def test_a_member_shows_a_banner(member: Callable[..., Member]) -> None:
    ada, body = member("ada"), pictures.picture(width=300, height=100)
    assert ada.http.get("/profiles/ada").json() == {"name": "ada", "banner": None}

    chosen = ada.choose(ada.upload(body))

    assert chosen.status_code == 200, chosen.text
    banner = ada.banner("ada")
    assert httpx.get(banner["media_url"]).content == body
    assert httpx.get(banner["thumb_128_url"]).headers["content-type"] == "image/webp"
    assert "Show it" in ada.http.get("/").text


def test_limits_and_other_members_media(app: App, member: Callable[..., Member]) -> None:
    eve, bob = member("eve"), member("bob")
    media_id = eve.upload(pictures.picture())

    assert eve.presign(4 * 1024 * 1024).status_code == 201
    too_large = eve.presign(4 * 1024 * 1024 + 1)
    assert (too_large.status_code, too_large.json()["code"]) == (413, "size_too_large")
    assert bob.status_of(media_id) == 404
    stolen = bob.choose(media_id)
    assert (stolen.status_code, stolen.json()["code"]) == (404, "media_not_found")
    assert httpx.post(f"{app.url}/uploads/media/presign", json={}).status_code == 401


def test_the_sweep_leaves_a_banner_alone_and_takes_what_nothing_shows(
    app: App, member: Callable[..., Member]
) -> None:
    ida = member("ida")
    replaced, shown, forgotten = [ida.upload(pictures.picture()) for _ in range(3)]
    for media_id in (replaced, shown):
        assert ida.choose(media_id).status_code == 200
    assert (ida.status_of(replaced), ida.status_of(forgotten)) == (404, 200)

    app.stop()
    app.settings |= {"MEDIA_UNATTACHED_TTL": "1", "MEDIA_SWEEP_INTERVAL_S": "1"}
    app.start()

    ida = member("ida", by="login")
    deadline = time.monotonic() + PATIENCE_S
    while ida.status_of(forgotten) != 404 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert (ida.status_of(forgotten), ida.status_of(shown)) == (404, 200)
    assert ida.banner("ida")["id"] == shown
