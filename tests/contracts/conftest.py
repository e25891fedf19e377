"""Databases, ready to use."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mediaport.adapters.sql.database import Database
from mediaport.adapters.sql.migrations import upgrade
from mediaport.adapters.sql.postgresql import postgresql_url
from tests.servers.postgresql import Postgresql


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "mediaport.db"
    upgrade(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture
async def sqlite(migrated: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """An empty, migrated SQLite database."""
    path = shutil.copy(migrated, tmp_path / "mediaport.db")
    database = Database(f"sqlite+aiosqlite:///{path}")
    yield database
    await database.close()


@pytest.fixture
async def postgresql(postgresql_server: Postgresql) -> AsyncIterator[Database]:
    """An empty, migrated PostgreSQL database."""
    url = await postgresql_server.database()
    database = Database(postgresql_url(url), pool_size=20)
    yield database
    await database.close()
    await postgresql_server.drop(url)
