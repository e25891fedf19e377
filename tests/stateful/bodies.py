"""Bodies of uploads that can be told apart, and what is to become of each."""

from dataclasses import dataclass
from enum import StrEnum

from mediaport.adapters.memory.images import picture
from mediaport.domain.errors import (
    ContentTypeMismatch,
    DomainError,
    NotAnImage,
    TooManyPixels,
)
from mediaport.domain.policy import ContentType

LENGTH = 64


class Look(StrEnum):
    """What a body is."""

    PICTURE = "picture"
    AT_HOME = "picture that says where it was taken"
    BROKEN = "picture that cannot be decoded"
    NO_PICTURE = "no picture"
    OTHER_TYPE = "picture of another type"
    TOO_LARGE = "picture of too many pixels"
    TOO_LONG = "picture of more bytes than declared"


# Where its length was declared, the one that is too long is as good as any.
GOOD = frozenset({Look.PICTURE, Look.AT_HOME, Look.BROKEN, Look.TOO_LONG})
FLAWS: dict[Look, type[DomainError]] = {
    Look.NO_PICTURE: NotAnImage,
    Look.OTHER_TYPE: ContentTypeMismatch,
    Look.TOO_LARGE: TooManyPixels,
}


@dataclass(frozen=True)
class Body:
    """Bytes that no other upload has: `serial` is among them, and tells the width."""

    look: Look
    content_type: ContentType
    serial: int

    @property
    def width(self) -> int:
        """Pixels."""
        return 30_000 if self.look is Look.TOO_LARGE else 100 + self.serial % 1000

    @property
    def height(self) -> int:
        """Pixels."""
        return 30_000 if self.look is Look.TOO_LARGE else 480

    @property
    def uploaded(self) -> bytes:
        """The bytes as a browser sends them, `LENGTH` of them unless it lies."""
        drawn = picture(
            _other(self.content_type) if self.look is Look.OTHER_TYPE else self.content_type,
            width=self.width,
            height=self.height,
            at_home=self.look is Look.AT_HOME,
            broken=self.look is Look.BROKEN,
        )
        if self.look is Look.NO_PICTURE:
            drawn = b"<script>"
        length = LENGTH + (self.look is Look.TOO_LONG)
        return (drawn + b"%08d" % self.serial).ljust(length, b".")

    @property
    def published(self) -> bytes:
        """The bytes as anyone may see them."""
        return self.uploaded.replace(b" at home", b"")

    def thumbnail(self, size: int) -> bytes:
        """The bytes of a thumbnail."""
        scale = min(1.0, size / max(self.width, self.height))
        width, height = (max(1, round(side * scale)) for side in (self.width, self.height))
        return picture(ContentType.WEBP, width=width, height=height)


def _other(content_type: ContentType) -> ContentType:
    return ContentType.PNG if content_type is ContentType.JPEG else ContentType.JPEG
