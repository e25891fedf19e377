"""From `complete` answered to thumbnails ready, on an idle system, less what imaging takes."""
# ruff: noqa: T201 - a command prints

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.api.contenders import Parts
from bench.goals import Goal
from bench.images.peers.ours import Ours
from tests import pictures
from tests.integration.crew import Crew
from tests.integration.event_stream import listening
from tests.integration.server import User

PHOTO = pictures.picture(image=pictures.corners(4032, 3024))


def goals(parts: Parts, database_url: str, *, quick: bool) -> list[Goal]:
    """Medians, for thumbnails made by the API's process and by a worker."""
    real = {**parts.settings(database_url), "QUEUE_NAME": "bench_latency"}
    tries = 5 if quick else 20
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        ours = Ours()
        runner.run(ours.start())

        def image() -> object:
            return runner.run(ours.thumbnails(PHOTO))

        found = [
            _goal("embedded", {}, Path(folder, "embedded"), image, tries),
            _goal("SAQ", real, Path(folder, "saq"), image, tries),
        ]
        runner.run(ours.close())
    return found


def _goal(
    name: str, settings: dict[str, str], folder: Path, image: Callable[[], object], tries: int
) -> Goal:
    crew = Crew(folder)
    try:
        api = crew.api(**settings)
        if settings:
            crew.worker(**settings)
        user = crew.user(api)
        _ready_s(user)
        times = [(_timed_s(image), _ready_s(user)) for _ in range(tries)]
    finally:
        crew.end()
    imaging_s, ready_s = (statistics.median(each) for each in zip(*times, strict=True))
    print(f"complete to ready, {name}: {ready_s * 1000:.0f} ms, imaging {imaging_s * 1000:.0f} ms")
    over_s = statistics.median(ready - imaging for imaging, ready in times)
    return Goal(f"complete to ready, {name}, over imaging, s", over_s, 0.1)


def _timed_s(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _ready_s(user: User) -> float:
    """From the answer to the event that a page waits for."""
    media_id = user.upload(PHOTO)
    with listening(user) as events:
        user.complete(media_id).raise_for_status()
        completed = time.perf_counter()
        media = events.until_thumbnails(media_id)
        took_s = time.perf_counter() - completed
    if media["thumbnails_status"] != "ready":
        raise RuntimeError(f"no thumbnails: {media}")
    return took_s
