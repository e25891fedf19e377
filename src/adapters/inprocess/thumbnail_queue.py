"""Thumbnails made by tasks of the API process, off its event loop."""

import asyncio
import logging
from itertools import islice
from time import monotonic

from structlog.contextvars import bound_contextvars, get_contextvars

from mediaport.application.media.make_next_thumbnails import MakeNextThumbnails
from mediaport.application.ports.thumbnail_queue import Backlog, ThumbnailQueue
from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.domain.media import MediaId

log = logging.getLogger(__name__)


class InProcessThumbnailQueue(ThumbnailQueue):
    """Keeps ids in memory, for a turn each. A killed process forgets them: the sweep asks again.

    `run` works until it is cancelled, `concurrency` turns at a time.
    """

    def __init__(self, make_next: MakeNextThumbnails, *, concurrency: int) -> None:
        self._make_next = make_next
        self._concurrency = concurrency
        self._waiting: asyncio.Queue[MediaId] = asyncio.Queue()
        # Since when, and who has asked: what waits first, then what is in hand.
        self._known: dict[MediaId, tuple[float, str | None]] = {}
        self._is_running = False

    async def enqueue(self, media_id: MediaId) -> None:
        """Remember the id, unless it waits already or is being worked on."""
        if media_id not in self._known:
            self._known[media_id] = monotonic(), get_contextvars().get("request_id")
            self._waiting.put_nowait(media_id)

    async def backlog(self) -> Backlog:
        """Count what waits and what is in hand."""
        queued = self._waiting.qsize()
        active = len(self._known) - queued
        # What is in hand was asked for before all that waits.
        first = next(islice(self._known.values(), active, None), None)
        age_s = monotonic() - first[0] if first else 0
        return Backlog(queued=queued, active=active, age_s=age_s)

    async def check(self) -> None:
        """Fail if nobody works."""
        if not self._is_running:
            raise PartUnavailable("thumbnail_queue", "its worker does not run")

    async def until_idle(self) -> None:
        """Return once nothing waits and nothing is being worked on."""
        await self._waiting.join()

    async def run(self) -> None:
        """Work until cancelled. A job that is under way is given back to the database then."""
        self._is_running = True
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._concurrency):
                    group.create_task(self._work())
        finally:
            self._is_running = False

    async def _work(self) -> None:
        while True:
            media_id = await self._waiting.get()
            _, asked_by = self._known[media_id]
            try:
                with bound_contextvars(asked_for=media_id, asked_by=asked_by):
                    await self._make_next()
            except PartUnavailable as error:
                # So do all that wait behind it: they are asked for again when it is back.
                waiting = self._forget_waiting()
                log.warning("Thumbnails of %d media have to wait. %s", 1 + waiting, error)
            except Exception:
                # The row still owes its thumbnails: the next sweep asks for them again.
                log.exception("Thumbnails have to wait")
            finally:
                self._known.pop(media_id, None)
                self._waiting.task_done()

    def _forget_waiting(self) -> int:
        """Drop what waits; how many that were."""
        dropped = 0
        while not self._waiting.empty():
            self._known.pop(self._waiting.get_nowait(), None)
            self._waiting.task_done()
            dropped += 1
        return dropped
