"""Every database gives stored URLs another base alike."""

import pytest
from sqlalchemy import text

from mediaport.adapters.memory.public_urls import MemoryPublicUrls
from mediaport.adapters.memory.tables import MemoryTables
from mediaport.adapters.sql.database import Database
from mediaport.adapters.sql.public_urls import SqlPublicUrls
from mediaport.application.ports.public_urls import PublicUrls
from tests.contracts.databases import InMemory, OnDatabase, OnPostgresql, OnSqlite
from tests.contracts.public_urls import NEW, PublicUrlsContract
from tests.contracts.repositories import Repositories


class TestMemoryPublicUrls(InMemory, PublicUrlsContract):
    @pytest.fixture
    def public_urls(self, tables: MemoryTables) -> PublicUrls:
        return MemoryPublicUrls(tables)


class SqlPublicUrlsContract(OnDatabase, PublicUrlsContract):
    @pytest.fixture
    def public_urls(self, database: Database) -> PublicUrls:
        return SqlPublicUrls(database)

    async def test_a_thumbnail_that_a_worker_had_in_hand_is_put_right_by_another_run(
        self, database: Database, repositories: Repositories, public_urls: PublicUrls
    ) -> None:
        owner = await repositories.user()
        media = await repositories.with_thumbnails(owner)
        await self.rewrite(public_urls)
        async with database.write() as connection:
            await connection.execute(text("UPDATE media_variants SET url = 'https://cdn/old'"))

        assert await self.rewrite(public_urls) == 0

        async with database.read() as connection:
            urls = await connection.scalars(text("SELECT url FROM media_variants ORDER BY size"))
            assert urls.all() == [f"{NEW}/{each.object_key}" for each in media.variants]


class TestSqlitePublicUrls(OnSqlite, SqlPublicUrlsContract):
    pass


class TestPostgresqlPublicUrls(OnPostgresql, SqlPublicUrlsContract):
    pass
