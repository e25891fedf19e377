"""The worker makes the thumbnails that a media item owes."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta

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
# Before it is tried again where a part was down; a job is, after a second.
PAUSE = timedelta(seconds=0.5)


@dataclass(frozen=True, slots=True)
class MakeThumbnails:
    """Makes all variants of one media item. Run twice, late, or in parallel: one result.

    `MakeNextThumbnails` says of which.
    """

    media: MediaRepository
    publish: PublishThumbnails
    events: MediaEvents
    clock: Clock
    policy: UploadPolicy

    async def __call__(self, media_id: MediaId) -> bool:
        """Return when they are made, or have failed for good; False if there was nothing to do.

        There is nothing where they are not owed, or somebody else is at it.

        Raises:
            DecoderLost: What decoded it was killed; that counts as a start.
            PartUnavailable: A part is down; that counts for nothing.
        """
        now = self.clock.now()
        claim = await self.media.claim_thumbnails(
            media_id, now=now, until=now + THUMBNAILS_CLAIM_LASTS
        )
        if claim is None:
            return False
        try:
            done = await self._outcome(claim)
            saved = await self.media.save_thumbnails(done)
        except asyncio.CancelledError:
            await self.media.release_thumbnails(claim, counted=False)
            raise
        except PartUnavailable:
            # It may be this object alone that the store does not give: others of its owner go on.
            until = self.clock.now() + PAUSE
            await self.media.release_thumbnails(claim, counted=False, until=until)
            raise
        except BaseException as error:
            error.add_note(f"It was at the thumbnails of media {media_id}")
            await self.media.release_thumbnails(claim, counted=True)
            raise
        if saved:
            self.events.tell(done.id, owner_id=done.owner_id)
        else:
            await self.publish.take_back(done)
        return True

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
