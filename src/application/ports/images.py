"""What is known of pictures: reading their headers, cleaning them, making thumbnails."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mediaport.domain.media import ImageFacts


class BrokenImage(Exception):
    """Raised when an image cannot be decoded; trying again will not help.

    Attributes:
        reason: A slug that the owner of the media sees.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class DecoderLost(Exception):
    """Raised when what decoded an image was killed, and not by its limits. It may work later."""


class ByteReader(Protocol):
    """Reads a part of an object."""

    async def __call__(self, start: int, length: int) -> bytes:
        """`length` bytes from `start`, or less where the object ends."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Thumbnail:
    """One thumbnail as WebP bytes, upright. `size` is the square that it was made to fit in."""

    size: int
    width: int
    height: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ThumbnailSet:
    """All thumbnails of an image, with its ThumbHash in base64."""

    thumbnails: tuple[Thumbnail, ...]
    placeholder: str


class Images(Protocol):
    """Looks into JPEG, PNG and WebP. Never blocks the event loop.

    What of a picture's metadata may be published is a `MetadataRule`, given to the adapter.
    """

    @abstractmethod
    async def inspect(self, read: ByteReader, *, size_bytes: int) -> ImageFacts:
        """What beginning and end of an image of `size_bytes` bytes say. Reads little of it.

        Raises:
            NotAnImage: The bytes are of no accepted format, or of another one besides, or the
                header is broken.
        """
        ...

    @abstractmethod
    async def strip(self, original: bytes) -> bytes:
        """The same image, its pixels bit by bit, without the metadata that is not published.

        Raises:
            NotAnImage: Its metadata cannot be taken out, or is more than in any honest image.
        """
        ...

    @abstractmethod
    async def make_thumbnails(self, original: bytes, *, sizes: Sequence[int]) -> ThumbnailSet:
        """Upright WebP thumbnails that fit in squares of `sizes` pixels, never enlarged.

        Raises:
            BrokenImage: It cannot be decoded, or only at a cost that no image may have.
            DecoderLost: What decoded it was killed.
            PartUnavailable: Nothing that decodes can be started.
        """
        ...
