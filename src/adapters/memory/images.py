"""Pictures without pixels: a line of text says what they are."""

import re
from collections.abc import Sequence

from mediaport.application.ports.images import (
    BrokenImage,
    ByteReader,
    Images,
    Thumbnail,
    ThumbnailSet,
)
from mediaport.domain.errors import NotAnImage
from mediaport.domain.media import ImageFacts
from mediaport.domain.policy import ContentType

_HEADER = re.compile(rb"(image/\w+) (\d+)x(\d+)( at home)?( broken)?;")


def picture(
    content_type: ContentType = ContentType.JPEG,
    *,
    width: int = 640,
    height: int = 480,
    at_home: bool = False,
    broken: bool = False,
) -> bytes:
    """The bytes of a picture as `MemoryImages` reads them."""
    home, torn = " at home" * at_home, " broken" * broken
    return f"{content_type} {width}x{height}{home}{torn};pixels".encode()


class MemoryImages(Images):
    """Understands what `picture` makes."""

    async def inspect(self, read: ByteReader, *, size_bytes: int) -> ImageFacts:
        """What the first line says."""
        header = _HEADER.match(await read(0, min(size_bytes, 100)))
        if header is None:
            raise NotAnImage("it has no picture header")
        content_type, width, height, at_home, _ = header.groups()
        return ImageFacts(
            content_type=ContentType(content_type.decode()),
            width=int(width),
            height=int(height),
            needs_stripping=bool(at_home),
        )

    async def strip(self, original: bytes) -> bytes:
        """The same line, not at home."""
        return original.replace(b" at home", b"")

    async def make_thumbnails(self, original: bytes, *, sizes: Sequence[int]) -> ThumbnailSet:
        """Smaller pictures."""
        header = _HEADER.match(original)
        if header is None or header[5]:
            raise BrokenImage("truncated", "the picture is broken")
        width, height = int(header[2]), int(header[3])
        thumbnails = []
        for size in sizes:
            scale = min(1.0, size / max(width, height))
            fit = (max(1, round(width * scale)), max(1, round(height * scale)))
            body = picture(ContentType.WEBP, width=fit[0], height=fit[1])
            thumbnails.append(Thumbnail(size=size, width=fit[0], height=fit[1], body=body))
        return ThumbnailSet(thumbnails=tuple(thumbnails), placeholder="YQ==")
