"""`mediaport serve` at rest: its memory, and how soon after its start it answers."""
# ruff: noqa: T201 - a command prints

import http.client
import resource
import statistics
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from subprocess import DEVNULL, Popen
from uuid import uuid4

from bench.api import processes
from bench.api.contenders import OURS, Parts
from bench.goals import Goal
from tests import pictures
from tests.integration.server import COMMAND, User, environment
from tests.servers.process import free_port

PICTURE = pictures.picture(image=pictures.corners(1500, 1000))
PATIENCE_S, POLL_S = 30, 0.005


def goals(parts: Parts, database_url: str, *, quick: bool) -> list[Goal]:
    """Medians of some starts; memory after one request of each kind."""
    settings, tries = parts.settings(database_url), 3 if quick else 10
    with tempfile.TemporaryDirectory() as folder:
        cpu_before = _cpu_s_of_ended()
        starts = [_start_s(settings, folder) for _ in range(tries)]
        cpu_s = (_cpu_s_of_ended() - cpu_before) / tries
        rss_mb, pss_mb = _memory_mb(parts, database_url, Path(folder))
    print(f"at rest: {rss_mb:.1f} MB, {pss_mb:.1f} MB without what others share")
    print(f"a start and a stop: {cpu_s:.2f} s of CPU")
    return [
        Goal("API process at rest, MB", rss_mb, 90),
        Goal("start until /health/live, s", statistics.median(starts), 1),
    ]


def _start_s(settings: Mapping[str, str], folder: str) -> float:
    port = free_port()
    environ = environment(**settings, PORT=str(port))
    began = time.perf_counter()
    with Popen(  # noqa: S603 - our own command
        [COMMAND, "serve"],
        cwd=folder,
        env=environ,
        stdout=DEVNULL,
        stderr=DEVNULL,
    ) as it:
        while not _lives(port):
            if time.perf_counter() > began + PATIENCE_S:
                it.kill()
                raise RuntimeError("mediaport serve does not answer")
            time.sleep(POLL_S)
        took_s = time.perf_counter() - began
        it.terminate()
    return took_s


def _cpu_s_of_ended() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _lives(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _memory_mb(parts: Parts, database_url: str, folder: Path) -> tuple[float, float]:
    """Resident, and with what is shared with other processes shared out among them.

    Of a process where nobody has registered yet: that makes it load what is easily guessed.
    """
    before = parts.start(OURS, database_url, folder)
    user = User(before.url, f"user_{uuid4().hex[:20]}")
    print(f"where someone has registered: {processes.rss_mb(before.pid):.1f} MB")
    before.stop()
    api = parts.start(OURS, database_url, folder)
    try:
        user.http.base_url = api.url
        media_id = user.upload(PICTURE)
        user.complete(media_id).raise_for_status()
        user.http.post("/posts/", json={"body": "x", "media_id": media_id}).raise_for_status()
        for path in ("/posts/", f"/users/{user.name}", f"/media/{media_id}", "/users/me"):
            user.http.get(path).raise_for_status()
        user.close()
        return processes.rss_mb(api.pid), processes.pss_mb(api.pid)
    finally:
        api.stop()
