"""Who is compared: each a server of its own on this machine, all on the same parts."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from bench.api import processes
from tests.servers.found import ROOT
from tests.servers.postgresql import Postgresql
from tests.servers.process import ServerProcess, free_port
from tests.servers.redis import RedisServer
from tests.servers.s3 import S3Server

OURS, PEER, FLOOR, RATED = "ours", "peer", "floor", "ours, rates"
SECRET = "only-for-benchmarks-" + 32 * "x"
BUCKET = "bench"
COMMAND = ROOT / ".venv" / "bin" / "mediaport"
PLENTY = str(2**53 - 1)
# Nothing is refused; all else is as it comes.
OPEN = {
    "RATE_PER_USER": "off",
    "RATE_PER_ADDRESS": "off",
    "MEDIA_MAX_PENDING": "1000000000",
    "MEDIA_MAX_PENDING_BYTES": PLENTY,
    "MEDIA_MAX_STORED_BYTES": PLENTY,
}
COUNTED = {"RATE_PER_USER": "100000000/second", "RATE_PER_ADDRESS": "100000000/second"}
APPS = {PEER: "bench.peers.fastapi_app:app", FLOOR: "bench.peers.floor:app"}
UVICORN = ("--loop=uvloop", "--http=httptools", "--no-access-log", "--log-level=warning")


class Contender:
    """A server that is started, driven and looked at."""

    def __init__(self, name: str, process: ServerProcess, url: str, database_pid: int) -> None:
        self.name, self.url, self.database_pid = name, url, database_pid
        self._process = process

    @property
    def log(self) -> str:
        """What it wrote so far."""
        return self._process.log

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    @property
    def cpu_s(self) -> float:
        """Seconds of CPU that it has used."""
        return processes.cpu_s(self.pid)

    def stop(self) -> None:
        """Stop it."""
        self._process.stop()


class Parts:
    """PostgreSQL, MinIO and Redis, which all of them share."""

    def __init__(self, postgresql: Postgresql, s3: S3Server, redis: RedisServer) -> None:
        if postgresql.process is None:
            raise RuntimeError("PostgreSQL is not ours: its CPU is not to be seen")
        self.database_pid = postgresql.process.pid
        self.postgresql, self.s3, self.redis = postgresql, s3, redis

    def settings(self, database_url: str) -> dict[str, str]:
        """What a server is told of them, and of a database."""
        return {
            "DATABASE_URL": database_url,
            "REDIS_URL": self.redis.url,
            "JWT_SECRET": SECRET,
            "S3_BUCKET": BUCKET,
            **self.s3.settings,
        }

    def start(self, name: str, database_url: str, folder: Path) -> Contender:
        """One of them, by the first word of its name, on a database."""
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        settings = self.settings(database_url)
        if name in APPS:
            command = [sys.executable, "-m", "uvicorn", APPS[name], f"--port={port}", *UVICORN]
            settings["PYTHONPATH"] = str(ROOT)
        else:
            command = [str(COMMAND), "serve"]
            settings |= {"PORT": str(port), "DATA_DIR": str(folder), **OPEN}
            settings |= COUNTED if name == RATED else {}
        process = ServerProcess(
            command,
            folder=folder / name.replace(", ", "-").replace(" ", "-"),
            is_ready=lambda: _answers(url),
            environment={**_environment(), **settings},
        )
        process.start()
        return Contender(name, process, url, self.database_pid)


def _environment() -> Mapping[str, str]:
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/live", timeout=5).status_code < 501
    except httpx.TransportError:
        return False
