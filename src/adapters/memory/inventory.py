"""What rows say of objects, in memory."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from mediaport.adapters.memory.tables import MemoryTables
from mediaport.application.ports.inventory import MOST, Debts, Extent, Inventory
from mediaport.application.ports.media_repository import ObjectDeletion
from mediaport.domain.keys import originals_of
from mediaport.domain.media import Media, ThumbnailsStatus


class MemoryInventory(Inventory):
    """Reads `MemoryTables`."""

    def __init__(self, tables: MemoryTables) -> None:
        self._tables = tables

    async def extent(self, bucket: str) -> Extent:
        """Count media."""
        self._tables.answer()
        media = self._tables.media.values()
        lies_there = any(each.is_ready and each.bucket == bucket for each in media)
        return Extent(media=len(media), is_of_bucket=lies_there)

    async def ready_media(self, *, after: str, up_to: str | None, limit: int) -> Sequence[Media]:
        """Ready media by their object key."""
        self._tables.answer()
        found = [
            media
            for media in self._tables.media.values()
            if media.is_ready
            and media.object_key > after
            and (up_to is None or media.object_key <= up_to)
        ]
        return sorted(found, key=lambda media: media.object_key)[:limit]

    async def known(self, keys: Sequence[str]) -> set[str]:
        """Those keys that something refers to, or may be about to."""
        self._tables.answer()
        named = set(self._named())
        owing = {
            media.object_key
            for media in self._tables.media.values()
            if media.thumbnails_status is ThumbnailsStatus.PENDING
        }
        return {key for key in keys if key in named or not owing.isdisjoint(originals_of(key))}

    def _named(self) -> Iterator[str]:
        for media in self._tables.media.values():
            yield from media.published_keys(())
            if not media.is_ready:
                yield media.incoming_key
        for deletion in self._tables.deletions.values():
            yield deletion.object_key

    async def write_down(
        self, keys: Sequence[str], *, due_at: datetime, remakable_due_at: datetime
    ) -> Sequence[str]:
        """Write objects down, unless they are known."""
        known = await self.known(keys)
        originals = {media.object_key for media in self._tables.media.values()}
        strays = [key for key in keys if key not in known]
        self._tables.write_down(
            [
                ObjectDeletion(
                    object_key=key,
                    due_at=due_at if originals.isdisjoint(originals_of(key)) else remakable_due_at,
                )
                for key in strays
            ]
        )
        return strays

    async def owe_thumbnails(
        self, media: Media, *, to_come: Sequence[str], now: datetime, dropped_due_at: datetime
    ) -> bool:
        """Keep that thumbnails are owed."""
        self._tables.answer()
        current = self._tables.media.get(media.id)
        numbers = self._tables.unclaimed_deletions(to_come, now=now)
        if current is None or not current.variants or numbers is None:
            return False
        self._tables.strike_off(numbers)
        self._tables.media[media.id] = current.owing_thumbnails()
        self._tables.thumbnail_claims.pop(media.id, None)
        self._tables.thumbnail_starts.pop(media.id, None)
        self._tables.write_down(
            [
                ObjectDeletion(object_key=variant.object_key, due_at=dropped_due_at)
                for variant in current.variants
                if variant.object_key not in to_come
            ]
        )
        return True

    async def debts(self) -> Debts:
        """Count what is owed and what is to be removed."""
        self._tables.answer()
        owed = sorted(
            (media.ready_at, media.id)
            for media in self._tables.media.values()
            if media.owes_thumbnails
        )
        return Debts(
            thumbnails_owed=min(len(owed), MOST),
            longest_owed=owed[0][1] if owed else None,
            owed_since=owed[0][0] if owed else None,
            objects_to_remove=min(len(self._tables.deletions), MOST),
        )
