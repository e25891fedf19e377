"""Whether a database has the schema of this version: told without Alembic.

Each process asks at its start. Alembic would take it 11 MB, which it keeps, and 0.2 s.
"""

import asyncio
from pathlib import Path

from sqlalchemy import Column, MetaData, String, Table, inspect, select
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from mediaport.adapters.sql.failures import translated_errors

_PACKAGE = Path(__file__).resolve().parents[2]
_installed = _PACKAGE / "migrations"
# They lie in the wheel or in the checkout.
MIGRATIONS = _installed if _installed.is_dir() else _PACKAGE.parent / "migrations"
_VERSIONS = Table("alembic_version", MetaData(), Column("version_num", String))


def newest_revision() -> str:
    """The revision that this version needs: they are numbers, which their files begin with."""
    files = MIGRATIONS.joinpath("versions").glob("[0-9]*_*.py")
    return max(path.name.partition("_")[0] for path in files)


def is_current(url: URL | str, *, connect_timeout_s: float = 60) -> bool:
    """Whether no migration is due.

    Raises:
        PartUnavailable: The database does not answer, or is none.
    """

    async def revisions() -> list[str]:
        async with passing_engine(url, connect_timeout_s).connect() as connection:
            has_table = await connection.run_sync(
                lambda sync: inspect(sync).has_table(_VERSIONS.name)
            )
            return [*await connection.scalars(select(_VERSIONS))] if has_table else []

    with translated_errors():
        return asyncio.run(revisions()) == [newest_revision()]


def passing_engine(url: URL | str, connect_timeout_s: float) -> AsyncEngine:
    """An engine that keeps no connection."""
    return create_async_engine(
        url,
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        connect_args={"timeout": connect_timeout_s},
    )
