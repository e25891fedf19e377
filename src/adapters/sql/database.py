"""Connections and transactions, and what differs between SQLite and PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache, partial
from importlib import import_module
from typing import Any

from sqlalchemy import Connection, Table, event, func, insert, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from mediaport.adapters.sql.driver import Driver
from mediaport.adapters.sql.failures import raise_translated, translated_errors
from mediaport.adapters.sql.postgresql import Patience, is_pooled, make_engine
from mediaport.adapters.sql.statements import Statement

# How long a writer waits for another process to finish its own write.
SQLITE_BUSY_MS = 10_000
# Ids that a process takes from PostgreSQL at once.
IDS_AT_ONCE = 50


class Database:
    """Three ways to use it: `run` for one statement, `read` and `write` for several.

    SQLite takes one writer at a time. Writers of this process queue up on a lock, writers of other
    processes wait in SQLite; both begin with BEGIN IMMEDIATE, so nobody finds out half-way that the
    database is locked.

    Attributes:
        is_sqlite: Whether it is a SQLite file.
        driver: What runs single statements; None where SQLAlchemy does, which is slower: on SQLite,
            and behind a pooler, which hands statements of one connection to several.
    """

    def __init__(
        self,
        url: URL | str,
        *,
        busy_ms: int = SQLITE_BUSY_MS,
        pool_size: int = 10,
        connect_timeout_s: float = 3,
        statement_timeout_s: float = 5,
    ) -> None:
        url = make_url(url)
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self.driver: Driver | None = None
        self._writer = asyncio.Lock()
        self._ids: dict[str, list[int]] = {}
        if self.is_sqlite:
            self.engine = create_async_engine(url)
            event.listen(self.engine.sync_engine, "connect", partial(_prepare_sqlite, busy_ms))
            event.listen(self.engine.sync_engine, "begin", _begin_sqlite)
            return
        patience = Patience(
            pool_size=pool_size,
            connect_timeout_s=connect_timeout_s,
            statement_timeout_s=statement_timeout_s,
        )
        self.engine = make_engine(url, patience)
        if not is_pooled(url):
            self.driver = Driver(url, patience)

    async def close(self) -> None:
        """Close every connection."""
        if self.driver is not None:
            await self.driver.close()
        await self.engine.dispose()

    async def run(self, statement: Statement, **values: Any) -> Sequence[Sequence[Any]]:
        """Run a statement as a transaction of its own; the rows that it gives.

        Raises:
            PartUnavailable: The database does not answer.
        """
        if self.driver is not None:
            try:
                return await self.driver.fetch(statement.text, statement.arguments(values))
            except Exception as error:
                raise_translated(error)
        async with self.write() if statement.writes else self.read() as connection:
            construct = statement.plain if self.is_sqlite else statement.construct
            answer = await connection.execute(construct, values)
            return answer.all() if answer.returns_rows else []

    async def new_id(self, table: Table) -> int:
        """An id that nobody else gets; on PostgreSQL, from a stock of this process.

        Raises:
            PartUnavailable: The database does not answer.
        """
        stock = self._ids.setdefault(table.name, [])
        while not stock:
            stock += reversed([row[0] for row in await self.run(_some_ids(table))])
        return stock.pop()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A consistent view of the data.

        Raises:
            PartUnavailable: The database does not answer.
        """
        with translated_errors():
            async with self.engine.connect() as connection:
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
            stack.enter_context(translated_errors())
            if self.is_sqlite:
                await stack.enter_async_context(self._writer)
            connection = await stack.enter_async_context(self.engine.connect())
            await connection.execution_options(writes=True)
            await stack.enter_async_context(connection.begin())
            yield connection


@cache
def _some_ids(table: Table) -> Statement:
    sequence = select(func.pg_get_serial_sequence(table.name, "id")).scalar_subquery()
    numbers = func.generate_series(1, IDS_AT_ONCE).table_valued()
    return Statement(select(func.nextval(sequence)).select_from(numbers), writes=True)


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
    dialect = import_module(f"sqlalchemy.dialects.{connection.dialect.name}")
    statement = dialect.insert(table).values(**values).on_conflict_do_nothing()
    return (await connection.execute(statement)).rowcount == 1


async def insert_all(connection: AsyncConnection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Insert rows, if there are any."""
    if rows:
        await connection.execute(insert(table), rows)


def violates(error: Exception, constraint: str, *, columns: str) -> bool:
    """Whether a constraint was violated, by its name (PostgreSQL) or its columns (SQLite)."""
    message = str(getattr(error, "orig", error))
    return constraint in message or f"UNIQUE constraint failed: {columns}" in message


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
