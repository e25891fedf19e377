"""Connections and transactions, and what differs between SQLite and PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

from sqlalchemy import Connection, Table, event, func, insert, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from mediaport.application.ports.unavailable import PartFull, PartUnavailable

# How long a writer waits for another process to finish its own write.
SQLITE_BUSY_MS = 10_000


class Database:
    """One engine, and the two ways to use it: `read` and `write`.

    SQLite takes one writer at a time. Writers of this process queue up on a lock, writers of other
    processes wait in SQLite; both begin with BEGIN IMMEDIATE, so nobody finds out half-way that the
    database is locked.
    """

    def __init__(self, url: URL | str, *, busy_ms: int = SQLITE_BUSY_MS) -> None:
        self.engine = create_async_engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._writer = asyncio.Lock()
        if self.is_sqlite:
            event.listen(self.engine.sync_engine, "connect", partial(_prepare_sqlite, busy_ms))
            event.listen(self.engine.sync_engine, "begin", _begin_sqlite)

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A consistent view of the data.

        Raises:
            PartUnavailable: The database does not answer.
        """
        async with _translated_errors(), self.engine.connect() as connection:
            if not self.is_sqlite:
                # Two statements of one read see the same data, as they do on SQLite.
                await connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed at the end, rolled back on any error.

        Raises:
            PartUnavailable: The database does not answer.
        """
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(_translated_errors())
            if self.is_sqlite:
                await stack.enter_async_context(self._writer)
            connection = await stack.enter_async_context(self.engine.connect())
            await connection.execution_options(writes=True)
            await stack.enter_async_context(connection.begin())
            yield connection


async def next_id(connection: AsyncConnection, table: Table) -> int:
    """The next id of a table, never handed out twice. Call it inside `Database.write`."""
    if connection.dialect.name == "sqlite":
        last = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
        return (await connection.scalar(last, {"name": table.name}) or 0) + 1
    sequence = func.pg_get_serial_sequence(table.name, "id")
    value: int = (await connection.execute(select(func.nextval(sequence)))).scalar_one()
    return value


async def insert_once(connection: AsyncConnection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert a row unless its key exists; whether it was inserted."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table).values(**values).on_conflict_do_nothing()
    return (await connection.execute(statement)).rowcount == 1


async def insert_all(connection: AsyncConnection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Insert rows, if there are any."""
    if rows:
        await connection.execute(insert(table), rows)


def violates(error: IntegrityError, constraint: str, *, columns: str) -> bool:
    """Whether a constraint was violated, by its name (PostgreSQL) or its columns (SQLite)."""
    message = str(error.orig)
    return constraint in message or f"UNIQUE constraint failed: {columns}" in message


@asynccontextmanager
async def _translated_errors() -> AsyncIterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout, OSError) as error:
        cause = str(getattr(error, "orig", None) or error)
        is_full = "disk is full" in cause
        raise (PartFull if is_full else PartUnavailable)("database", cause) from error


def _prepare_sqlite(busy_ms: int, connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # The driver begins no transaction by itself.
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {busy_ms}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
