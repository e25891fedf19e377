"""Stored URLs, in memory."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from mediaport.adapters.memory.tables import MemoryTables
from mediaport.application.ports.public_urls import BasesPage, PublicUrls, RewrittenPage
from mediaport.domain.media import Media, MediaId


class MemoryPublicUrls(PublicUrls):
    """Reads and changes `MemoryTables`."""

    def __init__(self, tables: MemoryTables) -> None:
        self._tables = tables

    async def bases(self, *, bucket: str, after: MediaId, limit: int) -> BasesPage:
        """Count bases."""
        page = self._page(after, limit)
        here = [media for media in page if media.bucket == bucket]
        return BasesPage(
            last=page[-1].id if page else None,
            counts=Counter(_base_of(media) for media in here),
            elsewhere=len(page) - len(here),
        )

    async def rewrite(
        self, *, bucket: str, base: str, old: str | None, after: MediaId, limit: int
    ) -> RewrittenPage:
        """Give media another base."""
        page = self._page(after, limit)
        chosen = [
            media
            for media in page
            if media.bucket == bucket
            and _base_of(media) != base
            and (old is None or _base_of(media) == old)
        ]
        for media in chosen:
            variants = (
                replace(each, public_url=f"{base}/{each.object_key}") for each in media.variants
            )
            self._tables.media[media.id] = replace(
                media, public_url=f"{base}/{media.object_key}", variants=tuple(variants)
            )
        return RewrittenPage(last=page[-1].id if page else None, media=len(chosen))

    def _page(self, after: MediaId, limit: int) -> Sequence[Media]:
        self._tables.answer()
        ids = sorted(each for each in self._tables.media if each > after)
        return [self._tables.media[media_id] for media_id in ids[:limit]]


def _base_of(media: Media) -> str:
    return media.public_url.removesuffix(f"/{media.object_key}")
