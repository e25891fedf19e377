"""Thumbnails made by tasks of the API process, off its event loop."""

import asyncio
import logging

from mediaport.application.media.make_thumbnails import MakeThumbnails
from mediaport.application.ports.thumbnail_queue import ThumbnailQueue
from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.domain.media import MediaId

log = logging.getLogger(__name__)


class InProcessThumbnailQueue(ThumbnailQueue):
    """Keeps ids in memory. A killed process forgets them: the sweep asks again.

    `run` works until it is cancelled, `concurrency` jobs at a time.
    """

    def __init__(self, make_thumbnails: MakeThumbnails, *, concurrency: int) -> None:
        self._make_thumbnails = make_thumbnails
        self._concurrency = concurrency
        self._waiting: asyncio.Queue[MediaId] = asyncio.Queue()
        self._known: set[MediaId] = set()
        self._is_running = False

    async def enqueue(self, media_id: MediaId) -> None:
        """Remember the id, unless it waits already or is being worked on."""
        if media_id not in self._known:
            self._known.add(media_id)
            self._waiting.put_nowait(media_id)

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
            try:
                await self._make_thumbnails(media_id)
            except PartUnavailable as error:
                # So do all that wait behind it: they are asked for again when it is back.
                waiting = self._forget_waiting()
                log.warning("Thumbnails of %d media have to wait. %s", 1 + waiting, error)
            except Exception:
                # The row still owes its thumbnails: the next sweep asks for them again.
                log.exception("The thumbnails of media %s have to wait", media_id)
            finally:
                self._known.discard(media_id)
                self._waiting.task_done()

    def _forget_waiting(self) -> int:
        """Drop what waits; how many that were."""
        dropped = 0
        while not self._waiting.empty():
            self._known.discard(self._waiting.get_nowait())
            self._waiting.task_done()
            dropped += 1
        return dropped
