"""What the database says of the objects in the bucket."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mediaport.domain.media import Media, MediaId


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How much there is to compare.

    Attributes:
        media: Of every status, in any bucket.
        is_of_bucket: Whether the database can be that of the bucket that was asked about: ready
            media lie there.
    """

    media: int
    is_of_bucket: bool


# Whoever has more of them to do knows enough, and counting takes no second.
MOST = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Debts:
    """What is still to be done for media, by whoever comes to it. Of each, at most `MOST` count.

    Attributes:
        longest_owed: The media item whose thumbnails are owed for the longest time.
        owed_since: When it became ready.
        objects_to_remove: Those that are written down, due or not.
    """

    thumbnails_owed: int
    longest_owed: MediaId | None
    owed_since: datetime | None
    objects_to_remove: int


class Inventory(Protocol):
    """The rows that objects belong to. Each method is one transaction, and a short one.

    Every method raises `PartUnavailable` when the database does not answer.
    """

    @abstractmethod
    async def extent(self, bucket: str) -> Extent:
        """How many media there are, and whether the database can be that of `bucket`."""
        ...

    @abstractmethod
    async def ready_media(self, *, after: str, up_to: str | None, limit: int) -> Sequence[Media]:
        """Ready media with their variants, of any bucket, by the bytes of their object key.

        Those whose object key comes after `after`, and not after `up_to` if there is one.
        """
        ...

    @abstractmethod
    async def known(self, keys: Sequence[str]) -> set[str]:
        """Those of some keys whose object something refers to, or may be about to.

        Of media in any bucket: the original, also while it is pending: it is published before the
        row says so. The upload, while it is pending. What has a variant, and every key that a
        thumbnail can have while it is owed: it is put before the row says so. And what is written
        down to be removed.
        """
        ...

    @abstractmethod
    async def write_down(
        self, keys: Sequence[str], *, due_at: datetime, remakable_due_at: datetime
    ) -> Sequence[str]:
        """Write objects down to be removed, unless they are `known` by now; those that were.

        Of a media item that is there, a thumbnail may just be made anew: it is due at
        `remakable_due_at`. Nobody makes the others: they are due at `due_at`.
        """
        ...

    @abstractmethod
    async def owe_thumbnails(
        self, media: Media, *, to_come: Sequence[str], now: datetime, dropped_due_at: datetime
    ) -> bool:
        """Keep that `media` owes its thumbnails, and forget its variants and their claims.

        Strikes the deletions of the keys `to_come` off: they will be made. Objects of other
        variants are written down as due at `dropped_due_at`. Nothing is kept if the media item is
        gone or has no thumbnails, or someone may be removing one of those to come.
        """
        ...

    @abstractmethod
    async def debts(self) -> Debts:
        """What is still to be done."""
        ...
