"""How whoever waits for a media item learns that it has changed."""

from abc import abstractmethod
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager
from typing import Protocol, runtime_checkable

from mediaport.domain.media import MediaId
from mediaport.domain.users import UserId

# Media that one subscription has not looked at yet.
MAX_UNSEEN = 256

Changes = AsyncIterator[MediaId]


@runtime_checkable  # HTTP handlers ask for it by its type
class MediaEvents(Protocol):
    """Passes on hints that media have changed. It may forget: the database says what is.

    A subscription ends where something may have been missed: then look at the media, and subscribe
    again.
    """

    @abstractmethod
    def tell(self, media_id: MediaId, *, owner_id: UserId) -> None:
        """Say that a media item of that user has changed. This never fails and never waits."""
        ...

    @abstractmethod
    def subscribe(self, owner_id: UserId) -> AbstractContextManager[Changes]:
        """The media of one user that change while the block runs.

        One that changes again before it was looked at is named once. Whoever leaves more than
        `MAX_UNSEEN` unseen has missed something.
        """
        ...

    @abstractmethod
    def end_subscriptions(self) -> None:
        """End those that are there, after what they have not looked at yet."""
        ...
