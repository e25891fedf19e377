"""What a user takes along: an archive that a person can read, and another Mediaport can import.

Its layout is `FORMAT`, in `VERSION`; docs/how-to/move-and-delete.md describes it.
"""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mediaport.domain.posts import Comment, Post

FORMAT, VERSION = "mediaport-export", 1


class ArchiveUnfit(Exception):
    """Raised when an archive is damaged, lies, or is none. Its words say where and how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedProfile:
    """Who it is all of. `avatar` is the id of a media item in the archive."""

    username: str
    created_at: datetime
    avatar: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedMedia:
    """A media item, and its original as it was published.

    Attributes:
        id: What it had where it comes from; posts and the profile name it so.
        sha256: Of the original, in hexadecimal; None where its object was lost.
    """

    id: int
    kind: str
    content_type: str
    size_bytes: int
    width: int
    height: int
    alt: str | None
    created_at: datetime
    sha256: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedPost:
    """A post. `media` is the id of a media item in the archive."""

    id: int
    body: str
    created_at: datetime
    media: int | None
    like_count: int = 0
    comment_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedComment:
    """What the user said under a post of anyone's."""

    id: int
    post: int
    body: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedLike:
    """A post of anyone's that the user likes."""

    post: int
    created_at: datetime


Exported = ExportedProfile | ExportedMedia | ExportedPost | ExportedComment | ExportedLike


class ArchiveWriter(Protocol):
    """Writes an archive, bit by bit. What was begun and not finished is no archive."""

    @abstractmethod
    async def keep(self, media: ExportedMedia, body: bytes) -> None:
        """Keep the original of a media item."""
        ...

    @abstractmethod
    def add(self, exported: Exported) -> None:
        """Keep a fact. Those of one kind are read again in the order in which they came."""
        ...


class ArchiveReader(Protocol):
    """Reads an archive that anyone may have made, bit by bit.

    Every method raises `ArchiveUnfit` where the archive is not as it should be.
    """

    @abstractmethod
    def profile(self) -> ExportedProfile:
        """Who it is all of."""
        ...

    @abstractmethod
    def media(self) -> Iterator[ExportedMedia]:
        """The media items."""
        ...

    @abstractmethod
    def posts(self) -> Iterator[ExportedPost]:
        """The posts."""
        ...

    @abstractmethod
    async def original(self, media: ExportedMedia) -> bytes:
        """The original of a media item: of its size, and with its hash."""
        ...


def exported_post(post: Post) -> ExportedPost:
    """A post as an archive has it."""
    return ExportedPost(
        id=post.id,
        body=post.body,
        created_at=post.created_at,
        media=post.media_id,
        like_count=post.like_count,
        comment_count=post.comment_count,
    )


def exported_comment(comment: Comment) -> ExportedComment:
    """A comment as an archive has it."""
    return ExportedComment(
        id=comment.id, post=comment.post_id, body=comment.body, created_at=comment.created_at
    )
