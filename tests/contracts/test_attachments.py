"""Every database keeps what places show."""

from abc import abstractmethod

import pytest

from mediaport.adapters.memory.attachment_repository import MemoryAttachmentRepository
from mediaport.adapters.memory.tables import MemoryTables
from mediaport.adapters.sql.attachment_repository import SqlAttachmentRepository
from mediaport.adapters.sql.database import Database
from mediaport.application.ports.attachment_repository import AttachmentRepository
from tests.contracts.attachments import AttachmentsContract
from tests.contracts.repositories import Repositories
from tests.contracts.test_repositories import in_memory, on


class TestMemoryAttachments(AttachmentsContract):
    @pytest.fixture
    def tables(self) -> MemoryTables:
        return MemoryTables()

    @pytest.fixture
    def repositories(self, tables: MemoryTables) -> Repositories:
        return in_memory(tables)

    @pytest.fixture
    def attachments(self, tables: MemoryTables) -> AttachmentRepository:
        return MemoryAttachmentRepository(tables)


class SqlAttachmentsContract(AttachmentsContract):
    """`database` comes from the database's subclass."""

    @pytest.fixture
    @abstractmethod
    def database(self) -> Database: ...

    @pytest.fixture
    def repositories(self, database: Database) -> Repositories:
        return on(database)

    @pytest.fixture
    def attachments(self, database: Database) -> AttachmentRepository:
        return SqlAttachmentRepository(database)


class TestSqliteAttachments(SqlAttachmentsContract):
    @pytest.fixture
    def database(self, sqlite: Database) -> Database:
        return sqlite


class TestPostgresqlAttachments(SqlAttachmentsContract):
    @pytest.fixture
    def database(self, postgresql: Database) -> Database:
        return postgresql
