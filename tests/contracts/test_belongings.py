"""Every database says the same of what users have, and forgets it alike."""

from abc import abstractmethod

import pytest

from mediaport.adapters.memory.belongings import MemoryBelongings
from mediaport.adapters.memory.tables import MemoryTables
from mediaport.adapters.sql.belongings import SqlBelongings
from mediaport.adapters.sql.database import Database
from mediaport.application.ports.belongings import Belongings
from tests.contracts.belongings import BelongingsContract
from tests.contracts.repositories import Repositories
from tests.contracts.test_repositories import in_memory, on


class TestMemoryBelongings(BelongingsContract):
    @pytest.fixture
    def tables(self) -> MemoryTables:
        return MemoryTables()

    @pytest.fixture
    def repositories(self, tables: MemoryTables) -> Repositories:
        return in_memory(tables)

    @pytest.fixture
    def belongings(self, tables: MemoryTables) -> Belongings:
        return MemoryBelongings(tables)


class SqlBelongingsContract(BelongingsContract):
    """`database` comes from the database's subclass."""

    @pytest.fixture
    @abstractmethod
    def database(self) -> Database: ...

    @pytest.fixture
    def repositories(self, database: Database) -> Repositories:
        return on(database)

    @pytest.fixture
    def belongings(self, database: Database) -> Belongings:
        return SqlBelongings(database)


class TestSqliteBelongings(SqlBelongingsContract):
    @pytest.fixture
    def database(self, sqlite: Database) -> Database:
        return sqlite


class TestPostgresqlBelongings(SqlBelongingsContract):
    @pytest.fixture
    def database(self, postgresql: Database) -> Database:
        return postgresql
