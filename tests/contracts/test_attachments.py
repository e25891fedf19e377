"""Every database keeps what places show."""

import pytest

from mediaport.adapters.memory.attachment_repository import MemoryAttachmentRepository
from mediaport.adapters.memory.tables import MemoryTables
from mediaport.adapters.sql.attachment_repository import SqlAttachmentRepository
from mediaport.adapters.sql.database import Database
from mediaport.application.ports.attachment_repository import AttachmentRepository
from tests.contracts.attachments import AttachmentsContract
from tests.contracts.databases import InMemory, OnDatabase, OnPostgresql, OnSqlite


class TestMemoryAttachments(InMemory, AttachmentsContract):
    @pytest.fixture
    def attachments(self, tables: MemoryTables) -> AttachmentRepository:
        return MemoryAttachmentRepository(tables)


class SqlAttachmentsContract(OnDatabase, AttachmentsContract):
    @pytest.fixture
    def attachments(self, database: Database) -> AttachmentRepository:
        return SqlAttachmentRepository(database)


class TestSqliteAttachments(OnSqlite, SqlAttachmentsContract):
    pass


class TestPostgresqlAttachments(OnPostgresql, SqlAttachmentsContract):
    pass
