"""Bringing a database to the schema that this version needs."""

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

PACKAGE = Path(__file__).resolve().parents[2]


def alembic_config(url: URL | str) -> Config:
    """Alembic's configuration for a database; migrations lie in the wheel or in the checkout."""
    installed = PACKAGE / "migrations"
    folder = installed if installed.is_dir() else PACKAGE.parent / "migrations"
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url
    return config


def upgrade(url: URL | str) -> None:
    """Run every migration that the database lacks. Makes no change where none is due."""
    command.upgrade(alembic_config(url), "head")


def is_current(url: URL | str) -> bool:
    """Whether no migration is due."""
    head = ScriptDirectory.from_config(alembic_config(url)).get_current_head()

    async def revision() -> str | None:
        engine = create_async_engine(url, poolclass=NullPool)
        async with engine.connect() as connection:
            return await connection.run_sync(
                lambda sync: MigrationContext.configure(sync).get_current_revision()
            )

    return asyncio.run(revision()) == head
