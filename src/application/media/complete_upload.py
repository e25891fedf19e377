"""A browser says that its bytes arrived: verify them, publish them, ask for thumbnails."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime

from mediaport.application.media.deletion_plan import DeletionPlan
from mediaport.application.ports.clock import Clock
from mediaport.application.ports.images import Images
from mediaport.application.ports.media_repository import COMPLETION_CLAIM_LASTS, MediaRepository
from mediaport.application.ports.object_store import (
    ObjectChanged,
    ObjectMissing,
    ObjectStore,
    StoredObject,
)
from mediaport.application.ports.thumbnail_queue import ThumbnailQueue
from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.domain.errors import (
    CompletionInProgress,
    ContentTypeMismatch,
    MediaNotFound,
    NotAnImage,
    ObjectNotUploaded,
    SizeMismatch,
    TooManyPixels,
    UploadChanged,
)
from mediaport.domain.media import ImageFacts, Media, MediaId
from mediaport.domain.policy import UploadPolicy
from mediaport.domain.users import UserId

log = logging.getLogger(__name__)

# What was uploaded is not as declared: it goes, and may be uploaded again.
REFUSALS = (SizeMismatch, ContentTypeMismatch, NotAnImage, TooManyPixels)
# A caller has an answer within five seconds, well before the claim runs out.
WORK_TIMEOUT_S = 4.5
# What the sweep can do later, too, holds up nobody for longer than this.
TIDY_TIMEOUT_S = 0.9
WAIT_STEPS_S = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class CompleteUpload:
    """Moves a media item from pending to ready, once, however many callers ask at once.

    One caller at a time holds the claim in the database. Without it a second caller could publish
    another object, uploaded meanwhile, over the one that the first caller published.
    """

    media: MediaRepository
    store: ObjectStore
    images: Images
    queue: ThumbnailQueue
    clock: Clock
    policy: UploadPolicy
    plan: DeletionPlan

    async def __call__(self, media_id: MediaId, *, by: UserId) -> Media:
        """The ready media item; asked again, the same one.

        Raises:
            MediaNotFound: There is no such media of theirs.
            UploadExpired: Its time is over.
            ObjectNotUploaded: Nothing was uploaded yet.
            SizeMismatch: Another number of bytes was stored than declared.
            ContentTypeMismatch: The image is of another type than declared.
            NotAnImage: It is no image.
            TooManyPixels: It is too large to decode.
            UploadChanged: It was replaced while it was verified.
            CompletionInProgress: Another request takes too long over it.
        """
        for wait_s in (*WAIT_STEPS_S, None):
            media = await self.media.get(media_id)
            media.require_owner(by)
            if media.is_ready:
                return media
            now = self.clock.now()
            media.require_uploadable(now)
            until = now + COMPLETION_CLAIM_LASTS
            claimed = await self.media.claim_completion(media_id, now=now, until=until)
            if claimed:
                return await self._complete(claimed, until=until)
            if wait_s:
                await asyncio.sleep(wait_s)
        raise CompletionInProgress(media_id, retry_after_s=5)

    async def _complete(self, media: Media, *, until: datetime) -> Media:
        is_publishing = False
        try:
            async with asyncio.timeout(WORK_TIMEOUT_S):
                stored, facts = await self._verify(media)
                is_publishing = True
                etag, size_bytes = await self._publish(media, stored, facts)
                is_publishing = False
            now = self.clock.now()
            ready = media.complete(facts, etag=etag, size_bytes=size_bytes, now=now)
            shown = await self._mark_ready(ready, until=until)
        except (TimeoutError, PartUnavailable, asyncio.CancelledError) as error:
            # What was asked of the store may still come true: then the claim stays until it runs
            # out, or another upload could be published, and this one over it.
            if not is_publishing:
                await self._release(media, until=until)
            if isinstance(error, TimeoutError):
                cause = f"no end in {WORK_TIMEOUT_S} s"
                raise PartUnavailable("object_store", cause) from error
            raise
        except REFUSALS:
            try:
                await self._remove_refused(media)
            finally:
                await self._release(media, until=until)
            raise
        except BaseException:
            await self._release(media, until=until)
            raise
        await self._enqueue_and_tidy(shown)
        return shown

    async def _verify(self, media: Media) -> tuple[StoredObject, ImageFacts]:
        try:
            stored = await self.store.stat(media.incoming_key)

            async def read(start: int, length: int) -> bytes:
                return await self.store.read(
                    media.incoming_key, start=start, length=length, etag=stored.etag
                )

            media.check_stored(size_bytes=stored.size_bytes, content_type=stored.content_type)
            facts = await self.images.inspect(read, size_bytes=stored.size_bytes)
            media.check_image(facts, max_pixels=self.policy.max_pixels)
        except ObjectMissing as error:
            raise ObjectNotUploaded(media.id) from error
        except ObjectChanged as error:
            raise UploadChanged(media.id) from error
        return stored, facts

    async def _publish(
        self, media: Media, stored: StoredObject, facts: ImageFacts
    ) -> tuple[str, int]:
        """ETag and size of the published object."""
        try:
            if not facts.has_location:
                etag = await self.store.publish(
                    media.incoming_key,
                    media.object_key,
                    etag=stored.etag,
                    content_type=media.content_type,
                )
                return etag, stored.size_bytes
            original = await self.store.read(media.incoming_key, etag=stored.etag)
        except ObjectMissing as error:
            raise ObjectNotUploaded(media.id) from error
        except ObjectChanged as error:
            raise UploadChanged(media.id) from error
        cleaned = await self.images.remove_location(original)
        etag = await self.store.put(media.object_key, cleaned, content_type=media.content_type)
        return etag, len(cleaned)

    async def _mark_ready(self, ready: Media, *, until: datetime) -> Media:
        leftover = self.plan.incoming_of(ready, now=self.clock.now())
        if await self.media.mark_ready(ready, claimed_until=until, deletions=[leftover]):
            return ready
        try:
            current = await self.media.get(ready.id)
        except MediaNotFound:
            # Deleted meanwhile: nothing refers to what was just published.
            await self.store.delete([ready.object_key])
            raise
        if not current.is_ready:  # Our claim ran out, and another request holds one now.
            raise CompletionInProgress(ready.id, retry_after_s=5)
        return current

    async def _remove_refused(self, media: Media) -> None:
        try:
            async with asyncio.timeout(TIDY_TIMEOUT_S):
                await self.store.delete([media.incoming_key])
        except TimeoutError as error:
            raise PartUnavailable("object_store", f"no end in {TIDY_TIMEOUT_S} s") from error

    async def _release(self, media: Media, *, until: datetime) -> None:
        try:
            await self.media.release_completion(media.id, until=until)
        except PartUnavailable as error:
            log.warning("The claim on media %s stays until it runs out. %s", media.id, error)

    async def _enqueue_and_tidy(self, media: Media) -> None:
        """What the sweep does later where it fails now: the media is ready either way."""
        try:
            async with asyncio.timeout(TIDY_TIMEOUT_S):
                await self.queue.enqueue(media.id)
                await self.store.delete([media.incoming_key])
        except (PartUnavailable, TimeoutError) as error:
            log.warning("Media %s is ready; the sweep does the rest. %s", media.id, error)
