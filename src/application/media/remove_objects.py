"""Objects that nothing refers to leave the store."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from mediaport.application.ports.clock import Clock
from mediaport.application.ports.media_repository import (
    REMOVAL_CLAIM_LASTS,
    MediaRepository,
    ObjectDeletion,
)
from mediaport.application.ports.object_store import ObjectStore
from mediaport.application.ports.unavailable import PartUnavailable

log = logging.getLogger(__name__)


CHUNK = 50
# One object that cannot be removed must not keep all others; a store that is down is not asked on.
MAX_FAILURES = 2
# What the sweep can do later, too, holds up nobody for longer than this.
AT_ONCE_S = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """How many objects were removed, and how many could not be: another sweep tries again."""

    objects: int
    left: int


@dataclass(frozen=True, slots=True)
class RemoveObjects:
    """Carries out deletions that were written down, again and again until they worked."""

    media: MediaRepository
    store: ObjectStore
    clock: Clock

    async def at_once(self, deletions: Sequence[ObjectDeletion]) -> None:
        """Remove what is written down, or will be, so that nobody has to wait for the sweep.

        Where the store is down or hangs, nothing is lost: the sweep does it.
        """
        try:
            async with asyncio.timeout(AT_ONCE_S):
                await self.store.delete([deletion.object_key for deletion in deletions])
        except (PartUnavailable, TimeoutError) as error:
            log.warning("%d objects wait for the sweep. %s", len(deletions), error)

    async def due(self, *, limit: int) -> Removed:
        """Remove the objects that are due, at most `limit`."""
        removed = tried = failures = 0
        while tried < limit and failures < MAX_FAILURES:
            chunk = await self._claim(min(CHUNK, limit - tried))
            if not chunk:
                break
            tried += len(chunk)
            try:
                await self.store.delete([key for _, key in chunk])
            except PartUnavailable as error:
                log.warning("%d objects wait for another sweep. %s", len(chunk), error)
                failures += 1
                continue
            await self.media.forget_deletions([number for number, _ in chunk])
            removed += len(chunk)
        return Removed(objects=removed, left=tried - removed)

    async def _claim(self, limit: int) -> Sequence[tuple[int, str]]:
        now = self.clock.now()
        return await self.media.claim_deletions(
            now=now, until=now + REMOVAL_CLAIM_LASTS, limit=limit
        )
