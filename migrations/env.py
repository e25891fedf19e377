"""Runs migrations, all or none, on the engine that a caller hands over, else on our own."""

import asyncio
from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from mediaport.adapters.sql.tables import metadata
from mediaport.adapters.sql.types import UtcDateTime

# Any number, the same for everyone: whoever holds it migrates, the others wait.
LOCK = 20_261_122


def render_item(kind: str, item: object, _: AutogenContext) -> str | Literal[False]:
    """Write our own column types into new revisions as what they are in SQL."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def migrate(connection: Connection) -> None:
    """Run the migrations in the transaction that is open."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        render_item=render_item,
        compare_type=True,
        compare_server_default=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def _engine() -> AsyncEngine:
    handed_over: AsyncEngine | None = context.config.attributes.get("engine")
    if handed_over is not None:
        return handed_over
    # For the `alembic` command alone: `mediaport migrate` need not load the object graph.
    from mediaport.adapters.sql.migrations import alembic_config  # noqa: PLC0415
    from mediaport.entrypoints.parts import database_url  # noqa: PLC0415
    from mediaport.entrypoints.settings import load  # noqa: PLC0415

    engine: AsyncEngine = alembic_config(database_url(load()[0])).attributes["engine"]
    return engine


async def connect() -> None:
    """Open the database, migrate it in one transaction that nobody else can enter, close it."""
    engine = _engine()
    is_sqlite = engine.dialect.name == "sqlite"
    async with engine.connect() as connection:
        if is_sqlite:
            await connection.execute(text("PRAGMA busy_timeout = 60000"))
        await connection.execute(text("BEGIN IMMEDIATE" if is_sqlite else "BEGIN"))
        if not is_sqlite:
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        try:
            await connection.run_sync(migrate)
        except BaseException:
            await connection.execute(text("ROLLBACK"))
            raise
        await connection.execute(text("COMMIT"))
    await engine.dispose()


asyncio.run(connect())
