"""Connections and transactions, and what differs between SQLite and PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Table, event, func, insert, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from mediaport.application.ports.unavailable import PartFull, PartUnavailable

# How long a writer waits for another process to finish its own write.
SQLITE_BUSY_MS = 10_000
# Of a URL: `ssl` is the driver's; the other is SQLAlchemy's, for a pooler such as PgBouncer.
POOLER = "prepared_statement_cache_size"
PARAMETERS = {"ssl", POOLER}
DISK_FULL = "53100"
# The last one is what asyncpg says of a connection that was cut in the middle of an answer.
FAILURES = (OperationalError, InterfaceError, PoolTimeout, OSError, InternalError)
# By the start of its SQLSTATE: what PostgreSQL says when it cannot serve right now.
UNAVAILABLE = (
    "08",  # the connection
    "25006",  # a replica that is only read
    "25P03",  # a transaction that was idle for too long
    "28",  # the login
    "3D",  # no such database
    "40",  # a deadlock
    "42501",  # a right that the role lacks
    "42P01",  # no such table: not migrated
    "42703",  # no such column: likewise
    "53",  # resources
    "55P03",  # a lock that was not to be had in time
    "57",  # a statement that took too long, a shutdown
    "58",  # the system below it
)


class Database:
    """One engine, and the two ways to use it: `read` and `write`.

    SQLite takes one writer at a time. Writers of this process queue up on a lock, writers of other
    processes wait in SQLite; both begin with BEGIN IMMEDIATE, so nobody finds out half-way that the
    database is locked.
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
        self._writer = asyncio.Lock()
        if self.is_sqlite:
            self.engine = create_async_engine(url)
            event.listen(self.engine.sync_engine, "connect", partial(_prepare_sqlite, busy_ms))
            event.listen(self.engine.sync_engine, "begin", _begin_sqlite)
        else:
            self.engine = _postgresql_engine(url, pool_size, connect_timeout_s, statement_timeout_s)

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()

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


@contextmanager
def translated_errors() -> Iterator[None]:
    """The database's errors as the port's, where it cannot serve; others rise as they are."""
    try:
        yield
    except Exception as error:
        # The driver raises its own errors when it connects, SQLAlchemy wraps them later on.
        origin = getattr(error, "orig", None) or error
        state = getattr(origin, "sqlstate", None) or ""
        is_known = isinstance(error, FAILURES)
        is_no_database = type(error) is DatabaseError  # what SQLite says of a file of another kind
        if not (is_known or is_no_database or state.startswith(UNAVAILABLE)):
            raise
        cause = str(origin) or f"no answer in time ({type(origin).__name__})"
        is_full = state == DISK_FULL or "disk is full" in cause
        raise (PartFull if is_full else PartUnavailable)("database", cause) from error


def postgresql_url(text: str) -> URL:
    """A PostgreSQL URL for the driver that we use, whichever way it was written.

    `sslmode`, which libpq and so every provider says, is `ssl` for asyncpg.

    Raises:
        ValueError: It is no URL, or has a parameter that the driver does not know.
    """
    try:
        url = make_url(text).set(drivername="postgresql+asyncpg")
    except (ArgumentError, ValueError) as error:
        # Its words could show a part of the password.
        raise ValueError(
            "it is no URL; write @ : / ? # % in a password as %40 and so on"
        ) from error
    if not url.database:
        raise ValueError("it names no database")
    if "sslmode" in url.query:
        query = {**url.query, "ssl": url.query["sslmode"]}
        del query["sslmode"]
        url = url.set(query=query)
    unknown = ", ".join(sorted(set(url.query) - PARAMETERS))
    if unknown == "sslrootcert":
        raise ValueError("leave sslrootcert out, and set PGSSLROOTCERT in the environment")
    if unknown:
        raise ValueError(f"it can have no parameter {unknown}: leave it out")
    if not str(url.query.get(POOLER, "0")).isdecimal():
        raise ValueError(f"{POOLER} is a number")
    return url


def _postgresql_engine(
    url: URL, pool_size: int, connect_timeout_s: float, statement_timeout_s: float
) -> AsyncEngine:
    timeout_ms = str(int(statement_timeout_s * 1000))
    timeouts = {
        "statement_timeout": timeout_ms,
        "idle_in_transaction_session_timeout": timeout_ms,
        # Neither of them ends the transaction of a host that vanishes between the parts of a
        # statement: its locks would stay for the two hours of the kernel.
        "tcp_keepalives_idle": "10",
        "tcp_keepalives_interval": "5",
        "tcp_keepalives_count": "3",
    }
    # A pooler lends connections for a transaction: it takes no settings for one, and two clients'
    # prepared statements must not be called the same.
    pooled = {"prepared_statement_name_func": lambda: f"mediaport_{uuid4().hex}"}
    is_pooled = POOLER in url.query
    return create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=connect_timeout_s,
        connect_args={
            "timeout": connect_timeout_s,
            # The server gives up first and says why; one that is silent is given up here, and some
            # 2 s later by SQLAlchemy, which first tries to end the connection well.
            "command_timeout": statement_timeout_s + 1,
            "server_settings": {"application_name": "mediaport", **({} if is_pooled else timeouts)},
            **(pooled if is_pooled else {}),
        },
    )


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
