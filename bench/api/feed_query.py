"""A page of the feed through the repository, beside the driver alone with the same statement.

And, to compare, beside the floor's statement, whose rows are ready JSON.
"""
# ruff: noqa: T201 - a command prints

import asyncio
import random
import statistics
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

import asyncpg

from bench.api.contenders import Parts
from bench.api.dataset import USERS
from bench.goals import Goal
from bench.peers import statements
from mediaport.adapters.sql.database import Database
from mediaport.adapters.sql.post_repository import SqlPostRepository
from mediaport.adapters.sql.postgresql import postgresql_url
from mediaport.application.ports.post_repository import Position
from mediaport.domain.posts import PostId
from mediaport.domain.users import UserId
from tests.servers.postgresql import rows_of

POSTS, PAGES = 1_000_000, 100
LIMIT = 21  # one more than a page shows says whether it goes on
OURS, BARE, JSON = "ours", "bare asyncpg", "ready JSON"
Read = Callable[[], Awaitable[Any]]
Spent = Mapping[str, tuple[float, float]]


def goals(_: Parts, database_url: str, *, quick: bool) -> list[Goal]:
    """Time over the driver's: the median of rounds in which they take turns, page by page."""
    spent = asyncio.run(_compare(database_url, rounds=10 if quick else 30))
    for name, other in ((OURS, BARE), (JSON, BARE)):
        wall, cpu = (_ratio(spent, name, other, measure) for measure in (0, 1))
        print(f"feed query, {name} over {other}: {wall:.2f}; CPU of Python alone: {cpu:.2f}")
    return [Goal(f"feed query, {OURS} over {BARE}", _ratio(spent, OURS, BARE, 0), 1.5)]


def _ratio(spent: Sequence[Spent], name: str, other: str, measure: int) -> float:
    return statistics.median(each[name][measure] / each[other][measure] for each in spent)


async def _compare(database_url: str, *, rounds: int) -> list[Spent]:
    database = Database(postgresql_url(database_url))
    connection = await asyncpg.connect(database_url)
    try:
        places = await asyncio.to_thread(_places, database_url)
        ours = _pages(SqlPostRepository(database), places)
        asked = await _asked(database, ours)
        ready = [(statements.OLDER, (_viewer(it), it.created_at, it.id)) for it in places]
        reads: dict[str, list[Read]] = {
            OURS: ours,
            BARE: [partial(connection.fetch, text, *values) for text, values in asked],
            JSON: [partial(connection.fetch, text, *values) for text, values in ready],
        }
        await _round(reads)
        return [await _round(reads) for _ in range(rounds)]
    finally:
        await connection.close()
        await database.close()


def _places(database_url: str) -> list[Position]:
    """Where pages begin, all over the feed; the same each time."""
    numbers = random.Random(POSTS).sample(range(1, POSTS + 1), PAGES)  # noqa: S311 - no secret
    query = f"SELECT created_at, id FROM posts WHERE id = ANY (ARRAY{numbers})"  # noqa: S608 - numbers
    return [Position(created_at=at, id=PostId(id)) for at, id in rows_of(database_url, query)]


def _pages(posts: SqlPostRepository, places: Sequence[Position]) -> list[Read]:
    return [
        partial(
            posts.page,
            viewer=_viewer(place),
            owner=None,
            before=place,
            limit=LIMIT,
        )
        for place in places
    ]


def _viewer(place: Position) -> UserId:
    return UserId(1 + place.id % USERS)


async def _asked(database: Database, reads: Sequence[Read]) -> list[tuple[str, Sequence[Any]]]:
    """The statements that are run for these, with their values."""
    driver = database.driver
    assert driver  # noqa: S101 - PostgreSQL has one
    fetch, asked = driver.fetch, []

    async def recorded(text: str, arguments: Sequence[Any]) -> list[asyncpg.Record]:
        asked.append((text, arguments))
        return await fetch(text, arguments)

    driver.fetch = recorded  # type: ignore[method-assign]
    for read in reads:
        await read()
    driver.fetch = fetch  # type: ignore[method-assign]
    return asked


async def _round(reads: Mapping[str, Sequence[Read]]) -> Spent:
    """Wall and CPU of all pages."""
    spent = dict.fromkeys(reads, (0.0, 0.0))
    names = deque(reads)
    for page in range(PAGES):
        names.rotate()
        for name in names:
            wall, cpu = time.perf_counter(), time.process_time()
            await reads[name][page]()
            now = time.perf_counter(), time.process_time()
            spent[name] = spent[name][0] + now[0] - wall, spent[name][1] + now[1] - cpu
    return spent
