"""What is still to be done, in numbers: read from the database and the queue when it is asked for.

Whoever scrapes gets an answer, whatever is down, and soon. What is not known is NaN, which no
alert takes for zero.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from math import nan
from typing import Literal, TypeVar

from prometheus_client import Gauge

from mediaport.application.ports.clock import Clock
from mediaport.application.ports.inventory import Debts, Inventory
from mediaport.application.ports.thumbnail_queue import Backlog, ThumbnailQueue
from mediaport.application.ports.unavailable import PartUnavailable

T = TypeVar("T")

log = logging.getLogger(__name__)

PATIENCE_S = 2.0
LASTS_S = 5.0  # however many ask, the parts are asked no more often

_NEWEST: Literal["mostrecent"] = (
    "mostrecent"  # of several processes, the one that was asked last knows it
)
_OWED = Gauge("mediaport_thumbnails_owed", "Media that owe thumbnails", multiprocess_mode=_NEWEST)
_OWED_AGE = Gauge(
    "mediaport_thumbnails_owed_age_seconds",
    "For how long the oldest of them has",
    multiprocess_mode=_NEWEST,
)
_TO_REMOVE = Gauge(
    "mediaport_objects_to_remove", "Objects that are to be removed", multiprocess_mode=_NEWEST
)
_JOBS = Gauge("mediaport_queue_jobs", "Jobs in the queue", ("state",), multiprocess_mode=_NEWEST)
_QUEUE_AGE = Gauge(
    "mediaport_queue_age_seconds",
    "For how long the first job in the queue has waited",
    multiprocess_mode=_NEWEST,
)


class BacklogGauges:
    """Sets the gauges, for all who ask within some seconds once."""

    def __init__(self, *, inventory: Inventory, queue: ThumbnailQueue, clock: Clock) -> None:
        self._inventory, self._queue, self._clock = inventory, queue, clock
        self._reading: asyncio.Task[None] | None = None
        self._read_at = -LASTS_S

    async def refresh(self) -> None:
        """Set them, unless they were set just now."""
        loop = asyncio.get_running_loop()
        if self._reading is None or self._reading.done():
            if loop.time() < self._read_at + LASTS_S:
                return
            self._reading = asyncio.create_task(self._read())
            self._read_at = loop.time()
        await asyncio.shield(self._reading)

    async def _read(self) -> None:
        debts, backlog = await asyncio.gather(_in_time(self._debts), _in_time(self._queue.backlog))
        _show_debts(*debts or (None, nan))
        _show_backlog(backlog)

    async def _debts(self) -> tuple[Debts, float]:
        """What is owed, and for how long the oldest of it has been, in seconds."""
        debts = await self._inventory.debts()
        since = debts.owed_since
        age_s = (self._clock.now() - since).total_seconds() if since else 0.0
        return debts, max(age_s, 0.0)


def _show_debts(debts: Debts | None, age_s: float) -> None:
    _OWED.set(debts.thumbnails_owed if debts else nan)
    _OWED_AGE.set(age_s)
    _TO_REMOVE.set(debts.objects_to_remove if debts else nan)


def _show_backlog(backlog: Backlog | None) -> None:
    _JOBS.labels("queued").set(backlog.queued if backlog else nan)
    _JOBS.labels("active").set(backlog.active if backlog else nan)
    _QUEUE_AGE.set(backlog.age_s if backlog else nan)


async def _in_time(read: Callable[[], Awaitable[T]]) -> T | None:
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await read()
    except (PartUnavailable, TimeoutError) as error:
        log.warning("Metrics lack what is still to be done. %s", error)
    except Exception:
        log.exception("Metrics lack what is still to be done")
    return None
