"""Is the database there, at the schema of this version, and of one time with this host?"""

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text

from mediaport.adapters.sql.revision import is_current
from mediaport.application.ports.clock import Clock
from mediaport.domain.media import MediaId
from mediaport.entrypoints.connection_budget import connection_budget
from mediaport.entrypoints.container import Container
from mediaport.entrypoints.doctor.checks import Ailment, Check, Worry
from mediaport.entrypoints.parts import database_url
from mediaport.entrypoints.settings import Settings

MAX_SKEW_S = 30

REACHABLE, MIGRATED = "database reachable", "database migrated"
# The oldest: whoever was here before the setting changed.
LOOKED_AT = 1000


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

    async def count_connections() -> str:
        budget = await connection_budget(settings, database)
        if budget is None:
            return "a pooler stands in front of it: it has limits of its own"
        if not budget.fits:
            raise Ailment(str(budget), mend=budget.mend)
        return str(budget)

    checks = [
        Check(
            name=REACHABLE,
            run=reach,
            mend=f"Look at {settings.database_setting}, and whether the server runs.",
        ),
        Check(name=MIGRATED, run=lambda: _migrated(settings), needs=(REACHABLE,)),
        Check(name="database clock", run=tell_time, needs=(REACHABLE,)),
        Check(name="stored URLs", run=lambda: _compare_urls(container), needs=(MIGRATED,)),
    ]
    if not database.is_sqlite:
        counts = Check(name="database connections", run=count_connections, needs=(REACHABLE,))
        checks.append(counts)
    return checks


async def _migrated(settings: Settings) -> str:
    patience_s = settings.database_connect_timeout_s
    url = database_url(settings)
    if not await asyncio.to_thread(is_current, url, connect_timeout_s=patience_s):
        raise Ailment("its schema is of another version", mend="Run: mediaport migrate")
    return "its schema is of this version"


async def _compare_urls(container: Container) -> str:
    """Whether media are said to be where the settings say that they are served."""
    store = container.store()
    base = store.public_base_url
    page = await container.public_urls().bases(
        bucket=store.bucket, after=MediaId(0), limit=LOOKED_AT
    )
    others = {each: count for each, count in page.counts.items() if each != base}
    if others:
        seen = ", ".join(f"{count} media at {each}/" for each, count in sorted(others.items()))
        raise Worry(
            f"{seen}, and {base}/ is set",
            mend="If the set one serves them, too, run: mediaport urls rewrite",
        )
    return f"{page.counts.get(base, 0)} of the oldest media are at {base}/, as is set"


def _compared(clock: Clock, theirs: datetime) -> str:
    skew_s = (clock.now() - theirs).total_seconds()
    if abs(skew_s) > MAX_SKEW_S:
        raise Ailment(
            f"this host's clock is {skew_s:+.0f} s off the database's",
            mend="Synchronise both by NTP: this host signs upload URLs by its own clock.",
        )
    return f"this host's clock is {skew_s:+.1f} s off"
