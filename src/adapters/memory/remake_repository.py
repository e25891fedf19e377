"""Runs that make thumbnails anew, in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from mediaport.adapters.memory.tables import MemoryTables
from mediaport.application.ports.remake_repository import Remake, RemakeRepository, Stretch
from mediaport.domain.media import Media, MediaId


class MemoryRemakeRepository(RemakeRepository):
    """Keeps runs in `MemoryTables`."""

    def __init__(self, tables: MemoryTables) -> None:
        self._tables = tables

    async def unfinished(self) -> Remake | None:
        """The latest run, unless it was finished."""
        self._tables.answer()
        latest = max(self._tables.remakes, default=0)
        return None if latest in self._tables.finished_remakes else self._tables.remakes.get(latest)

    async def begin(self, *, recipe: str, now: datetime) -> Remake:
        """Keep a new run."""
        self._tables.answer()
        number = self._tables.next_id("remakes")
        remake = Remake(id=number, started_at=now, recipe=recipe, last_media_id=MediaId(0))
        self._tables.remakes[number] = remake
        return remake

    async def advance(self, remake: Remake) -> None:
        """Keep where the run stands, if that is further on."""
        self._tables.answer()
        current = self._tables.remakes[remake.id]
        last = max(current.last_media_id, remake.last_media_id)
        self._tables.remakes[remake.id] = replace(current, last_media_id=last)

    async def finish(self, remake: Remake, *, now: datetime) -> None:  # noqa: ARG002 - nothing here shows when
        """Keep that the run was finished."""
        self._tables.answer()
        self._tables.finished_remakes.add(remake.id)

    async def ahead(self, *, after: MediaId) -> Stretch:
        """Count media."""
        self._tables.answer()
        ids = [media_id for media_id in self._tables.media if media_id > after]
        return Stretch(after=after, up_to=max(ids, default=after), count=len(ids))

    async def page(self, stretch: Stretch, *, after: MediaId, limit: int) -> Sequence[Media]:
        """The next media of the stretch."""
        self._tables.answer()
        ids = sorted(each for each in self._tables.media if after < each <= stretch.up_to)
        return [self._tables.media[media_id] for media_id in ids[:limit]]
