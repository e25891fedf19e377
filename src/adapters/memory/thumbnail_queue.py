"""A queue that only remembers what was asked for."""

from mediaport.application.ports.thumbnail_queue import Backlog, ThumbnailQueue
from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.domain.media import MediaId


class MemoryThumbnailQueue(ThumbnailQueue):
    """Remembers ids, in order.

    Attributes:
        waiting: What was asked for.
        is_down: Set it, and the queue takes nothing.
    """

    def __init__(self) -> None:
        self.waiting: list[MediaId] = []
        self.is_down = False

    async def enqueue(self, media_id: MediaId) -> None:
        """Remember the id, once."""
        await self.check()
        if media_id not in self.waiting:
            self.waiting.append(media_id)

    async def backlog(self) -> Backlog:
        """Count what waits. Nothing is in hand, and no time passes here."""
        await self.check()
        return Backlog(queued=len(self.waiting), active=0, age_s=0)

    async def check(self) -> None:
        """Fail if the queue was taken down."""
        if self.is_down:
            raise PartUnavailable("thumbnail_queue", "it was taken down")
