"""Thumbnails are made anew, once sizes, quality or what was in the way have changed."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from mediaport.application.media.deletion_plan import WORK_LASTS, DeletionPlan
from mediaport.application.media.publish_thumbnails import PublishThumbnails
from mediaport.application.ports.clock import Clock
from mediaport.application.ports.images import BrokenImage, DecoderLost
from mediaport.application.ports.media_events import MediaEvents
from mediaport.application.ports.media_repository import MediaRepository
from mediaport.application.ports.object_store import ObjectMissing
from mediaport.application.ports.remake_repository import Remake, RemakeRepository, Stretch
from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.domain.errors import MediaNotFound
from mediaport.domain.keys import variant_keys
from mediaport.domain.media import Media
from mediaport.domain.policy import UploadPolicy

log = logging.getLogger(__name__)

# A run over everything that was killed makes at most so many media again.
BATCH = 200


class Outcome(StrEnum):
    """What came of one media item."""

    MADE = "made"
    NOTHING_TO_DO = "nothing_to_do"
    BROKEN = "broken"
    GONE = "gone"
    UNDONE = "undone"


Tell = Callable[[Outcome], None]
# The sizes, in pixels, that are to be made of a media item.
Wanted = Callable[[Media], tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class RemakeThumbnails:
    """Goes over a stretch of media, by id, and tells what came of each.

    Stopped anywhere, it leaves nothing half-done. Thumbnails that are owed are left to the workers.
    Beside workers, or beside another run, there is one result: the keys are the same for everyone.
    """

    media: MediaRepository
    remakes: RemakeRepository
    publish: PublishThumbnails
    events: MediaEvents
    clock: Clock
    policy: UploadPolicy
    plan: DeletionPlan

    async def missing(self, stretch: Stretch, *, concurrency: int, tell: Tell) -> None:
        """Make the sizes that are lacking; what failed through no fault of the picture, too.

        Raises:
            PartUnavailable: A part is down. What was done stays done.
        """
        async for batch in self._batches(stretch):
            await self._work_off(batch, self._lacking, concurrency=concurrency, tell=tell)

    async def everything(
        self, remake: Remake, stretch: Stretch, *, concurrency: int, tell: Tell
    ) -> None:
        """Make all sizes of all media. Where the run stands is kept after each batch.

        Raises:
            PartUnavailable: A part is down. What was done stays done.
        """
        async for batch in self._batches(stretch):
            await self._work_off(batch, self._all_sizes, concurrency=concurrency, tell=tell)
            await self.remakes.advance(replace(remake, last_media_id=batch[-1].id))
        await self.remakes.finish(remake, now=self.clock.now())

    def _lacking(self, media: Media) -> tuple[int, ...]:
        return media.lacking(self.policy.thumbnail_sizes)

    def _all_sizes(self, media: Media) -> tuple[int, ...]:
        return self.policy.thumbnail_sizes if media.has_settled else ()

    async def _batches(self, stretch: Stretch) -> AsyncIterator[Sequence[Media]]:
        after = stretch.after
        while batch := await self.remakes.page(stretch, after=after, limit=BATCH):
            yield batch
            after = batch[-1].id

    async def _work_off(
        self, batch: Sequence[Media], wanted: Wanted, *, concurrency: int, tell: Tell
    ) -> None:
        waiting = iter(batch)

        async def work() -> None:
            for media in waiting:
                tell(await self._outcome(media, wanted))

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(concurrency):
                    group.create_task(work())
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from errors

    async def _outcome(self, media: Media, wanted: Wanted) -> Outcome:
        if not wanted(media):
            return Outcome.NOTHING_TO_DO
        try:
            # It has waited for its turn, and others are at work: what is wanted now?
            current = await self.media.get(media.id)
            return await self._remake(current, wanted(current))
        except MediaNotFound:
            return Outcome.GONE
        except DecoderLost as error:
            log.warning("The thumbnails of media %s have to wait. %s", media.id, error)
        except PartUnavailable:
            raise
        except Exception:
            # A defect that one picture meets must not keep all others.
            log.exception("The thumbnails of media %s have to wait", media.id)
        return Outcome.UNDONE

    async def _remake(self, media: Media, sizes: tuple[int, ...]) -> Outcome:
        if not sizes:
            return Outcome.NOTHING_TO_DO
        now = self.clock.now()
        # No deletion that is written down meanwhile is due before that is over.
        held_until = now + WORK_LASTS
        keys = [*variant_keys(media.object_key, self.policy.thumbnail_sizes).values()]
        if not await self.media.hold_deletions(keys, now=now, until=held_until):
            log.warning("The thumbnails of media %s have to wait: old ones are going", media.id)
            return Outcome.UNDONE
        try:
            done = await self.publish(media, sizes=sizes)
        except (BrokenImage, ObjectMissing) as error:
            return await self._leave(media, error, held_until=held_until)
        if await self._save(done, held_until=held_until):
            return Outcome.MADE
        if await self.publish.take_back(done):
            return Outcome.GONE
        log.warning("The thumbnails of media %s have to wait: they took too long", media.id)
        return Outcome.UNDONE

    async def _leave(
        self, media: Media, error: BrokenImage | ObjectMissing, *, held_until: datetime
    ) -> Outcome:
        """Good media keep what they have; those that had failed say why they do now."""
        await self.media.get(media.id)  # deleted meanwhile, it is gone, not broken
        reason = error.reason if isinstance(error, BrokenImage) else "original_missing"
        log.warning("Media %s is left as it is: %s", media.id, error)
        if media.thumbnails_error not in {None, reason}:
            failed = media.without_thumbnails(reason=reason)
            await self._save(failed, held_until=held_until)
        return Outcome.BROKEN

    async def _save(self, done: Media, *, held_until: datetime) -> bool:
        now = self.clock.now()
        dropped_due_at = self.plan.dropped_at(now=now)
        saved = await self.media.replace_thumbnails(
            done, now=now, held_until=held_until, dropped_due_at=dropped_due_at
        )
        if saved:
            self.events.tell(done.id, owner_id=done.owner_id)
        return saved
