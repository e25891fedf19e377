"""What is done to the product, and what is seen of it."""
# ruff: noqa: ASYNC110 - other processes are watched

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image

from bench.images.photos import make_photos
from tests.integration.server import User

# A database's answer, of one value.
Ask = Callable[[str], Awaitable[object]]

CLIENTS = 4
# At the ends of a burst not all decoders are busy.
ENDS = 8
OWED = "SELECT count(*) FROM media WHERE status = 'ready' AND thumbnails_status = 'pending'"
SETTLED = "SELECT count(*) FROM media WHERE thumbnails_status <> 'pending'"
STATE = "SELECT thumbnails_status FROM media WHERE id = {}"


@dataclass(frozen=True)
class Drained:
    """A burst that was worked off, without its ends."""

    since: float
    until: float
    media: int

    @property
    def per_s(self) -> float:
        """How fast."""
        return self.media / (self.until - self.since)


def photo() -> bytes:
    """Of a phone, 12 megapixels, as an app uploads it."""
    body = BytesIO()
    with Image.open(make_photos() / "12mp.jpg") as image:
        image.save(body, "JPEG", quality=75)
    return body.getvalue()


def upload_burst(user: User, body: bytes, size: int) -> None:
    """Many uploads of one user, all of them completed."""
    with ThreadPoolExecutor(CLIENTS) as clients:
        for answer in clients.map(lambda _: user.complete(user.upload(body)), range(size)):
            answer.raise_for_status()


async def completed(user: User, body: bytes) -> int:
    """A media item whose `complete` was just answered."""
    media_id = await asyncio.to_thread(user.upload, body)
    (await asyncio.to_thread(user.complete, media_id)).raise_for_status()
    return media_id


async def settling(media_id: int, ask: Ask) -> float:
    """How long it takes from now until the thumbnails are there, in seconds."""
    started = time.perf_counter()
    while await ask(STATE.format(media_id)) == "pending":
        await asyncio.sleep(0.002)
    return time.perf_counter() - started


async def draining(ask: Ask) -> Drained:
    """Wait until nothing is owed. Whoever works begins now."""
    total = await count(ask, OWED)
    since, first = await _until_owed(ask, total - ENDS)
    until, last = await _until_owed(ask, ENDS)
    await _until_owed(ask, 0)
    return Drained(since=since, until=until, media=first - last)


async def count(ask: Ask, query: str) -> int:
    """A number that the database answers."""
    return int(str(await ask(query)))


async def _until_owed(ask: Ask, most: int) -> tuple[float, int]:
    while (left := await count(ask, OWED)) > most:
        await asyncio.sleep(0.01)
    return time.perf_counter(), left


def memory_mb(process: int, figure: str = "VmRSS") -> float:
    """What a process has, or has had at most (`VmHWM`)."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith(figure)]
    return int(line.split()[1]) / 1024
