"""Every database says the same of what users have, and forgets it alike."""

import pytest

from mediaport.adapters.memory.belongings import MemoryBelongings
from mediaport.adapters.memory.tables import MemoryTables
from mediaport.adapters.sql.belongings import SqlBelongings
from mediaport.adapters.sql.database import Database
from mediaport.application.ports.belongings import Belongings
from tests.contracts.belongings import BelongingsContract
from tests.contracts.databases import InMemory, OnDatabase, OnPostgresql, OnSqlite


class TestMemoryBelongings(InMemory, BelongingsContract):
    @pytest.fixture
    def belongings(self, tables: MemoryTables) -> Belongings:
        return MemoryBelongings(tables)


class SqlBelongingsContract(OnDatabase, BelongingsContract):
    @pytest.fixture
    def belongings(self, database: Database) -> Belongings:
        return SqlBelongings(database)


class TestSqliteBelongings(OnSqlite, SqlBelongingsContract):
    pass


class TestPostgresqlBelongings(OnPostgresql, SqlBelongingsContract):
    pass
