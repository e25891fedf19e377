"""What may be uploaded: kinds, content types and their limits."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NewType

from mediaport.domain.errors import (
    ContentTypeNotAllowed,
    KindUnknown,
    SizeNotPositive,
    SizeTooLarge,
    StorageQuotaExceeded,
    TooManyPendingBytes,
    TooManyPendingUploads,
)

Kind = NewType("Kind", str)
"""What a media item is for. It never changes, and outlives the policy that it was uploaded under.

A `UploadPolicy` says which kinds there are. Two are shown by posts and profiles; others by the
places of an app that Mediaport is built into.
"""

POST_IMAGE, AVATAR = Kind("post_image"), Kind("avatar")
KIND_PATTERN = "[a-z][a-z0-9_]{0,19}"


class ContentType(StrEnum):
    """The image formats that are accepted, by their media types."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"

    @property
    def extension(self) -> str:
        """The ending of an object key of this type, without the dot."""
        return _EXTENSIONS[self]


# Nothing that is stored goes by itself: when to ask again is anyone's guess.
UNTIL_DELETED_S = 3600


class MetadataRule(StrEnum):
    """What becomes of a photo's metadata when its original is published."""

    STRIP_LOCATION = "strip_location"
    STRIP_ALL = "strip_all"
    KEEP = "keep"


_ACCEPTED = frozenset(ContentType)
_EXTENSIONS = MappingProxyType(
    {ContentType.JPEG: "jpg", ContentType.PNG: "png", ContentType.WEBP: "webp"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one user has in the store, or may still bring there.

    Attributes:
        pending: Uploads that are pending and not expired, or are just being completed.
        pending_bytes: What they declared.
        expires_at: When the first of them expires; None if none will.
        stored_bytes: The published originals.
    """

    pending: int
    pending_bytes: int
    expires_at: datetime | None
    stored_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadPolicy:
    """The limits that an upload is held to; `GET /media/policy` shows them.

    Attributes:
        max_bytes: The largest object, in bytes, per kind. These are the kinds that there are.
        max_pixels: The largest width x height that is decoded.
        max_pending: How many uploads one user may have pending at once.
        max_pending_bytes: How many bytes these may declare, together.
        max_stored_bytes: How many bytes of originals one user may store, with what is pending.
        url_ttl_s: How long a signed upload URL can be used, in seconds.
        pending_ttl_s: How long a pending upload can be completed, in seconds.
        unattached_ttl_s: How long ready media is kept that nothing shows, in seconds.
        thumbnail_sizes: The squares, in pixels, that thumbnails fit in, smallest first.
    """

    max_bytes: dict[Kind, int]
    max_pixels: int
    max_pending: int
    max_pending_bytes: int
    max_stored_bytes: int
    url_ttl_s: int
    pending_ttl_s: int
    unattached_ttl_s: int
    thumbnail_sizes: tuple[int, ...]

    def __post_init__(self) -> None:
        unfit = [kind for kind in self.max_bytes if not re.fullmatch(KIND_PATTERN, kind)]
        if unfit:
            raise ValueError(f"{unfit[0]!r} is no kind")

    def check(self, *, kind: Kind, content_type: str, size_bytes: int) -> ContentType:
        """The declared content type, if such an upload may be made.

        Raises:
            KindUnknown: There is no such kind, or no more.
            ContentTypeNotAllowed: The type is not on the allow-list.
            SizeNotPositive: Less than one byte is declared.
            SizeTooLarge: More bytes are declared than the kind may have.
        """
        if kind not in self.max_bytes:
            raise KindUnknown(kind, allowed=list(self.max_bytes))
        if content_type not in _ACCEPTED:
            raise ContentTypeNotAllowed(content_type, allowed=list(ContentType))
        if size_bytes < 1:
            raise SizeNotPositive(size_bytes)
        if size_bytes > self.max_bytes[kind]:
            raise SizeTooLarge(size_bytes, max_bytes=self.max_bytes[kind], kind=kind)
        return ContentType(content_type)

    def check_quota(self, usage: Usage, *, size_bytes: int, now: datetime) -> None:
        """Let another upload of `size_bytes` pass, beside what its user has already.

        Raises:
            TooManyPendingUploads: As many as may be are pending.
            TooManyPendingBytes: They would declare too much, together.
            StorageQuotaExceeded: The user would store too much.
        """
        wait_s = UNTIL_DELETED_S
        if usage.expires_at is not None:
            wait_s = int((usage.expires_at - now).total_seconds()) + 1
        if usage.pending >= self.max_pending:
            raise TooManyPendingUploads(max_pending=self.max_pending, retry_after_s=wait_s)
        if usage.pending_bytes + size_bytes > self.max_pending_bytes:
            raise TooManyPendingBytes(
                size_bytes=size_bytes,
                pending_bytes=usage.pending_bytes,
                max_pending_bytes=self.max_pending_bytes,
                retry_after_s=wait_s,
            )
        if usage.stored_bytes + usage.pending_bytes + size_bytes > self.max_stored_bytes:
            raise StorageQuotaExceeded(
                size_bytes=size_bytes,
                stored_bytes=usage.stored_bytes,
                pending_bytes=usage.pending_bytes,
                max_stored_bytes=self.max_stored_bytes,
                retry_after_s=wait_s,
            )
