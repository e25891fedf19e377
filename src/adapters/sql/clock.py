"""The database's clock, which all hosts share."""

import logging
import time
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import text

from mediaport.adapters.sql.database import Database
from mediaport.application.ports.clock import Clock
from mediaport.application.ports.unavailable import PartUnavailable

log = logging.getLogger(__name__)

# An answer that took longer says too little of when it was given.
MAX_ROUND_TRIP_S = 1.0


# Seconds that go on while the machine sleeps, where the system can tell.
_monotonic_s = (
    partial(time.clock_gettime, time.CLOCK_BOOTTIME)
    if hasattr(time, "CLOCK_BOOTTIME")
    else time.monotonic
)


class DatabaseClock(Clock):
    """Tells the time of PostgreSQL, however far the clock of this host is off.

    It is asked for now and then, by `read`. In between, what has passed since goes by this host's
    monotonic clock, which no one sets. Right to half the time that an answer took.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._read_at: datetime | None = None
        self._monotonic_s = 0.0

    def now(self) -> datetime:
        """The current time of the database, in UTC.

        Raises:
            PartUnavailable: It was never read.
        """
        if self._read_at is None:
            raise PartUnavailable("database", "it has not told the time yet")
        return self._read_at + timedelta(seconds=_monotonic_s() - self._monotonic_s)

    async def read(self) -> None:
        """Ask for the time.

        Raises:
            PartUnavailable: The database does not answer.
        """
        async with self._database.read() as connection:
            await connection.execute(text("SELECT 1"))  # begins the transaction, which takes time
            asked_s = _monotonic_s()
            read_at = await connection.scalar(text("SELECT clock_timestamp()"))
            answered_s = _monotonic_s()
        took_s = answered_s - asked_s
        if took_s > MAX_ROUND_TRIP_S and self._read_at is not None:
            log.warning("The database told the time after %.1f s: it is not used", took_s)
            return
        self._read_at, self._monotonic_s = read_at.astimezone(UTC), (asked_s + answered_s) / 2
