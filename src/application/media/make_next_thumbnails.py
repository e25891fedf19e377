"""A turn of a worker: the thumbnails of one media item, and whose that is.

Jobs say that something is owed, not what is made next: the database says that when a turn begins.
So one user's hundred uploads do not stand in front of another's one, whoever asked first.
"""

import asyncio
from dataclasses import dataclass, field

from mediaport.application.media.make_thumbnails import MakeThumbnails
from mediaport.application.ports.clock import Clock
from mediaport.application.ports.media_repository import (
    ANYONE,
    MediaRepository,
    OwedThumbnails,
)
from mediaport.domain.users import UserId


@dataclass(slots=True)
class Round:
    """How far this process is in going from owner to owner, and whose images are under way.

    It goes from the newest owner to the oldest: who has registered meanwhile waits for the next
    round, so that no stream of new owners keeps it from ever coming to the others.
    """

    last: UserId = ANYONE
    under_way: list[UserId] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class MakeNextThumbnails:
    """Makes what is owed, one media item of each owner in turn.

    What has no turn yet is not claimed: waiting takes no time from a claim.
    """

    media: MediaRepository
    make_thumbnails: MakeThumbnails
    clock: Clock
    turns: asyncio.Semaphore
    round: Round

    async def __call__(self) -> None:
        """Return when thumbnails of one media item are made or have failed, or none are owed.

        Raises:
            DecoderLost: What decoded it was killed; that counts as a start.
            PartUnavailable: A part is down; that counts for nothing.
        """
        under_way = self.round.under_way
        async with self.turns:
            while (owed := await self._choose()) is not None:
                under_way.append(owed.owner_id)
                try:
                    if await self.make_thumbnails(owed.media_id):
                        return
                finally:
                    under_way.remove(owed.owner_id)

    async def _choose(self) -> OwedThumbnails | None:
        """The next owner who has nothing under way here; where all have, the next one.

        So an owner of images that take long does not get all decoders while others wait.
        """
        passed: dict[UserId, OwedThumbnails] = {}
        while (owed := await self._next()) is not None:
            if owed.owner_id not in self.round.under_way:
                return owed
            if owed.owner_id in passed:
                break
            passed[owed.owner_id] = owed
        return next(iter(passed.values()), None)

    async def _next(self) -> OwedThumbnails | None:
        """Of the next owner; after the last one, of the first of another round."""
        now = self.clock.now()
        owed = await self.media.next_owed(before=self.round.last, now=now)
        if owed is None and self.round.last != ANYONE:
            owed = await self.media.next_owed(before=ANYONE, now=now)
        self.round.last = owed.owner_id if owed else ANYONE
        return owed
