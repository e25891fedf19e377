"""What of a block of metadata may be published, by its kind and by the rule in force."""

import zlib
from collections.abc import Callable, Mapping
from enum import Enum, auto
from types import MappingProxyType

from mediaport.adapters.pillow.metadata import exif, nested, photoshop, words, xmp
from mediaport.domain.policy import MetadataRule

_MAX_TEXT_BYTES = 32 * 1024  # inflated; a file may have a hundred such blocks


class BlockKind(Enum):
    """What a block of metadata holds."""

    EXIF = auto()
    XMP = auto()
    PHOTOSHOP = auto()  # image resources, IPTC among them
    TEXT = auto()
    COMPRESSED_TEXT = auto()
    PICTURES = auto()  # where the other pictures of the file are
    OPAQUE = auto()  # a program's own
    UNREADABLE = auto()  # in pieces, cut off, or too large to look into


def published(kind: BlockKind, payload: bytes, rule: MetadataRule) -> bytes | None:
    """The payload as it may be published; None if the block goes as a whole."""
    if rule is MetadataRule.KEEP:
        return payload
    if rule is MetadataRule.STRIP_ALL:
        return exif.orientation_only(payload) if kind is BlockKind.EXIF else None
    return _WITHOUT_LOCATION[kind](payload)


def _exif(payload: bytes) -> bytes | None:
    cleaned = exif.without_location(payload)
    cleaned = cleaned if cleaned is None else nested.without_location(cleaned)
    return cleaned if cleaned is None else words.without_coordinates(cleaned)


def _opaque(payload: bytes) -> bytes | None:
    return None if words.mentions_place(payload) else nested.without_location(payload)


def _compressed_text(payload: bytes) -> bytes | None:
    try:
        text = zlib.decompressobj().decompress(payload, _MAX_TEXT_BYTES)
    except zlib.error:
        return None
    is_telling = len(text) == _MAX_TEXT_BYTES or words.without_coordinates(text) != text
    return None if is_telling else payload


def _as_it_is(payload: bytes) -> bytes | None:
    return payload


def _nothing(_: bytes) -> bytes | None:
    return None


_WITHOUT_LOCATION: Mapping[BlockKind, Callable[[bytes], bytes | None]] = MappingProxyType(
    {
        BlockKind.EXIF: _exif,
        BlockKind.XMP: xmp.without_location,
        BlockKind.PHOTOSHOP: photoshop.without_location,
        BlockKind.TEXT: words.without_coordinates,
        BlockKind.COMPRESSED_TEXT: _compressed_text,
        BlockKind.PICTURES: _as_it_is,
        BlockKind.OPAQUE: _opaque,
        BlockKind.UNREADABLE: _nothing,
    }
)
