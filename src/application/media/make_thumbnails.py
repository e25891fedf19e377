"""The worker makes the thumbnails that a media item owes."""

import asyncio
import logging
from dataclasses import dataclass

from mediaport.application.media.publish_thumbnails import PublishThumbnails
from mediaport.application.ports.clock import Clock
from mediaport.application.ports.images import BrokenImage
from mediaport.application.ports.media_events import MediaEvents
from mediaport.application.ports.media_repository import (
    THUMBNAILS_CLAIM_LASTS,
    MediaRepository,
    ThumbnailClaim,
)
from mediaport.application.ports.object_store import ObjectMissing
from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.domain.media import Media, MediaId
from mediaport.domain.policy import UploadPolicy

log = logging.getLogger(__name__)

# An image that kills the process that decodes it is given up after this many starts.
MAX_STARTS = 3


@dataclass(frozen=True, slots=True)
class MakeThumbnails:
    """Makes all variants of one media item. Run twice, late, or in parallel: one result.

    What has no turn yet is not claimed: waiting takes no time from a claim.
    """

    media: MediaRepository
    publish: PublishThumbnails
    events: MediaEvents
    clock: Clock
    policy: UploadPolicy
    turns: asyncio.Semaphore

    async def __call__(self, media_id: MediaId) -> None:
        """Return when the thumbnails are made, have failed for good, or are not owed.

        Raises:
            DecoderLost: What decoded it was killed; that counts as a start.
            PartUnavailable: A part is down; that counts for nothing.
        """
        async with self.turns:
            await self._make(media_id)

    async def _make(self, media_id: MediaId) -> None:
        now = self.clock.now()
        claim = await self.media.claim_thumbnails(
            media_id, now=now, until=now + THUMBNAILS_CLAIM_LASTS
        )
        if claim is None:
            return
        try:
            done = await self._outcome(claim)
            saved = await self.media.save_thumbnails(done)
        except (PartUnavailable, asyncio.CancelledError):
            await self.media.release_thumbnails(claim, counted=False)
            raise
        except BaseException:
            await self.media.release_thumbnails(claim, counted=True)
            raise
        if saved:
            self.events.tell(done.id, owner_id=done.owner_id)
        else:
            await self.publish.take_back(done)

    async def _outcome(self, claim: ThumbnailClaim) -> Media:
        media = claim.media
        if claim.start > MAX_STARTS:
            log.error("Media %s was started %d times in vain, it is given up", media.id, MAX_STARTS)
            return media.without_thumbnails(reason="gave_up")
        try:
            return await self.publish(media, sizes=self.policy.thumbnail_sizes)
        except ObjectMissing:
            log.exception("Media %s is ready, but its object is gone", media.id)
            return media.without_thumbnails(reason="original_missing")
        except BrokenImage as error:
            log.info("Media %s has no thumbnails: %s", media.id, error)
            return media.without_thumbnails(reason=error.reason)
