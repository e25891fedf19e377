"""Where runs that make thumbnails anew stand, and what lies before them."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mediaport.domain.media import Media, MediaId


@dataclass(frozen=True, slots=True, kw_only=True)
class Remake:
    """A run over all media, done up to `last_media_id`.

    Attributes:
        recipe: What the thumbnails are made with, in words.
    """

    id: int
    started_at: datetime
    recipe: str
    last_media_id: MediaId


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """The media after one id, up to another, when they were counted."""

    after: MediaId
    up_to: MediaId
    count: int


class RemakeRepository(Protocol):
    """Runs over all media, of which the latest counts. Each method is one transaction.

    Every method raises `PartUnavailable` when the database does not answer.
    """

    @abstractmethod
    async def unfinished(self) -> Remake | None:
        """The latest run, unless it was finished."""
        ...

    @abstractmethod
    async def begin(self, *, recipe: str, now: datetime) -> Remake:
        """A new run, before the first media item."""
        ...

    @abstractmethod
    async def advance(self, remake: Remake) -> None:
        """Keep where the run stands; never behind where it stood."""
        ...

    @abstractmethod
    async def finish(self, remake: Remake, *, now: datetime) -> None:
        """Keep that there is nothing left to do for the run."""
        ...

    @abstractmethod
    async def ahead(self, *, after: MediaId) -> Stretch:
        """All media after that one, up to the latest."""
        ...

    @abstractmethod
    async def page(self, stretch: Stretch, *, after: MediaId, limit: int) -> Sequence[Media]:
        """The next media of the stretch with their variants, by id, whatever their status."""
        ...
