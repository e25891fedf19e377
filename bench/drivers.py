"""asyncpg or psycopg 3 below our repositories: which one costs less? See bench/README.md.

Both drivers run in one process on one database, in cells of a fraction of a second, A B A B: a
noisy machine is noisy for both, so the ratio within a round says more than any time.
"""
# ruff: noqa: S101 - each work checks its answer: a driver that does nothing would be the fastest
# ruff: noqa: T201 - a command prints

import asyncio
import importlib.util
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.metadata import version
from itertools import cycle
from pathlib import Path
from typing import Any
from uuid import uuid4

import uvloop
from sqlalchemy.ext.asyncio import create_async_engine

from mediaport.adapters.sql.database import Database, postgresql_url
from mediaport.adapters.sql.media_repository import SqlMediaRepository
from mediaport.adapters.sql.post_repository import SqlPostRepository
from mediaport.adapters.sql.user_repository import SqlUserRepository
from mediaport.application.ports.media_repository import COMPLETION_CLAIM_LASTS
from mediaport.domain.keys import KeyPrefixes, variant_key
from mediaport.domain.media import ImageFacts, Media, MediaId, Variant
from mediaport.domain.policy import ContentType, Kind, UploadPolicy, Usage
from mediaport.domain.posts import Post, PostId
from mediaport.domain.users import User, UserId
from tests.servers.postgresql import start_postgresql

ROUNDS, CELL_S, OWNERS, POSTS = 12, 0.5, 50, 200
POOL = 10
RESULTS = Path(__file__).parent / "results" / "drivers.json"
NOW = datetime.now(UTC)
FACTS = ImageFacts(content_type=ContentType.JPEG, width=4032, height=3024, needs_stripping=False)
POLICY = UploadPolicy(
    max_bytes=dict.fromkeys(Kind, 5_242_880),
    max_pixels=40_000_000,
    max_pending=1_000_000,
    max_pending_bytes=10**15,
    max_stored_bytes=10**15,
    url_ttl_s=300,
    pending_ttl_s=3600,
    unattached_ttl_s=86_400,
    thumbnail_sizes=(128, 512, 1024),
)


@dataclass(frozen=True)
class Side:
    """One driver below the product's repositories, and those who use them in turn."""

    database: Database
    owners: Iterator[UserId]

    async def add(self) -> None:
        """What a presign costs: a lock on the owner, a count, an id, an insert."""
        owner = next(self.owners)
        await SqlMediaRepository(self.database).add(
            partial(_request, owner), owner_id=owner, now=NOW
        )

    async def get(self) -> None:
        """A media item and its variants."""
        assert (await SqlMediaRepository(self.database).get(MediaId(1))).id == 1

    async def page(self) -> None:
        """The first page of the feed, as someone sees it."""
        page = SqlPostRepository(self.database).page
        shown = await page(viewer=next(self.owners), owner=None, before=None, limit=20)
        assert all(post.media for post in shown)
        assert len(shown) == 20


def _request(owner: UserId, media_id: MediaId, usage: Usage) -> Media:
    POLICY.check_quota(usage, size_bytes=1_500_000, now=NOW)
    return Media.request(
        id=media_id,
        owner_id=owner,
        kind=Kind.POST_IMAGE,
        content_type="image/jpeg",
        size_bytes=1_500_000,
        policy=POLICY,
        prefixes=KeyPrefixes(incoming="incoming/", public="public/"),
        name=uuid4().hex,
        bucket="media",
        public_base_url="https://cdn.example.com",
        now=NOW,
    )


WORKS: dict[str, Callable[[Side], Awaitable[None]]] = {
    "media.add": Side.add,
    "media.get": Side.get,
    "posts.page": Side.page,
}


async def measure(url: str) -> list[dict[str, Any]]:
    """For each work and number of callers: operations per second, CPU per operation, ratios."""
    asyncpg = Database(postgresql_url(url), pool_size=POOL)
    psycopg = Database(postgresql_url(url), pool_size=POOL)
    psycopg.engine = create_async_engine(
        postgresql_url(url).set(drivername="postgresql+psycopg"),
        pool_size=POOL,
        max_overflow=0,
        connect_args={"connect_timeout": 3, "options": "-c statement_timeout=5000"},
    )
    owners = await _fill(asyncpg)
    sides = {"asyncpg": Side(asyncpg, cycle(owners)), "psycopg": Side(psycopg, cycle(owners))}
    figures = []
    for name, work in WORKS.items():
        for callers in (1, 32):
            rounds = []
            for number in range(ROUNDS + 1):
                order = [*sides.items()][:: (1, -1)[number % 2]]
                rounds.append({name: await _cell(work, side, callers) for name, side in order})
            rounds.pop(0)  # it only warmed up
            figures.append({"work": name, "callers": callers, **_summary(rounds)})
    await asyncpg.close()
    await psycopg.close()
    return figures


