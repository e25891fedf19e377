"""The product as users run it: a process that is started, stopped, and killed."""

import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx

from tests.servers.process import ServerProcess, free_port

COMMAND = str(Path(sys.executable).parent / "mediaport")


def environment(**settings: str) -> dict[str, str]:
    """This process's environment without any setting of Mediaport, and with these."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, **settings}


def run(*arguments: str, cwd: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """A `mediaport` command, run to its end; on a port of its own, unless it is told one."""
    return subprocess.run(
        [COMMAND, *arguments],
        cwd=cwd,
        env=environment(**{"PORT": str(free_port()), **settings}),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


class MediaportProcess(ServerProcess):
    """A `mediaport` command that runs until it is stopped. Settings hold from the next start on."""

    settings: dict[str, str]

    def start(self) -> None:
        """Start, and wait until it answers."""
        self.environment = environment(**self.settings)
        super().start()


class Server(MediaportProcess):
    """`mediaport serve --migrate`, by default with its data in a folder of its own."""

    def __init__(self, folder: Path, *, command: str = COMMAND, **settings: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.settings = {"PORT": str(self.port), "DATA_DIR": str(folder / "var"), **settings}
        super().__init__(
            [command, "serve", "--migrate"], folder=folder, is_ready=self._answers, log="server.log"
        )

    @property
    def objects(self) -> Path:
        """The folder of the embedded object store."""
        return self.folder / "var" / "objects"

    def rows(self, *statements: str) -> list[tuple[Any, ...]]:
        """What the embedded database answers to the last of some statements."""
        rows: list[tuple[Any, ...]] = []
        with closing(sqlite3.connect(self.folder / "var" / "mediaport.db")) as database:
            for statement in statements:
                rows = database.execute(statement).fetchall()
            database.commit()
        return rows

    def public_keys(self) -> set[str]:
        """The keys of what the embedded store shows to anyone."""
        files = (path for path in (self.objects / "public").rglob("*") if path.is_file())
        return {path.relative_to(self.objects).as_posix() for path in files}

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health/ready", timeout=10).is_success
        except httpx.TransportError:
            return False


class Worker(MediaportProcess):
    """`mediaport worker`."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.settings = {"DATA_DIR": str(folder / "var"), **settings}
        super().__init__(
            [COMMAND, "worker"],
            folder=folder,
            is_ready=lambda: "Making thumbnails" in self.log,
            log="worker.log",
        )


def preflight(url: str, origin: str) -> httpx.Response:
    """What a browser asks before a page of another origin may upload."""
    return httpx.options(
        url,
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": "content-type",
        },
    )


class User:
    """Someone with an account, who uploads as a browser does."""

    def __init__(self, url: str, name: str) -> None:
        self.name = name
        self.http = httpx.Client(base_url=url, timeout=30)
        account = {"username": name, "password": "correct horse"}
        registered = self.http.post("/auth/register", json=account)
        registered.raise_for_status()
        self.http.headers["Authorization"] = f"Bearer {registered.json()['access_token']}"

    def presign(self, body: bytes, kind: str = "post_image", **changes: object) -> httpx.Response:
        """Ask for permission."""
        declared = {"kind": kind, "content_type": "image/jpeg", "size_bytes": len(body)}
        return self.http.post("/media/presign", json={**declared, **changes})

    def upload(self, body: bytes, kind: str = "post_image", **changes: object) -> int:
        """Presign and PUT; the media's id."""
        presigned = self.presign(body, kind, **changes).json()
        upload = presigned["upload"]
        httpx.put(upload["url"], content=body, headers=upload["headers"]).raise_for_status()
        media_id: int = presigned["media_id"]
        return media_id

    def complete(self, media_id: int) -> httpx.Response:
        """Say that the upload is done."""
        return self.http.post(f"/media/{media_id}/complete")

    def settled(self, media_id: int) -> dict[str, object]:
        """The media item, once its thumbnails are made or have failed."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            media: dict[str, object] = self.http.get(f"/media/{media_id}").json()
            if media["thumbnails_status"] != "pending":
                return media
            time.sleep(0.05)
        raise RuntimeError(f"media {media_id} still owes its thumbnails")

    def close(self) -> None:
        """Hang up."""
        self.http.close()
