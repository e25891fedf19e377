"""Every database says the same of the objects that its rows belong to."""

import asyncio

import pytest
from sqlalchemy import text

from mediaport.adapters.memory.inventory import MemoryInventory
from mediaport.adapters.memory.tables import MemoryTables
from mediaport.adapters.sql.database import Database
from mediaport.adapters.sql.inventory import SqlInventory
from mediaport.application.ports.inventory import Inventory
from mediaport.application.ports.unavailable import PartUnavailable
from tests.contracts.databases import InMemory, OnDatabase, OnPostgresql, OnSqlite
from tests.contracts.inventory import InventoryContract, beside, settled
from tests.contracts.repositories import NOW, SOON, Repositories


class TestMemoryInventory(InMemory, InventoryContract):
    @pytest.fixture
    def inventory(self, tables: MemoryTables) -> Inventory:
        return MemoryInventory(tables)

    async def test_a_database_that_is_down_says_so(self, tables: MemoryTables) -> None:
        tables.is_down = True

        with pytest.raises(PartUnavailable):
            await MemoryInventory(tables).debts()


class SqlInventoryContract(OnDatabase, InventoryContract):
    @pytest.fixture
    def inventory(self, database: Database) -> Inventory:
        return SqlInventory(database)


class TestSqliteInventory(OnSqlite, SqlInventoryContract):
    pass


class TestPostgresqlInventory(OnPostgresql, SqlInventoryContract):
    @pytest.mark.parametrize("ends", ["commit", "rollback"])
    async def test_a_thumbnail_that_is_just_being_saved_is_waited_for(
        self, postgresql: Database, repositories: Repositories, inventory: Inventory, ends: str
    ) -> None:
        media = await settled(repositories)
        key = beside(media, 64)

        async with postgresql.engine.connect() as saving:
            lock = f"SELECT id FROM media WHERE id = {media.id} FOR UPDATE"
            await saving.execute(text(lock))
            await saving.execute(
                text(
                    "INSERT INTO media_variants VALUES"
                    f" ({media.id}, 64, '{key}', 'https://cdn/x', 64, 64, 1)"
                )
            )
            writing = asyncio.ensure_future(
                inventory.write_down([key], due_at=NOW, remakable_due_at=SOON)
            )
            while not await self.waits(postgresql):
                await asyncio.sleep(0.01)
            await (saving.commit() if ends == "commit" else saving.rollback())

        assert await writing == ([] if ends == "commit" else [key])

    async def waits(self, database: Database) -> bool:
        """Whether someone waits for a lock."""
        waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        async with database.read() as connection:
            count: int = (await connection.execute(waiting)).scalar_one()
        return count > 0
