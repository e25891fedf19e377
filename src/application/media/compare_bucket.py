"""Database and bucket side by side: which objects have no row, which rows have no object."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from mediaport.application.ports.clock import Clock
from mediaport.application.ports.inventory import Inventory
from mediaport.application.ports.media_repository import MediaRepository
from mediaport.application.ports.object_store import ListedObject, ObjectMissing, ObjectStore
from mediaport.domain.errors import MediaNotFound
from mediaport.domain.keys import KeyPrefixes
from mediaport.domain.media import Media
from mediaport.domain.policy import UploadPolicy

# As many objects, or media, as are looked at together: what a store lists at once.
PAGE = 1000
# As many lost objects as the store is asked about at the same time.
ASKED_AT_ONCE = 8
# Nothing that we do takes hours. Two days leave time to notice that a database was restored from
# an old backup, or is the wrong one, before its newest pictures go.
STRAY_AFTER = timedelta(hours=48)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Objects of `media`, as it is now, that the store does not have."""

    media: Media
    keys: Sequence[str]

    @property
    def can_be_healed(self) -> bool:
        """Whether the original is there, to make the others from."""
        return self.media.object_key not in self.keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What was compared, and what differs.

    Attributes:
        media: How many ready media were looked at.
        objects: How many objects were listed.
        elsewhere: How many of the media lie in another bucket, which nobody looked at.
        young: Objects that no row knows, but that may still get one.
        strays: Objects that no row knows, and that are too old to get one.
        lacking: Media without thumbnails of some sizes, in pixels, that nobody will make by itself.
    """

    media: int = 0
    objects: int = 0
    elsewhere: int = 0
    young: Sequence[ListedObject] = ()
    strays: Sequence[ListedObject] = ()
    lost: Sequence[Lost] = ()
    lacking: Sequence[tuple[Media, tuple[int, ...]]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    """All objects whose keys come after `after`, and not after `up_to` if there is one."""

    after: str
    up_to: str | None
    objects: Sequence[ListedObject]


@dataclass(frozen=True, slots=True)
class CompareBucket:
    """Walks bucket and rows in the order of their keys, a stretch at a time; changes nothing.

    Objects are listed first, then rows are asked for: whoever publishes or deletes meanwhile is
    seen in the rows. The order saves work, and nothing is concluded from it: an object is a stray
    only if no row anywhere knows its key, and is lost only if the store says so of its key.
    """

    store: ObjectStore
    inventory: Inventory
    media: MediaRepository
    clock: Clock
    policy: UploadPolicy
    prefixes: KeyPrefixes

    async def __call__(self) -> AsyncIterator[Compared]:
        """What differs, stretch by stretch, in memory that does not grow with the bucket.

        Raises:
            PartUnavailable: The store or the database is down.
        """
        async for window in self._windows(self.prefixes.published):
            unexplained = {each.key: each for each in window.objects}
            async for media in self._media_in(window):
                yield await self._of_media(media, unexplained)
            yield await self._of_objects(window, unexplained.values())
        async for window in self._windows(self.prefixes.incoming):
            yield await self._of_objects(window, window.objects)

    async def _windows(self, prefix: str) -> AsyncIterator[_Window]:
        """All keys there are, cut between folders: so a media item's objects stay together."""
        after = ""
        held: list[ListedObject] = []
        async for each in self.store.objects_under(prefix):
            held.append(each)
            if len(held) < PAGE:
                continue
            folder = each.key.rpartition("/")[0]
            whole = [found for found in held if found.key.rpartition("/")[0] != folder] or held
            up_to = whole[-1].key
            yield _Window(after=after, up_to=up_to, objects=whole)
            after, held = up_to, held[len(whole) :]
        yield _Window(after=after, up_to=None, objects=held)

    async def _media_in(self, window: _Window) -> AsyncIterator[Sequence[Media]]:
        after, is_full = window.after, True
        while is_full:
            media = await self.inventory.ready_media(after=after, up_to=window.up_to, limit=PAGE)
            is_full = len(media) == PAGE
            if media:
                after = media[-1].object_key
                yield media

    async def _of_media(
        self, page: Sequence[Media], unexplained: dict[str, ListedObject]
    ) -> Compared:
        here = [media for media in page if media.bucket == self.store.bucket]
        lost = await self._lost(here, unexplained)
        losers = {each.media.id for each in lost}
        for media in page:
            for key in media.published_keys(()):
                unexplained.pop(key, None)
        lacking = [(media, media.lacking(self.policy.thumbnail_sizes)) for media in here]
        return Compared(
            media=len(page),
            elsewhere=len(page) - len(here),
            lost=lost,
            lacking=[each for each in lacking if each[1] and each[0].id not in losers],
        )

    async def _lost(self, page: Sequence[Media], listed: Collection[str]) -> Sequence[Lost]:
        missed = [
            (media, keys)
            for media in page
            if (keys := [key for key in media.published_keys(()) if key not in listed])
        ]
        lost: list[Lost] = []
        for start in range(0, len(missed), ASKED_AT_ONCE):
            some = missed[start : start + ASKED_AT_ONCE]
            answers = await asyncio.gather(*(self._asked(media, keys) for media, keys in some))
            lost += [answer for answer in answers if answer]
        return lost

    async def _asked(self, media: Media, keys: Sequence[str]) -> Lost | None:
        """What is lost, once store and row were asked again, in this order.

        Whoever deletes a media item forgets its row before its objects.
        """
        gone = [key for key in keys if not await self._is_there(key)]
        if not gone:
            return None
        try:
            current = await self.media.get(media.id)
        except MediaNotFound:
            return None
        still = [key for key in gone if key in current.published_keys(())]
        return Lost(media=current, keys=still) if still else None

    async def _is_there(self, key: str) -> bool:
        try:
            await self.store.stat(key)
        except ObjectMissing:
            return False
        return True

    async def _of_objects(self, window: _Window, unexplained: Collection[ListedObject]) -> Compared:
        keys = [each.key for each in unexplained]
        known = await self.inventory.known(keys) if keys else set()
        unknown = [each for each in unexplained if each.key not in known]
        born_before = self.clock.now() - STRAY_AFTER
        return Compared(
            objects=len(window.objects),
            young=[each for each in unknown if each.modified_at >= born_before],
            strays=[each for each in unknown if each.modified_at < born_before],
        )
