"""The product as users run it: a process that is started, stopped, and killed."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

import httpx

COMMAND = str(Path(sys.executable).parent / "mediaport")
PATIENCE_S = 30


def environment(**settings: str) -> dict[str, str]:
    """This process's environment without any setting of Mediaport, and with these."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, **settings}


def run(*arguments: str, cwd: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """A `mediaport` command, run to its end."""
    return subprocess.run(
        [COMMAND, *arguments],
        cwd=cwd,
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


class Server:
    """`mediaport serve --migrate` with its data in a folder of its own."""

    def __init__(self, folder: Path, **settings: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = folder
        self.settings = {"PORT": str(self.port), "DATA_DIR": str(folder / "var"), **settings}
        self._log: IO[str] | None = None
        self._process: subprocess.Popen[str] | None = None

    @property
    def objects(self) -> Path:
        """The folder of the embedded object store."""
        return self.folder / "var" / "objects"

    @property
    def log(self) -> str:
        """What the server wrote so far."""
        return (self.folder / "server.log").read_text()

    def start(self) -> None:
        """Start, and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._log = (self.folder / "server.log").open("a")
        self._process = subprocess.Popen(
            [COMMAND, "serve", "--migrate"],
            cwd=self.folder,
            env=environment(**self.settings),
            stdout=self._log,
            stderr=subprocess.STDOUT,
            text=True,
        )
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            with suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/health/ready").is_success:
                    return
            time.sleep(0.02)
        raise RuntimeError(f"the server did not start:\n{self.log}")

    def kill(self) -> None:
        """Kill it as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Ask it to stop; its exit status."""
        return self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> int:
        if self._process is None:
            return 0
        self._process.send_signal(how)
        status = self._process.wait(PATIENCE_S)
        self._process = None
        if self._log:
            self._log.close()
        return status


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
