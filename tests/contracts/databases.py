"""What a contract over rows runs on: subclass one of these before the contract."""

from abc import abstractmethod

import pytest

from mediaport.adapters.memory.attachment_repository import MemoryAttachmentRepository
from mediaport.adapters.memory.leases import MemoryLeases
from mediaport.adapters.memory.media_repository import MemoryMediaRepository
from mediaport.adapters.memory.post_repository import MemoryPostRepository
from mediaport.adapters.memory.remake_repository import MemoryRemakeRepository
from mediaport.adapters.memory.tables import MemoryTables
from mediaport.adapters.memory.user_repository import MemoryUserRepository
from mediaport.adapters.sql.attachment_repository import SqlAttachmentRepository
from mediaport.adapters.sql.database import Database
from mediaport.adapters.sql.leases import SqlLeases
from mediaport.adapters.sql.media_repository import SqlMediaRepository
from mediaport.adapters.sql.post_repository import SqlPostRepository
from mediaport.adapters.sql.remake_repository import SqlRemakeRepository
from mediaport.adapters.sql.user_repository import SqlUserRepository
from tests.contracts.repositories import Repositories


def on(database: Database) -> Repositories:
    """Those that a product has on it."""
    return Repositories(
        SqlMediaRepository(database),
        SqlUserRepository(database),
        SqlPostRepository(database),
        SqlRemakeRepository(database),
        SqlLeases(database),
        SqlAttachmentRepository(database),
    )


class InMemory:
    """Repositories over tables that the fakes share."""

    @pytest.fixture
    def tables(self) -> MemoryTables:
        return MemoryTables()

    @pytest.fixture
    def repositories(self, tables: MemoryTables) -> Repositories:
        return Repositories(
            MemoryMediaRepository(tables),
            MemoryUserRepository(tables),
            MemoryPostRepository(tables),
            MemoryRemakeRepository(tables),
            MemoryLeases(tables),
            MemoryAttachmentRepository(tables),
        )


class OnDatabase:
    """Repositories over `database`, which comes from a subclass."""

    @pytest.fixture
    @abstractmethod
    def database(self) -> Database: ...

    @pytest.fixture
    def repositories(self, database: Database) -> Repositories:
        return on(database)


class OnSqlite(OnDatabase):
    """Over a file."""

    @pytest.fixture
    def database(self, sqlite: Database) -> Database:
        return sqlite


class OnPostgresql(OnDatabase):
    """Over a server."""

    @pytest.fixture
    def database(self, postgresql: Database) -> Database:
        return postgresql
