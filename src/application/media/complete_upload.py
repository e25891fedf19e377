"""A browser says that its bytes arrived: verify them, publish them, ask for thumbnails."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from mediaport.application.media.deletion_plan import DeletionPlan
from mediaport.application.media.remove_objects import AT_ONCE_S, RemoveObjects
from mediaport.application.ports.clock import Clock
from mediaport.application.ports.images import Images
from mediaport.application.ports.media_events import MediaEvents
from mediaport.application.ports.media_repository import (
    COMPLETION_CLAIM_LASTS,
    MediaRepository,
    ObjectDeletion,
)
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
from mediaport.domain.keys import KeyPrefixes
from mediaport.domain.media import ImageFacts, Media, MediaId
from mediaport.domain.policy import UploadPolicy
from mediaport.domain.users import UserId

log = logging.getLogger(__name__)

# What was uploaded is not as declared: it goes, and may be uploaded again.
REFUSALS = (SizeMismatch, ContentTypeMismatch, NotAnImage, TooManyPixels)
# A caller has an answer within five seconds, well before the claim runs out.
WORK_TIMEOUT_S = 4.5
WAIT_STEPS_S = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0, 1.0)
# Pictures up to this are held in memory while they are looked at: that takes the store half of what
# copying them twice takes, and fewer calls. Larger ones would fill it where many come at once.
HELD_BYTES = 1024 * 1024
# What is read at once of larger ones: mostly all that has to be seen of their beginning.
HEAD_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Taken:
    """An upload that can no longer be swapped: in memory as a whole, or staged under `key`."""

    key: str
    stored: StoredObject
    head: bytes

    @property
    def is_whole(self) -> bool:
        """Whether all of it is in memory."""
        return len(self.head) == self.stored.size_bytes


@dataclass(frozen=True, slots=True)
class CompleteUpload:
    """Moves a media item from pending to ready, once, however many callers ask at once.

    One caller at a time holds the claim in the database. Without it a second caller could publish
    another object, uploaded meanwhile, over the one that the first caller published. What is looked
    at is out of reach of signed URLs, in memory or as a copy in the store, and that is published.
    """

    media: MediaRepository
    store: ObjectStore
    images: Images
    queue: ThumbnailQueue
    events: MediaEvents
    clock: Clock
    policy: UploadPolicy
    prefixes: KeyPrefixes
    plan: DeletionPlan
    remove_objects: RemoveObjects

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
        deadline = asyncio.get_running_loop().time() + WORK_TIMEOUT_S
        for wait_s in (*WAIT_STEPS_S, None):
            media = await self.media.get(media_id)
            media.require_owner(by)
            if media.is_ready:
                return media
            now = self.clock.now()
            media.require_uploadable(now)
            until = now + COMPLETION_CLAIM_LASTS
            staged = self._to_be_staged(media, until=until)
            claimed = await self.media.claim_completion(
                media_id, now=now, until=until, deletions=staged
            )
            if claimed:
                return await self._complete(claimed, staged, until=until, deadline=deadline)
            if wait_s:
                await asyncio.sleep(wait_s)
        raise CompletionInProgress(media_id, retry_after_s=5)

    def _to_be_staged(self, media: Media, *, until: datetime) -> list[ObjectDeletion]:
        """The copy that has to go again; none for what is held in memory."""
        if media.size_bytes <= HELD_BYTES:
            return []
        key = self.prefixes.staged_key(name=uuid4().hex, content_type=media.content_type)
        return [self.plan.staged(key, claimed_until=until)]

    async def _complete(
        self, media: Media, staged: list[ObjectDeletion], *, until: datetime, deadline: float
    ) -> Media:
        leftovers = [self.plan.incoming_of(media, now=self.clock.now()), *staged]
        is_publishing = False
        try:
            async with asyncio.timeout_at(deadline):
                taken = await self._take(media, staged)
                facts = await self._verify(media, taken)
                is_publishing = True
                etag, size_bytes = await self._publish(media, taken, facts)
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
        except BaseException as error:
            if isinstance(error, REFUSALS):
                await self.remove_objects.at_once(leftovers)
            await self._release(media, until=until)
            if isinstance(error, ObjectMissing):
                raise ObjectNotUploaded(media.id) from error
            if isinstance(error, ObjectChanged):
                raise UploadChanged(media.id) from error
            raise
        self.events.tell(shown.id, owner_id=shown.owner_id)
        await asyncio.gather(self._enqueue(shown), self.remove_objects.at_once(leftovers))
        return shown

    async def _take(self, media: Media, staged: list[ObjectDeletion]) -> Taken:
        """The upload as it is now, out of reach of whoever uploads."""
        key, length = media.incoming_key, media.size_bytes
        if staged:
            key, length = staged[0].object_key, HEAD_BYTES
            await self.store.stage(media.incoming_key, key)
        stored, head = await self.store.stat_and_read(key, length=length)
        media.check_stored(size_bytes=stored.size_bytes, content_type=stored.content_type)
        return Taken(key, stored, head)

    async def _verify(self, media: Media, taken: Taken) -> ImageFacts:
        async def read(start: int, length: int) -> bytes:
            if taken.is_whole or start + length <= len(taken.head):
                return taken.head[start : start + length]
            etag = taken.stored.etag
            return await self.store.read(taken.key, start=start, length=length, etag=etag)

        facts = await self.images.inspect(read, size_bytes=taken.stored.size_bytes)
        media.check_image(facts, max_pixels=self.policy.max_pixels)
        return facts

    async def _publish(self, media: Media, taken: Taken, facts: ImageFacts) -> tuple[str, int]:
        """ETag and size of the published object."""
        key, content_type, etag = media.object_key, media.content_type, taken.stored.etag
        if not (taken.is_whole or facts.needs_stripping):
            etag = await self.store.publish(taken.key, key, etag=etag, content_type=content_type)
            return etag, taken.stored.size_bytes
        body = taken.head if taken.is_whole else await self.store.read(taken.key, etag=etag)
        if facts.needs_stripping:
            body = await self.images.strip(body)
        return await self.store.put(key, body, content_type=content_type), len(body)

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

    async def _release(self, media: Media, *, until: datetime) -> None:
        try:
            await self.media.release_completion(media.id, until=until)
        except PartUnavailable as error:
            log.warning("The claim on media %s stays until it runs out. %s", media.id, error)

    async def _enqueue(self, media: Media) -> None:
        """The media is ready whatever the queue says."""
        try:
            async with asyncio.timeout(AT_ONCE_S):
                await self.queue.enqueue(media.id)
        except (PartUnavailable, TimeoutError) as error:
            log.warning("Media %s is ready; its thumbnails come by the sweep. %s", media.id, error)
