"""Every database keeps the contract."""

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from mediaport.adapters.memory.media_repository import MemoryMediaRepository
from mediaport.adapters.memory.tables import MemoryTables
from mediaport.adapters.sql.database import Database
from mediaport.adapters.sql.media_repository import SqlMediaRepository
from mediaport.adapters.sql.postgresql import postgresql_url
from mediaport.adapters.sql.statements import Statement
from mediaport.adapters.sql.tables import media_usage
from mediaport.application.ports.media_repository import ObjectDeletion
from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.domain.errors import MediaStillShown
from mediaport.domain.policy import AVATAR
from tests.contracts.databases import InMemory, OnDatabase, OnPostgresql, OnSqlite, on
from tests.contracts.repositories import NOW, Repositories, RepositoriesContract, later
from tests.servers.postgresql import Postgresql
from tests.servers.process import free_port


class SqlRepositoriesContract(OnDatabase, RepositoriesContract):
    """What the tables themselves see to."""

    @pytest.mark.parametrize(
        "illegal",
        [
            "status = 'lost'",
            "status = 'ready'",
            "thumbnails_status = 'maybe'",
            "thumbnails_status = 'failed'",
            "content_type = 'image/gif'",
            "size_bytes = 0",
            "width = 1",
            "owner_id = 99",
            "id = NULL",
            "incoming_key = NULL",
        ],
    )
    async def test_the_database_itself_refuses_an_illegal_row(
        self, database: Database, repositories: Repositories, illegal: str
    ) -> None:
        await repositories.pending(await repositories.user(), now=NOW)

        with pytest.raises(IntegrityError):
            async with database.write() as connection:
                await connection.execute(text(f"UPDATE media SET {illegal}"))

    async def test_media_that_is_shown_is_not_found_by_the_sweep_for_ever(
        self, database: Database, repositories: Repositories
    ) -> None:
        owner = await repositories.user()
        media = await repositories.ready(owner)
        await repositories.post(owner, media)
        async with database.write() as connection:  # as an older version does
            await connection.execute(text("UPDATE media SET unattached_since = ready_at"))
        assert await repositories.media.unattached(before=NOW, limit=9) == [media]

        with pytest.raises(MediaStillShown):
            await repositories.media.purge(media, deletions=[])

        assert await repositories.media.unattached(before=NOW, limit=9) == []
        assert await repositories.media.get(media.id) == media

    async def test_thumbnails_that_an_older_version_made_are_shown(
        self, database: Database, repositories: Repositories
    ) -> None:
        made = await repositories.with_thumbnails(await repositories.user())
        assert await sizes_in_rows(database) == ["[[128,128,40,5],[512,512,40,5]]"]
        async with database.write() as connection:
            await connection.execute(text("UPDATE media SET variants = NULL"))

        assert await repositories.media.get(made.id) == made
        await repositories.replace(made.with_thumbnails(made.variants[:1], placeholder="cA=="))
        assert await sizes_in_rows(database) == ["[[128,128,40,5]]"]

    async def test_what_each_owner_has_is_counted_as_it_changes(
        self, database: Database, repositories: Repositories
    ) -> None:
        ada, bob = await repositories.user("ada"), await repositories.user("bob")
        over = await repositories.pending(ada, now=later(-4000), size_bytes=20)
        await repositories.pending(ada, size_bytes=30)
        await repositories.ready(ada)
        shown = await repositories.with_thumbnails(ada)
        avatar = await repositories.with_thumbnails(ada, AVATAR)
        await repositories.users.replace_avatar(ada, avatar.id, deletions=[])
        await repositories.pending(bob, size_bytes=40)
        assert await counted(database) == [(ada.id, 2, 50, 27), (bob.id, 1, 40, 0)]

        gone = [ObjectDeletion(object_key="gone", due_at=NOW)]
        assert await repositories.media.expire(over, now=NOW, deletions=[])
        await repositories.posts.delete(await repositories.post(ada, shown), deletions=gone)
        worn = await repositories.users.get(ada.id)
        await repositories.users.replace_avatar(worn, None, deletions=gone)

        assert await counted(database) == [(ada.id, 1, 30, 9), (bob.id, 1, 40, 0)]


async def sizes_in_rows(database: Database) -> Sequence[str | None]:
    """What each media item's own row says of its variants."""
    async with database.read() as connection:
        return (await connection.scalars(text("SELECT variants FROM media"))).all()


async def counted(database: Database) -> Sequence[tuple[int, ...]]:
    """What `media_usage` says, by owner."""
    async with database.read() as connection:
        return sorted(tuple(row) for row in await connection.execute(select(media_usage)))


class TestMemoryRepositories(InMemory, RepositoriesContract):
    async def test_a_database_that_is_down_says_so(self) -> None:
        media = MemoryMediaRepository(MemoryTables(is_down=True))

        with pytest.raises(PartUnavailable):
            await media.check()


