"""Where a picture was taken: found in its metadata, and taken out without touching a pixel.

What says where is overwritten in place, byte for byte, so that no offset in the file moves: maker
notes, colour profile and orientation stay as they are. A block that cannot be read is removed.
"""

import re
import zlib
from dataclasses import dataclass

from mediaport.adapters.pillow.containers import JPEG_SIGNATURES, Block, BlockKind, Layout
from mediaport.adapters.pillow.tiff import Exif, MalformedExif
from mediaport.domain.errors import NotAnImage
from mediaport.domain.policy import ContentType

# As in `exif:GPSLatitude="..."` or `<exif:GPSLatitude>...</exif:GPSLatitude>`. DJI writes
# `GpsLatitude` and `GimbalLongtitude`, others `geo:lat` and `Iptc4xmpExt:LocationCreated`.
# Each pattern passes over the text once: no repetition is tried again (`++`, `*+`).
_PLACE = (
    rb"gps\w{0,60}+|lat|long?|\w{0,20}?(?:latitude|longitude|longtitude)|location(?:created|shown)"
)
_XMP_ATTRIBUTE = re.compile(
    rb"""\s(?:[\w.-]++:)?(?:%b)\s*+=\s*+(?:"[^"]*+"|'[^']*+')""" % _PLACE, re.IGNORECASE
)
_XMP_TAG = re.compile(rb"<(/?)([\w.:-]++)[^<>]*+>")
_XMP_PLACE_NAME = re.compile(rb"(?:[\w.-]++:)?(?:%b)" % _PLACE, re.IGNORECASE)


_MAX_LATER_BLOCKS = 100
_VP8X_FLAGS = {b"EXIF": 0x08, b"XMP ": 0x04}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a block says of the place: spans of its payload, or that it must go as a whole."""

    spans: tuple[tuple[int, int], ...] = ()
    unreadable: bool = False

    @property
    def has_location(self) -> bool:
        """Whether there is something to take out."""
        return bool(self.spans) or self.unreadable


def find_location(block: Block, payload: bytes) -> Finding:
    """What says where in one block of metadata."""
    if block.kind is BlockKind.UNREADABLE:
        return Finding(unreadable=True)
    if block.kind is BlockKind.XMP:
        if b"\0<\0" in payload:  # UTF-16 or UTF-32
            return Finding(unreadable=True)
        return _find_in_xmp(payload)
    try:
        return Finding(spans=tuple(Exif(payload).location_spans()))
    except MalformedExif:
        return Finding(unreadable=True)


def _find_in_xmp(payload: bytes) -> Finding:
    spans = [match.span() for match in _XMP_ATTRIBUTE.finditer(payload)]
    opened: re.Match[bytes] | None = None
    name = b""
    for tag in _XMP_TAG.finditer(payload):
        if opened is not None:
            if tag[1] and tag[2] == name:
                spans.append((opened.start(), tag.end()))
                opened = None
        elif not tag[1] and _XMP_PLACE_NAME.fullmatch(tag[2]):
            if tag[0].endswith(b"/>"):
                spans.append(tag.span())
            else:
                opened, name = tag, tag[2]
    return Finding(spans=tuple(spans), unreadable=opened is not None)


def orientation_of(block: Block, payload: bytes) -> int | None:
    """The orientation that an EXIF block gives, 1 to 8; None where it gives none."""
    if block.kind is not BlockKind.EXIF:
        return None
    try:
        return Exif(payload).orientation()
    except MalformedExif:
        return None


def remove_location(original: bytes, layout: Layout) -> bytes:
    """The file without the place where it was taken, all else as it was.

    Raises:
        NotAnImage: It has more metadata than any honest file.
    """
    cleaned = bytearray(original)
    removed = []
    for block in layout.blocks:
        payload = original[block.payload_start : block.payload_end]
        finding = find_location(block, payload)
        if not finding.has_location:
            continue
        _blank(cleaned, block, finding)
        after = bytes(cleaned[block.payload_start : block.payload_end])
        if find_location(block, after).has_location:
            removed.append(block)  # Unreadable, or broken in a way that blanking does not mend.
        if finding.spans and layout.content_type is ContentType.PNG:
            checksum = zlib.crc32(cleaned[block.start + 4 : block.end - 4])
            cleaned[block.end - 4 : block.end] = checksum.to_bytes(4, "big")
    if layout.has_more_images:
        _blank_later_images(cleaned)
    kept = _without(cleaned, removed)
    if removed and layout.content_type is ContentType.WEBP:
        _mend_webp_header(kept, removed)
    return bytes(kept)


def _without(cleaned: bytearray, removed: list[Block]) -> bytearray:
    kept, at = bytearray(), 0
    for block in removed:
        kept += cleaned[at : block.start]
        at = block.end
    return kept + cleaned[at:]


def _blank_later_images(cleaned: bytearray) -> None:
    """Blank the place in every block of metadata, wherever it stands: pictures follow pictures."""
    for kind, signature in JPEG_SIGNATURES:
        if cleaned.count(signature) > _MAX_LATER_BLOCKS:
            raise NotAnImage(f"it has more than {_MAX_LATER_BLOCKS} blocks of metadata")
        at = cleaned.find(signature)
        while at >= 0:
            length = int.from_bytes(cleaned[max(0, at - 2) : at], "big")
            start, end = at + len(signature), min(at - 2 + length, len(cleaned))
            block = Block(
                kind=kind, name=b"", start=at, end=end, payload_start=start, payload_end=end
            )
            finding = find_location(block, bytes(cleaned[start:end]))
            if finding.unreadable:
                finding = Finding(spans=((0, max(0, end - start)),))
            _blank(cleaned, block, finding)
            at = cleaned.find(signature, at + 1)


def _blank(cleaned: bytearray, block: Block, finding: Finding) -> None:
    blank = b" " if block.kind is BlockKind.XMP else b"\0"
    for start, end in finding.spans:
        at = block.payload_start + start
        cleaned[at : at + end - start] = blank * (end - start)


def _mend_webp_header(cleaned: bytearray, removed: list[Block]) -> None:
    cleaned[4:8] = (len(cleaned) - 8).to_bytes(4, "little")
    for block in removed:
        if cleaned[12:16] == b"VP8X":
            cleaned[20] &= ~_VP8X_FLAGS[block.name]
