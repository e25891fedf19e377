"""Time-driven cleaning: what was never finished or never shown goes, what is owed is asked for."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from mediaport.application.media.deletion_plan import DeletionPlan
from mediaport.application.media.remove_objects import RemoveObjects
from mediaport.application.ports.clock import Clock
from mediaport.application.ports.leases import Leases
from mediaport.application.ports.media_repository import MediaRepository
from mediaport.application.ports.thumbnail_queue import ThumbnailQueue
from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.domain.errors import MediaNotFound, MediaStillShown
from mediaport.domain.media import Media, MediaId
from mediaport.domain.policy import UploadPolicy

log = logging.getLogger(__name__)

BATCH = 100
# Of each kind of work, in one sweep.
MAX_BATCHES = 5
OWED_AT_ONCE = 500
LEASE = "sweep"
# Longer than a batch takes, also where the store hangs. Should it run out all the same, two clean
# at once, which costs work alone: each step is safe by itself.
LEASE_LASTS = timedelta(seconds=45)


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What one sweep did.

    Attributes:
        is_our_turn: False if another process was cleaning: then this one only asked for thumbnails.
        objects_left: Objects that are due and could not be removed.
        asked_for: Media whose thumbnails are owed, and were asked for.
    """

    is_our_turn: bool
    uploads_expired: int = 0
    unattached_removed: int = 0
    objects_removed: int = 0
    objects_left: int = 0
    asked_for: Sequence[MediaId] = ()

    @property
    def cleaned(self) -> int:
        """How much was cleaned; zero when all that is due is done."""
        return self.uploads_expired + self.unattached_removed + self.objects_removed


@dataclass(slots=True)
class _Turn:
    """The right to clean, which one process has at a time."""

    leases: Leases
    clock: Clock
    held_until: datetime | None = None

    async def take(self) -> bool:
        """Have it, or have it for longer; False if another process has it."""
        now = self.clock.now()
        until = now + LEASE_LASTS
        is_ours = await self.leases.claim(LEASE, now=now, until=until, held_until=self.held_until)
        self.held_until = until if is_ours else None
        return is_ours

    async def end(self) -> None:
        """Give it back, if we have it."""
        if self.held_until is None:
            return
        try:
            await self.leases.release(LEASE, held_until=self.held_until)
        except PartUnavailable as error:
            log.warning("The next sweep waits until this one's lease runs out. %s", error)


@dataclass(frozen=True, slots=True)
class Sweep:
    """Goes over what time has made due. Stopped anywhere, the next sweep goes on from there.

    One process at a time cleans. All of them ask for the thumbnails that are owed: so they share
    the work, and each media item has its own claim.
    """

    media: MediaRepository
    leases: Leases
    queue: ThumbnailQueue
    clock: Clock
    policy: UploadPolicy
    plan: DeletionPlan
    remove_objects: RemoveObjects

    async def __call__(self) -> Swept:
        """Do one round, at most some batches of each kind of work."""
        turn = _Turn(self.leases, self.clock)
        is_our_turn = await turn.take()
        try:
            expired = await _in_batches(self._expire_uploads, turn)
            unattached = await _in_batches(self._remove_unattached, turn)
            left: list[int] = []
            removed = await _in_batches(partial(self._remove_objects, left), turn)
        finally:
            await turn.end()
        if expired or unattached or removed:
            log.info(
                "Swept: %d uploads expired, %d unattached media removed, %d objects removed",
                expired,
                unattached,
                removed,
                extra={
                    "uploads_expired": expired,
                    "unattached_removed": unattached,
                    "objects_removed": removed,
                },
            )
        return Swept(
            is_our_turn=is_our_turn,
            uploads_expired=expired,
            unattached_removed=unattached,
            objects_removed=removed,
            objects_left=sum(left),
            # Asked for last: a queue that is down keeps nothing else from being cleaned.
            asked_for=await self._ask_for_thumbnails(),
        )

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

    async def _remove_unattached(self) -> int:
        before = self.clock.now() - timedelta(seconds=self.policy.unattached_ttl_s)
        unattached = await self.media.unattached(before=before, limit=BATCH)
        return sum([await self._purge(media) for media in unattached])

    async def _purge(self, media: Media) -> bool:
        """Whether it is gone. The database decides against whoever attaches it right now."""
        try:
            deletions = self.plan.all_of(media, now=self.clock.now())
            await self.media.purge(media, deletions=deletions)
        except (MediaStillShown, MediaNotFound):
            return False
        return True

    async def _remove_objects(self, left: list[int]) -> int:
        removed = await self.remove_objects.due(limit=BATCH)
        left.append(removed.left)
        return removed.objects

    async def _ask_for_thumbnails(self) -> Sequence[MediaId]:
        owed = await self.media.owed_thumbnails(now=self.clock.now(), limit=OWED_AT_ONCE)
        for media_id in owed:
            await self.queue.enqueue(media_id)
        return owed


async def _in_batches(work: Callable[[], Awaitable[int]], turn: _Turn) -> int:
    """Do work while it is our turn and there may be more of it; how much was done."""
    done = 0
    for number in range(MAX_BATCHES):
        if turn.held_until is None or (number > 0 and not await turn.take()):
            break
        found = await work()
        done += found
        if found < BATCH:
            break
    return done