async def _fill(database: Database) -> list[UserId]:
    """Owners, each with pictures, variants and posts."""
    media, made = SqlMediaRepository(database), []
    for number in range(OWNERS):
        user = await SqlUserRepository(database).add(partial(_user, number))
        made.append(user.id)
    for number in range(POSTS):
        owner = made[number % OWNERS]
        item = await media.add(partial(_request, owner), owner_id=owner, now=NOW)
        until = NOW + COMPLETION_CLAIM_LASTS
        await media.claim_completion(item.id, now=NOW, until=until, deletions=[])
        ready = item.complete(FACTS, etag="etag", size_bytes=item.size_bytes, now=NOW)
        await media.mark_ready(ready, claimed_until=until, deletions=[])
        variants = tuple(_variant(ready, size) for size in POLICY.thumbnail_sizes)
        await media.save_thumbnails(ready.with_thumbnails(variants, placeholder="k4gGBQAXh3d"))
        await SqlPostRepository(database).add(partial(_post, owner, item.id, number))
    return made


def _user(number: int, user_id: UserId) -> User:
    return User(id=user_id, username=f"user{number}", password_hash="h" * 97, created_at=NOW)


def _variant(media: Media, size: int) -> Variant:
    return Variant(
        size=size,
        object_key=variant_key(media.object_key, size),
        public_url=variant_key(media.public_url, size),
        width=size,
        height=size,
        size_bytes=50 * size,
    )


def _post(owner: UserId, media_id: MediaId, number: int, post_id: PostId) -> Post:
    return Post(
        id=post_id,
        owner_id=owner,
        media_id=media_id,
        body=f"Post {number}. What a day it was.",
        created_at=NOW + timedelta(seconds=number),
    )


async def _cell(
    work: Callable[[Side], Awaitable[None]], side: Side, callers: int
) -> tuple[float, float]:
    """Operations per second, and milliseconds of this process's CPU per operation."""
    done, started, cpu = 0, time.perf_counter(), time.process_time()

    async def call() -> None:
        nonlocal done
        while time.perf_counter() < started + CELL_S:
            await work(side)
            done += 1

    await asyncio.gather(*(call() for _ in range(callers)))
    took_s = time.perf_counter() - started
    return done / took_s, 1000 * (time.process_time() - cpu) / done


def _summary(rounds: list[dict[str, tuple[float, float]]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for index, measure in enumerate(("ops_s", "cpu_ms")):
        ratios = [each["asyncpg"][index] / each["psycopg"][index] for each in rounds]
        found[measure] = {
            **{name: round(_median(rounds, name, index), 2) for name in ("asyncpg", "psycopg")},
            "ratio": round(statistics.median(ratios), 2),
            "ratio_range": [round(min(ratios), 2), round(max(ratios), 2)],
        }
    return found


def _median(rounds: list[dict[str, tuple[float, float]]], driver: str, index: int) -> float:
    return statistics.median(each[driver][index] for each in rounds)


def main() -> None:
    """Measure, print the table, keep the figures."""
    if importlib.util.find_spec("psycopg") is None:
        sys.exit("psycopg is not installed: run this by `make bench-drivers`")
    server = start_postgresql()
    try:
        asyncio.run(server.make_template())
        server.migrate_template()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            figures = runner.run(measure(runner.run(server.database())))
    finally:
        server.stop()
    print(
        f"{'work':<11} {'callers':>7} {'asyncpg/s':>10} {'psycopg/s':>10} {'ratio':>6} {'CPU':>6}"
    )
    for each in figures:
        speed, cpu = each["ops_s"], each["cpu_ms"]
        print(
            f"{each['work']:<11} {each['callers']:>7} {speed['asyncpg']:>10.0f} "
            f"{speed['psycopg']:>10.0f} {speed['ratio']:>6.2f} {cpu['ratio']:>6.2f}"
        )
    facts = {name: version(name) for name in ("asyncpg", "psycopg", "sqlalchemy")}
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), **facts}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"machine": machine, "figures": figures}, indent=2) + "\n")


if __name__ == "__main__":
    main()
