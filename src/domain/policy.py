"""What may be uploaded: kinds, content types and their limits."""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from mediaport.domain.errors import ContentTypeNotAllowed, SizeNotPositive, SizeTooLarge


class Kind(StrEnum):
    """What a media item is for. It never changes."""

    POST_IMAGE = "post_image"
    AVATAR = "avatar"


class ContentType(StrEnum):
    """The image formats that are accepted, by their media types."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"

    @property
    def extension(self) -> str:
        """The ending of an object key of this type, without the dot."""
        return _EXTENSIONS[self]


class MetadataRule(StrEnum):
    """What becomes of a photo's metadata when its original is published."""

    STRIP_LOCATION = "strip_location"
    STRIP_ALL = "strip_all"
    KEEP = "keep"


_EXTENSIONS = MappingProxyType(
    {ContentType.JPEG: "jpg", ContentType.PNG: "png", ContentType.WEBP: "webp"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadPolicy:
    """The limits that an upload is held to; `GET /media/policy` shows them.

    Attributes:
        max_bytes: The largest object, in bytes, per kind.
        max_pixels: The largest width x height that is decoded.
        max_pending: How many uploads one user may have pending at once.
        url_ttl_s: How long a signed upload URL can be used, in seconds.
        pending_ttl_s: How long a pending upload can be completed, in seconds.
        thumbnail_sizes: The squares, in pixels, that thumbnails fit in, smallest first.
    """

    max_bytes: dict[Kind, int]
    max_pixels: int
    max_pending: int
    url_ttl_s: int
    pending_ttl_s: int
    thumbnail_sizes: tuple[int, ...]

    def check(self, *, kind: Kind, content_type: str, size_bytes: int) -> ContentType:
        """The declared content type, if such an upload may be made.

        Raises:
            ContentTypeNotAllowed: The type is not on the allow-list.
            SizeNotPositive: Less than one byte is declared.
            SizeTooLarge: More bytes are declared than the kind may have.
        """
        if content_type not in set(ContentType):
            raise ContentTypeNotAllowed(content_type, allowed=list(ContentType))
        if size_bytes < 1:
            raise SizeNotPositive(size_bytes)
        if size_bytes > self.max_bytes[kind]:
            raise SizeTooLarge(size_bytes, max_bytes=self.max_bytes[kind], kind=kind)
        return ContentType(content_type)
