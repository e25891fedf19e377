"""Leases in SQL."""

from datetime import datetime

from sqlalchemy import delete, or_, update

from mediaport.adapters.sql.database import Database, insert_once
from mediaport.adapters.sql.tables import leases as table
from mediaport.application.ports.leases import Leases


class SqlLeases(Leases):
    """Keeps leases in `leases`, one row per name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(
        self, name: str, *, now: datetime, until: datetime, held_until: datetime | None = None
    ) -> bool:
        """Take a free lease, or lengthen one's own."""
        is_to_be_had = or_(
            table.c.claimed_until <= now,
            table.c.claimed_until == held_until,
            table.c.claimed_until > until + (until - now),
        )
        statement = (
            update(table).where(table.c.name == name, is_to_be_had).values(claimed_until=until)
        )
        async with self._database.write() as connection:
            values = {"name": name, "claimed_until": until}
            if await insert_once(connection, table, values):
                return True
            return (await connection.execute(statement)).rowcount == 1

    async def release(self, name: str, *, held_until: datetime) -> None:
        """Forget the lease."""
        statement = delete(table).where(table.c.name == name, table.c.claimed_until == held_until)
        async with self._database.write() as connection:
            await connection.execute(statement)
