"""JPEG: a header of segments, the scans, and other pictures after the first; as seen from afar.

Sources: ITU T.81 annex B; JFIF 1.02; EXIF 2.32, section 4.7; CIPA DC-007 for other pictures.
"""

import re
import struct
from collections.abc import Generator
from dataclasses import dataclass, field

from mediaport.adapters.pillow.formats import mpf
from mediaport.adapters.pillow.formats.layout import (
    MAX_CHUNKS,
    TAIL_BYTES,
    Block,
    Layout,
    Walk,
    block_of,
    read,
)
from mediaport.adapters.pillow.metadata.publishing import BlockKind
from mediaport.domain.errors import NotAnImage
from mediaport.domain.policy import ContentType

SIGNATURE = b"\xff\xd8\xff"
SCAN, END, START, _APP1, _COMMENT = 0xDA, 0xD9, 0xD8, 0xE1, 0xFE
FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
STANDALONE = {0x01, *range(0xD0, 0xD8)}
METADATA = {*range(0xE0, 0xF0), _COMMENT}
# What decoders need: densities, colour profile, colour transform.
_ESSENTIAL = {0xE0: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}
_SIGNATURES = (
    (0xE1, BlockKind.EXIF, b"Exif\0\0"),
    (0xE1, BlockKind.XMP, b"http://ns.adobe.com/xap/1.0/\0"),
    (0xE2, BlockKind.PICTURES, b"MPF\0"),
    (0xED, BlockKind.PHOTOSHOP, b"Photoshop 3.0\0"),
)
LONGEST_SIGNATURE = max(len(signature) for _, _, signature in _SIGNATURES)
# In a scan, 0xFF is data where 0 follows, a restart where 0xD0 to 0xD7 do, padding before another.
MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
# After a scan: tables, the header of the next scan, the number of lines.
_NO_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff\xc4\xda\xdb\xdc\xdd]")
_END_MARKER = b"\xff\xd9"
MAX_PICTURES, _MAX_JUNK_BYTES = 8, 4096


@dataclass(slots=True)
class Picture:
    """One picture of a file: its frame's size, its metadata, and where header and all of it end.

    `junk`: what stands between the segments of its header, and decoders pass over.
    """

    header_end: int = 0
    end: int = 0
    size: tuple[int, int] = (0, 0)
    blocks: list[Block] = field(default_factory=list)
    junk: list[tuple[int, int]] = field(default_factory=list)


def walk(size_bytes: int) -> Walk:
    """The layout, from the headers of all announced pictures and the end of the file."""
    first = yield from _header(0, size_bytes)
    if first.size == (0, 0):
        raise NotAnImage("its JPEG header has no frame")
    later, is_suspect = yield from _what_follows(first, size_bytes)
    return Layout(
        content_type=ContentType.JPEG,
        width=first.size[0],
        height=first.size[1],
        blocks=tuple(first.blocks),
        later_blocks=tuple(later),
        picture_start=first.header_end,
        is_suspect=is_suspect,
    )


def _header(at: int, size_bytes: int) -> Generator[tuple[int, int], bytes, Picture]:
    """The picture that starts there, as far as its first scan."""
    picture, at = Picture(), at + 2
    for _ in range(MAX_CHUNKS):
        marker = yield from read(at, 4)
        if not MARKER.match(marker) or marker[1] in STANDALONE:
            following = yield from _next_marker(at + 1, size_bytes)
            picture.junk.append((at, following))
            at = following
            continue
        if marker[1] == START:
            raise NotAnImage(f"its JPEG header has a second start at byte {at}")
        if marker[1] in {SCAN, END}:
            picture.header_end = at
            return picture
        end = at + 2 + max(2, struct.unpack(">H", marker[2:])[0])
        if marker[1] in FRAMES:
            height, width = struct.unpack(">HH", (yield from read(at + 5, 4)))
            picture.size = (width, height)
        elif marker[1] in METADATA:
            length = min(end, size_bytes) - at - 4
            name = yield from read(at + 4, length, at_most=LONGEST_SIGNATURE)
            picture.blocks += blocks_of(marker[1], name, at, end)
        at = end
    raise NotAnImage(f"it has more than {MAX_CHUNKS} JPEG segments before its picture")


def _next_marker(at: int, size_bytes: int) -> Generator[tuple[int, int], bytes, int]:
    """Where the next marker is: decoders pass over what they do not understand."""
    passed_over = yield from read(at, size_bytes - at, at_most=_MAX_JUNK_BYTES)
    found = MARKER.search(passed_over)
    if found is None:
        raise NotAnImage(f"its JPEG header is broken at byte {at - 1}")
    return at + found.start()


def blocks_of(marker: int, head: bytes, start: int, end: int) -> list[Block]:
    """The metadata in an application segment or comment, if decoders do not need it."""
    if marker in _ESSENTIAL and head.startswith(_ESSENTIAL[marker]):
        return []
    # In APP1: extended XMP, in pieces; thermal cameras' records, with coordinates in binary.
    kind, skipped = BlockKind.UNREADABLE if marker == _APP1 else BlockKind.OPAQUE, 0
    if marker == _COMMENT:
        kind = BlockKind.TEXT
    for of, known, signature in _SIGNATURES:
        if marker == of and head.startswith(signature):
            kind, skipped = known, len(signature)
    return [block_of(kind, (start, end), (min(start + 4 + skipped, end), end), bytes([marker]))]


def _what_follows(
    first: Picture, size_bytes: int
) -> Generator[tuple[int, int], bytes, tuple[list[Block], bool]]:
    """The metadata of the pictures that the first one announces, and whether there may be more."""
    index = next((each for each in first.blocks if each.kind is BlockKind.PICTURES), None)
    if index is None:
        start = max(first.header_end, size_bytes - TAIL_BYTES)
        tail = yield from read(start, size_bytes - start)
        return [], bool(first.junk) or not _ends_a_scan(tail)
    data = yield from read(index.payload_start, index.payload_end - index.payload_start)
    places = mpf.pictures(data, at=index.payload_start)
    if first.junk or not 1 <= len(places) <= MAX_PICTURES or places[0][0] != 0:
        return [], True
    blocks: list[Block] = []
    for (start, end), following in zip(places, [*places[1:], (size_bytes, 0)], strict=True):
        if not (start < end <= following[0] <= size_bytes and following[0] - end < TAIL_BYTES):
            return blocks, True
        if start:
            try:
                later = yield from _header(start, size_bytes)
            except NotAnImage:
                return blocks, True
            blocks += later.blocks
        ending = yield from read(end - 2, following[0] - end + 2)
        if ending.rstrip(b"\0") != _END_MARKER:
            return blocks, True
    return blocks, False


def _ends_a_scan(tail: bytes) -> bool:
    """Whether these last bytes of a file are of scans alone, and end with them."""
    ending = tail.rstrip(b"\0")
    return ending.endswith(_END_MARKER) and not _NO_SCAN.search(ending, 0, len(ending) - 2)
