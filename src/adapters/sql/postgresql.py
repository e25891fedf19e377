"""How PostgreSQL is reached: its URL, how many connections, and SQLAlchemy's engine."""

from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

# Of a URL: `ssl` is the driver's; the other is SQLAlchemy's, for a pooler such as PgBouncer.
POOLER = "prepared_statement_cache_size"
PARAMETERS = {"ssl", POOLER}
# Of a process's connections, how many run whole transactions; the others run hot statements.
ENGINE_SHARE = 3


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How many connections a process has at most, and how long it waits, in seconds."""

    pool_size: int
    connect_timeout_s: float
    statement_timeout_s: float

    @property
    def engine_size(self) -> int:
        """Connections for whole transactions."""
        return max(1, self.pool_size // ENGINE_SHARE)

    @property
    def driver_size(self) -> int:
        """Connections for hot statements."""
        return max(1, self.pool_size - self.engine_size)

    @property
    def client_timeout_s(self) -> float:
        """After this long a silent server is given up. One that answers gives up first."""
        return self.statement_timeout_s + 1

    def server_settings(self, url: URL) -> dict[str, str]:
        """What is set at the server for each connection."""
        name = {"application_name": "mediaport"}
        if is_pooled(url):
            return name  # A pooler lends connections for a transaction: it takes no settings.
        timeout_ms = str(int(self.statement_timeout_s * 1000))
        return name | {
            "statement_timeout": timeout_ms,
            "idle_in_transaction_session_timeout": timeout_ms,
            # Neither of them ends the transaction of a host that vanishes between the parts of a
            # statement: its locks would stay for the two hours of the kernel.
            "tcp_keepalives_idle": "10",
            "tcp_keepalives_interval": "5",
            "tcp_keepalives_count": "3",
        }


def is_pooled(url: URL) -> bool:
    """Whether a pooler such as PgBouncer is in between."""
    return POOLER in url.query


def make_engine(url: URL, patience: Patience) -> AsyncEngine:
    """SQLAlchemy's engine, for whole transactions."""
    # Two clients of a pooler must not call their prepared statements the same.
    pooled = {"prepared_statement_name_func": lambda: f"mediaport_{uuid4().hex}"}
    return create_async_engine(
        url,
        pool_size=patience.pool_size if is_pooled(url) else patience.engine_size,
        max_overflow=0,
        pool_timeout=patience.connect_timeout_s,
        connect_args={
            "timeout": patience.connect_timeout_s,
            # Given up some 2 s later by SQLAlchemy, which first tries to end the connection well.
            "command_timeout": patience.client_timeout_s,
            "server_settings": patience.server_settings(url),
            **(pooled if is_pooled(url) else {}),
        },
    )
