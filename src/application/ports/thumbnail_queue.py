"""How thumbnails are asked for."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from mediaport.domain.media import MediaId


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What a queue has to do: jobs that wait, jobs in hand, and how long the first one waits."""

    queued: int
    active: int
    age_s: float


@runtime_checkable  # HTTP handlers ask for it by its type
class ThumbnailQueue(Protocol):
    """Asks for thumbnails to be made soon. It may forget: the media row says what is owed."""

    @abstractmethod
    async def enqueue(self, media_id: MediaId) -> None:
        """Ask for the thumbnails of one media item. Asking twice is no harm.

        Raises:
            PartUnavailable: The queue did not take it, or not in time.
        """
        ...

    @abstractmethod
    async def backlog(self) -> Backlog:
        """What there is to do. Costs the same however much that is.

        Raises:
            PartUnavailable: The queue does not answer, or not in time.
        """
        ...

    @abstractmethod
    async def check(self) -> None:
        """Return if the queue takes work.

        Raises:
            PartUnavailable: It does not.
        """
        ...