class TestSqliteRepositories(OnSqlite, SqlRepositoriesContract):
    async def test_a_database_that_was_not_migrated_is_down(self, tmp_path: Path) -> None:
        database = Database(f"sqlite+aiosqlite:///{tmp_path}/empty.db")

        with pytest.raises(PartUnavailable, match="no such table"):
            await SqlMediaRepository(database).check()
        await database.close()

    async def test_a_database_that_cannot_be_opened_is_down(self, tmp_path: Path) -> None:
        database = Database(f"sqlite+aiosqlite:///{tmp_path}/missing/x.db")

        with pytest.raises(PartUnavailable, match="unable to open"):
            await SqlMediaRepository(database).check()
        await database.close()
        async with asyncio.timeout(5):  # The driver's thread ends a moment later.
            while any("_connection_worker" in thread.name for thread in threading.enumerate()):
                await asyncio.sleep(0.01)

    async def test_two_processes_write_without_finding_it_locked(
        self, sqlite: Database, repositories: Repositories
    ) -> None:
        second = Database(sqlite.engine.url)
        owner = await repositories.user()

        answers = await asyncio.gather(
            *(each.pending(owner) for _ in range(40) for each in (repositories, on(second)))
        )  # row 58

        assert len({media.id for media in answers}) == 80
        await second.close()

    async def test_a_process_that_waits_too_long_is_told_that_it_is_locked(
        self, sqlite: Database
    ) -> None:
        impatient = Database(sqlite.engine.url, busy_ms=10)

        async with sqlite.write():
            with pytest.raises(PartUnavailable, match="locked"):
                await on(impatient).user()
        await impatient.close()


class TestPostgresqlRepositories(OnPostgresql, SqlRepositoriesContract):
    async def test_a_database_that_was_not_migrated_is_down(
        self, postgresql_server: Postgresql
    ) -> None:
        empty = Database(postgresql_url(postgresql_server.url("postgres")))

        with pytest.raises(PartUnavailable, match='"media" does not exist'):
            await SqlMediaRepository(empty).check()
        await empty.close()

    async def test_a_server_that_is_not_there_is_down(self) -> None:
        nowhere = Database(postgresql_url(f"postgresql://x@127.0.0.1:{free_port()}/x"))

        with pytest.raises(PartUnavailable, match="Connect call failed"):
            await SqlMediaRepository(nowhere).check()
        await nowhere.close()

    async def test_a_statement_that_takes_too_long_is_given_up(self, postgresql: Database) -> None:
        impatient = Database(postgresql.engine.url, statement_timeout_s=0.2)

        with pytest.raises(PartUnavailable, match="statement timeout"):
            async with impatient.read() as connection:
                await connection.execute(text("SELECT pg_sleep(5)"))
        await impatient.close()

    async def test_the_server_notices_a_client_whose_host_vanished(
        self, postgresql: Database
    ) -> None:
        async with postgresql.read() as connection:
            idle_s, interval_s, count = [
                int((await connection.execute(text(f"SHOW tcp_keepalives_{name}"))).scalar_one())
                for name in ("idle", "interval", "count")
            ]

        assert idle_s + interval_s * count == 25

    async def test_a_lock_that_lasts_too_long_is_given_up(
        self, postgresql: Database, repositories: Repositories
    ) -> None:
        owner = await repositories.user()
        impatient = Database(postgresql.engine.url, statement_timeout_s=0.2)

        async with postgresql.write() as connection:
            await connection.execute(text("SELECT 1 FROM users FOR UPDATE"))
            with pytest.raises(PartUnavailable, match="timeout"):
                await on(impatient).pending(owner)
        await impatient.close()

    async def test_a_deletion_that_is_just_being_claimed_is_not_struck_off(
        self, postgresql: Database, repositories: Repositories
    ) -> None:
        media = await repositories.with_thumbnails(await repositories.user())
        kept = media.with_thumbnails(media.variants[:1], placeholder="cA==")
        await repositories.replace(kept)

        async with postgresql.write() as connection:
            claim = "UPDATE object_deletions SET claimed_until = '2099-01-01T00:00Z'"
            await connection.execute(text(claim))
            replacing = asyncio.ensure_future(repositories.replace(media))
            await asyncio.sleep(0.2)

        assert not await replacing
        assert await repositories.media.get(media.id) == kept

    async def test_a_pool_in_use_makes_wait_and_then_gives_up(self, postgresql: Database) -> None:
        small = Database(postgresql.engine.url, pool_size=1, connect_timeout_s=0.2)

        sleeping = asyncio.ensure_future(small.run(Statement(select(func.pg_sleep(1)))))
        await asyncio.sleep(0)
        async with small.read():
            with pytest.raises(PartUnavailable, match="QueuePool"):
                await on(small).users.add(lambda _: pytest.fail("it has no connection"))
            with pytest.raises(PartUnavailable, match="no answer in time"):
                await SqlMediaRepository(small).check()
        sleeping.cancel()
        await SqlMediaRepository(small).check()
        await small.close()

    async def test_whoever_leaves_as_their_turn_comes_passes_it_on(
        self, postgresql: Database
    ) -> None:
        small = Database(postgresql.engine.url, pool_size=1, connect_timeout_s=2)
        check = SqlMediaRepository(small).check

        async def first() -> None:
            await check()
            second.cancel()  # it has the turn, and does not know yet

        going = asyncio.ensure_future(first())
        await asyncio.sleep(0)
        second, third = asyncio.ensure_future(check()), asyncio.ensure_future(check())
        answers = await asyncio.gather(going, second, third, return_exceptions=True)

        assert [type(answer).__name__ for answer in answers] == [
            "NoneType",
            "CancelledError",
            "NoneType",
        ]
        await small.close()
