"""Bringing a database to the schema that this version needs."""

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from mediaport.adapters.sql.database import translated_errors

PACKAGE = Path(__file__).resolve().parents[2]


def alembic_config(url: URL | str, *, connect_timeout_s: float = 60) -> Config:
    """Alembic's configuration for a database; migrations lie in the wheel or in the checkout."""
    installed = PACKAGE / "migrations"
    folder = installed if installed.is_dir() else PACKAGE.parent / "migrations"
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["engine"] = _engine(url, connect_timeout_s)
    return config


def upgrade(url: URL | str, *, connect_timeout_s: float = 60) -> None:
    """Run every migration that the database lacks. Makes no change where none is due.

    Raises:
        PartUnavailable: The database does not answer, or is none.
    """
    with translated_errors():
        command.upgrade(alembic_config(url, connect_timeout_s=connect_timeout_s), "head")


def is_current(url: URL | str, *, connect_timeout_s: float = 60) -> bool:
    """Whether no migration is due.

    Raises:
        PartUnavailable: The database does not answer, or is none.
    """
    config = alembic_config(url, connect_timeout_s=connect_timeout_s)
    head = ScriptDirectory.from_config(config).get_current_head()

    async def revision() -> str | None:
        async with config.attributes["engine"].connect() as connection:
            found: str | None = await connection.run_sync(
                lambda sync: MigrationContext.configure(sync).get_current_revision()
            )
            return found

    with translated_errors():
        return asyncio.run(revision()) == head


def _engine(url: URL | str, connect_timeout_s: float) -> AsyncEngine:
    """An engine that keeps no connection."""
    return create_async_engine(
        url,
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        connect_args={"timeout": connect_timeout_s},
    )
