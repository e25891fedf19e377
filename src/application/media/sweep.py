"""Time-driven cleaning: what was never finished goes, what is owed is asked for again."""

import logging
from dataclasses import dataclass
from datetime import timedelta

from mediaport.application.media.deletion_plan import DeletionPlan
from mediaport.application.media.remove_objects import RemoveObjects
from mediaport.application.ports.clock import Clock
from mediaport.application.ports.media_repository import MediaRepository
from mediaport.application.ports.thumbnail_queue import ThumbnailQueue
from mediaport.domain.policy import UploadPolicy

log = logging.getLogger(__name__)

BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What one sweep did."""

    uploads_expired: int
    objects_removed: int
    thumbnails_asked_for: int


@dataclass(frozen=True, slots=True)
class Sweep:
    """Goes over what time has made due. Stopped anywhere, the next sweep goes on from there."""

    media: MediaRepository
    queue: ThumbnailQueue
    clock: Clock
    policy: UploadPolicy
    plan: DeletionPlan
    remove_objects: RemoveObjects

    async def __call__(self) -> Swept:
        """Do one round, at most a batch of each kind of work."""
        # Asked for last: a queue that is down keeps nothing else from being cleaned.
        swept = Swept(
            uploads_expired=await self._expire_uploads(),
            objects_removed=await self.remove_objects.due(limit=BATCH),
            thumbnails_asked_for=await self._ask_for_thumbnails(),
        )
        if swept.uploads_expired or swept.objects_removed:
            log.info(
                "Swept: %d uploads expired, %d objects removed",
                swept.uploads_expired,
                swept.objects_removed,
            )
        return swept

    async def _ask_for_thumbnails(self) -> int:
        owed = await self.media.owed_thumbnails(now=self.clock.now(), limit=BATCH)
        for media_id in owed:
            await self.queue.enqueue(media_id)
        return len(owed)

    async def _expire_uploads(self) -> int:
        now = self.clock.now()
        # As long as a URL signed at the last moment can be used, the row explains its object.
        before = now - timedelta(seconds=self.policy.url_ttl_s)
        expired = await self.media.expired(before=before, now=now, limit=BATCH)
        gone = [
            await self.media.expire(media, now=now, deletions=self.plan.all_of(media, now=now))
            for media in expired
        ]
        return sum(gone)
