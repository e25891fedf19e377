"""Whether PostgreSQL takes as many connections as our pools may open."""

from dataclasses import dataclass

from sqlalchemy import text

from mediaport.adapters.sql.database import Database
from mediaport.adapters.sql.postgresql import is_pooled
from mediaport.entrypoints.settings import Settings

_ASK = text(
    """
    SELECT current_setting('max_connections')::int AS most,
           current_setting('superuser_reserved_connections')::int
               + coalesce(current_setting('reserved_connections', true), '0')::int AS reserved,
           count(*) FILTER (WHERE application_name = 'mediaport') AS ours,
           count(*) FILTER (WHERE application_name <> 'mediaport') AS others
    FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionBudget:
    """What may be opened by the API on this host, and what there is.

    Attributes:
        ours: In use by Mediaport, here and on other hosts, when it was asked.
        others: In use by other programs.
    """

    processes: int
    pool_size: int
    most: int
    reserved: int
    ours: int
    others: int

    @property
    def fits(self) -> bool:
        """Whether all of it can be had, beside what others use."""
        return self.processes * self.pool_size <= self._available

    @property
    def mend(self) -> str:
        """What to set where it does not fit."""
        size = self._available // self.processes
        smaller = f"DATABASE_POOL_SIZE to at most {size}" if size else "API_WORKERS lower"
        return f"Set {smaller}, or raise max_connections of PostgreSQL."

    @property
    def _available(self) -> int:
        return self.most - self.reserved - self.others

    def __str__(self) -> str:
        return (
            f"up to {self.processes} x {self.pool_size} connections; PostgreSQL takes {self.most}, "
            f"{self.reserved} reserved, {self.ours} in use by Mediaport and {self.others} by others"
        )


async def connection_budget(settings: Settings, database: Database) -> ConnectionBudget | None:
    """Ask PostgreSQL; None for SQLite, or where a pooler stands in front of it.

    Raises:
        PartUnavailable: The database does not answer.
    """
    if database.is_sqlite or is_pooled(database.engine.url):
        return None
    async with database.read() as connection:
        found = (await connection.execute(_ASK)).mappings().one()
    return ConnectionBudget(
        processes=settings.api_workers, pool_size=settings.database_pool_size, **found
    )
