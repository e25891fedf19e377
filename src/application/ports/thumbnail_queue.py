"""How thumbnails are asked for."""

from abc import abstractmethod
from typing import Protocol

from mediaport.domain.media import MediaId


class ThumbnailQueue(Protocol):
    """Asks for thumbnails to be made soon. It may forget: the media row says what is owed."""

    @abstractmethod
    async def enqueue(self, media_id: MediaId) -> None:
        """Ask for the thumbnails of one media item. Asking twice is no harm.

        Raises:
            PartUnavailable: The queue did not take it, or not in time.
        """
        ...
