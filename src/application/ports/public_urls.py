"""The URLs that media are served at, as they are stored: a base, a slash, and the object's key."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from mediaport.domain.media import MediaId


@dataclass(frozen=True, slots=True, kw_only=True)
class BasesPage:
    """Some media, by the bases of their URLs.

    Attributes:
        last: The last of them, by id; None if there are none.
        counts: How many of the bucket have each base.
        elsewhere: How many are in other buckets.
    """

    last: MediaId | None
    counts: Mapping[str, int]
    elsewhere: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RewrittenPage:
    """Some media, of which `media` got another base."""

    last: MediaId | None
    media: int


class PublicUrls(Protocol):
    """Stored URLs, page by page, by the ids of their media. Each method is one short transaction.

    Every method raises `PartUnavailable` when the database does not answer.
    """

    @abstractmethod
    async def bases(self, *, bucket: str, after: MediaId, limit: int) -> BasesPage:
        """The bases of the next media."""
        ...

    @abstractmethod
    async def rewrite(
        self, *, bucket: str, base: str, old: str | None, after: MediaId, limit: int
    ) -> RewrittenPage:
        """Give those of the next media that are in `bucket` the base `base`, variants and all.

        With `old`, only those that have that base.
        """
        ...
