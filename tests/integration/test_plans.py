"""How PostgreSQL goes about the hot statements: by an index, whatever there is.

`MANY_POSTS=1000000 pytest tests/integration/test_plans.py` looks at as many posts as one likes.
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from mediaport.adapters.sql.attachment_repository import SqlAttachmentRepository
from mediaport.adapters.sql.database import Database
from mediaport.adapters.sql.media_repository import SqlMediaRepository
from mediaport.adapters.sql.post_repository import SqlPostRepository
from mediaport.adapters.sql.postgresql import postgresql_url
from mediaport.adapters.sql.user_repository import SqlUserRepository
from mediaport.application.ports.media_repository import ANYONE, ObjectDeletion
from mediaport.application.ports.post_repository import Position
from mediaport.domain.attachments import Place
from mediaport.domain.media import Media, MediaId
from mediaport.domain.posts import Post, PostId
from mediaport.domain.users import UserId
from tests.contracts.repositories import AMPLE, pending_media
from tests.servers.plenty import fill
from tests.servers.postgresql import Postgresql

POSTS = int(os.environ.get("MANY_POSTS", "50000"))
NOW = datetime.now(UTC)
ADA, MEDIA, POST = UserId(7), MediaId(500), PostId(500)
MIDDLE = Position(created_at=NOW - timedelta(days=180), id=POSTS // 2)
GONE = [ObjectDeletion(object_key="gone", due_at=NOW)]
# Small when PostgreSQL counted, and then a million uploads are pending.
SWEEPS = {"ix_media_expiring", "ix_media_unattached"}
QUOTE = "SELECT quote_nullable($1::text)"
# A plan that has one of these grows with what there is, or reads more than it shows.
UNWANTED = ("Seq Scan", "Sort", "Bitmap", "Hash", "Merge")


@pytest.fixture(scope="module")
async def database(postgresql_server: Postgresql) -> AsyncIterator[Database]:
    url = await postgresql_server.database()
    await fill(url, posts=POSTS, users=POSTS // 100)
    database = Database(postgresql_url(url), statement_timeout_s=60)
    yield database
    await database.close()
    await postgresql_server.drop(url)


async def add_media(database: Database) -> None:
    make = partial(pending_media, owner_id=ADA, now=NOW, size_bytes=10, name=uuid4().hex)
    await SqlMediaRepository(database).add(make, owner_id=ADA, policy=AMPLE, now=NOW)


async def add_post(database: Database, media_id: MediaId | None = None) -> None:
    def make(post_id: PostId) -> Post:
        return Post(id=post_id, owner_id=ADA, body="x", media_id=media_id, created_at=NOW)

    await SqlPostRepository(database).add(make)


async def mark_ready(database: Database) -> None:
    media: Media = await SqlMediaRepository(database).get(MEDIA)
    await SqlMediaRepository(database).mark_ready(media, claimed_until=NOW, deletions=GONE)


HOT: dict[str, Callable[[Database], Awaitable[Any]]] = {
    "authenticate": lambda database: SqlUserRepository(database).get(ADA),
    "log in": lambda database: SqlUserRepository(database).find("user_7"),
    "profile": lambda database: SqlUserRepository(database).profile("user_7"),
    "presign": add_media,
    "media": lambda database: SqlMediaRepository(database).get(MEDIA),
    "claim a completion": lambda database: SqlMediaRepository(database).claim_completion(
        MEDIA, now=NOW, until=NOW, deletions=GONE
    ),
    "release a completion": lambda database: SqlMediaRepository(database).release_completion(
        MEDIA, until=NOW
    ),
    "mark ready": mark_ready,
    "whose thumbnails are next": lambda database: SqlMediaRepository(database).next_owed(
        before=ANYONE, now=NOW
    ),
    "add a post": add_post,
    "show a post": lambda database: SqlPostRepository(database).show(POST, viewer=ADA),
    "feed, newest": lambda database: SqlPostRepository(database).page(
        viewer=ADA, owner=None, before=None, limit=21
    ),
    "feed, further on": lambda database: SqlPostRepository(database).page(
        viewer=ADA, owner=None, before=MIDDLE, limit=21
    ),
    "someone's posts, newest": lambda database: SqlPostRepository(database).page(
        viewer=ADA, owner=UserId(8), before=None, limit=21
    ),
    "someone's posts, further on": lambda database: SqlPostRepository(database).page(
        viewer=ADA, owner=UserId(8), before=MIDDLE, limit=21
    ),
}


@pytest.mark.parametrize("mode", ["force_generic_plan", "force_custom_plan"])
@pytest.mark.parametrize("name", HOT)
async def test_a_hot_statement_goes_by_an_index(database: Database, name: str, mode: str) -> None:
    plans = await plans_of(database, HOT[name], mode)

    assert plans
    for text, plan in plans.items():
        nodes = [*nodes_of(plan)]
        unwanted = [node for node in nodes if any(word in node["Node Type"] for word in UNWANTED)]
        assert not unwanted, f"{text}\n{unwanted}"
        used = {node.get("Index Name") for node in nodes}
        assert used.isdisjoint(SWEEPS), f"{text}\n{used}"


@pytest.mark.parametrize("mode", ["force_generic_plan", "force_custom_plan"])
async def test_what_places_show_is_found_by_their_names(database: Database, mode: str) -> None:
    places = [Place(f"posts/{number}/cover") for number in range(1, 21)]

    plans = await plans_of(
        database, lambda database: SqlAttachmentRepository(database).at(places), mode
    )

    (plan,) = plans.values()
    nodes = [*nodes_of(plan)]
    assert {"pk_attachments", "pk_media"} <= {node.get("Index Name") for node in nodes}
    assert not [node for node in nodes if node["Node Type"] in {"Seq Scan", "Hash Join", "Sort"}]


async def plans_of(
    database: Database, work: Callable[[Database], Awaitable[Any]], mode: str
) -> dict[str, Any]:
    """By its text, the plan of each statement that some work runs."""
    assert database.driver
    run, seen = database.driver.fetch, {}

    async def fetch(text: str, arguments: Sequence[Any]) -> list[asyncpg.Record]:
        seen[text] = arguments
        return await run(text, arguments)

    database.driver.fetch = fetch  # type: ignore[method-assign]
    try:
        await work(database)
    finally:
        database.driver.fetch = run  # type: ignore[method-assign]
    return {
        text: await plan_of(database, text, arguments, mode) for text, arguments in seen.items()
    }


async def plan_of(database: Database, text: str, arguments: Sequence[Any], mode: str) -> Any:
    async with database.read() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver
        await driver.execute(f"SET LOCAL plan_cache_mode = {mode}")
        await driver.execute(f"PREPARE hot AS {text}")
        try:
            quoted = [await driver.fetchval(QUOTE, written(value)) for value in arguments]
            values = f"({', '.join(quoted)})" if quoted else ""
            return (await driver.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE hot {values}"))[0]["Plan"]
        finally:
            await driver.execute("DEALLOCATE hot")


def written(value: Any) -> str | None:
    if isinstance(value, list):
        return "{" + ",".join(f'"{each}"' for each in value) + "}"
    return None if value is None else str(value)


def nodes_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes_of(below)
