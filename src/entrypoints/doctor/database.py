"""Is the database there, at the schema of this version, and of one time with this host?"""

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text

from mediaport.adapters.sql.migrations import is_current
from mediaport.application.ports.clock import Clock
from mediaport.entrypoints.container import Container
from mediaport.entrypoints.doctor.checks import Ailment, Check
from mediaport.entrypoints.parts import database_url
from mediaport.entrypoints.settings import Settings

MAX_SKEW_S = 30

REACHABLE = "database reachable"


def database_checks(container: Container) -> Sequence[Check]:
    """The checks of the database."""
    settings, database, clock = container.settings(), container.database(), container.host_clock()

    async def reach() -> str:
        if not settings.database_url and not settings.database_path.is_file():
            seen = f"there is no {settings.database_path}"
            raise Ailment(seen, mend="Run: mediaport migrate")
        started = time.perf_counter()
        async with database.read() as connection:
            await connection.execute(text("SELECT 1"))
        took_ms = 1000 * (time.perf_counter() - started)
        return f"{database.engine.dialect.name} answers in {took_ms:.0f} ms"

    async def tell_time() -> str:
        if database.is_sqlite:
            return "the database's clock is this host's"
        async with database.read() as connection:
            theirs = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
        return _compared(clock, theirs)

    return [
        Check(
            name=REACHABLE,
            run=reach,
            mend=f"Look at {settings.database_setting}, and whether the server runs.",
        ),
        Check(name="database migrated", run=lambda: _migrated(settings), needs=(REACHABLE,)),
        Check(name="database clock", run=tell_time, needs=(REACHABLE,)),
    ]


async def _migrated(settings: Settings) -> str:
    patience_s = settings.database_connect_timeout_s
    url = database_url(settings)
    if not await asyncio.to_thread(is_current, url, connect_timeout_s=patience_s):
        raise Ailment("its schema is of another version", mend="Run: mediaport migrate")
    return "its schema is of this version"


def _compared(clock: Clock, theirs: datetime) -> str:
    skew_s = (clock.now() - theirs).total_seconds()
    if abs(skew_s) > MAX_SKEW_S:
        raise Ailment(
            f"this host's clock is {skew_s:+.0f} s off the database's",
            mend="Synchronise both by NTP: this host signs upload URLs by its own clock.",
        )
    return f"this host's clock is {skew_s:+.1f} s off"
