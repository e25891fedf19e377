"""Where things are in JPEG, PNG and WebP files, read without decoding and without reading it all.

Each walk is a generator that asks for parts of the file (`start, length = yield`) and returns a
`Layout`: so the same walk serves an object far away, asked for in ranges, and bytes at hand.

Sources: JPEG ITU T.81 annex B; PNG third edition, section 5; WebP RFC 9649.
"""

import struct
from collections.abc import Generator
from dataclasses import dataclass
from enum import Enum, auto

from mediaport.domain.errors import NotAnImage
from mediaport.domain.policy import ContentType


class BlockKind(Enum):
    """What a block of metadata holds."""

    EXIF = auto()
    XMP = auto()
    UNREADABLE = auto()  # compressed, or too large to look into


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block of metadata: the whole chunk, from `start` to `end`, and its payload inside."""

    kind: BlockKind
    start: int
    end: int
    payload_start: int
    payload_end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Format, size in pixels as stored (before any orientation), and metadata blocks."""

    content_type: ContentType
    width: int
    height: int
    blocks: tuple[Block, ...]


Walk = Generator[tuple[int, int], bytes, Layout]
Read = Generator[tuple[int, int], bytes, bytes]

# More than any honest file has; walking stays cheap on files made of nothing but empty chunks.
_MAX_CHUNKS = 5000
_MAX_METADATA_BYTES = 1_000_000

_EXIF = b"Exif\0\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_XMP_MORE = b"http://ns.adobe.com/xmp/extension/\0"
_XMP_MORE_HEADER = len(_XMP_MORE) + 32 + 4 + 4
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_XMP = b"XML:com.adobe.xmp\0"
_PNG_RAW_PROFILES = (
    b"Raw profile type exif\0",
    b"Raw profile type APP1\0",
    b"Raw profile type xmp\0",
)
_FRAME_HEADERS = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_STANDALONE = {0x01, *range(0xD0, 0xD8)}
_SCAN, _END, _APP1 = 0xDA, 0xD9, 0xE1


def walk(size_bytes: int) -> Walk:
    """The layout of a file of that many bytes.

    Raises:
        NotAnImage: It is of no accepted format, or its header is broken.
    """
    head = yield from _read(0, min(size_bytes, 16))
    if head.startswith(b"\xff\xd8\xff"):
        layout = yield from _walk_jpeg(size_bytes)
    elif head.startswith(_PNG_SIGNATURE):
        layout = yield from _walk_png(size_bytes)
    elif head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        layout = yield from _walk_webp(size_bytes)
    else:
        raise NotAnImage(f"it starts with {head[:8]!r}, which is neither JPEG, PNG nor WebP")
    if layout.width < 1 or layout.height < 1:
        raise NotAnImage(f"its header says {layout.width} x {layout.height} pixels")
    return layout


def _walk_jpeg(size_bytes: int) -> Walk:
    at, size, blocks = 2, (0, 0), []
    for _ in range(_MAX_CHUNKS):
        marker = yield from _read(at, 4)
        if marker[0] != 0xFF:
            raise NotAnImage(f"its JPEG header is broken at byte {at}")
        if marker[1] == 0xFF or marker[1] in _STANDALONE:
            at += 1 if marker[1] == 0xFF else 2
            continue
        if marker[1] in {_SCAN, _END}:
            break
        end = at + 2 + struct.unpack(">H", marker[2:])[0]
        if marker[1] in _FRAME_HEADERS:
            height, width = struct.unpack(">HH", (yield from _read(at + 5, 4)))
            size = (width, height)
        elif marker[1] == _APP1:
            name = yield from _read(at + 4, min(end, size_bytes) - at - 4, at_most=len(_XMP_MORE))
            for kind, signature, header in (
                (BlockKind.EXIF, _EXIF, len(_EXIF)),
                (BlockKind.XMP, _XMP, len(_XMP)),
                (BlockKind.XMP, _XMP_MORE, _XMP_MORE_HEADER),
            ):
                if name.startswith(signature):
                    blocks.append(_block(kind, at, end, at + 4 + header, end))
        at = end
    else:
        raise NotAnImage(f"it has more than {_MAX_CHUNKS} JPEG segments before its picture")
    if size == (0, 0):
        raise NotAnImage("its JPEG header has no frame")
    return _layout(ContentType.JPEG, size, blocks)


def _walk_png(size_bytes: int) -> Walk:
    first = yield from _read(8, 16)
    if first[4:8] != b"IHDR":
        raise NotAnImage("its PNG header is missing")
    size = struct.unpack(">II", first[8:16])
    at, blocks = 8, []
    for _ in range(_MAX_CHUNKS):
        if at + 12 > size_bytes:
            break
        length, name = struct.unpack(">I4s", (yield from _read(at, 8)))
        start, end = at, at + 12 + length
        if name == b"IEND" or end > size_bytes:
            break
        data = at + 8
        if name == b"eXIf":
            blocks.append(_block(BlockKind.EXIF, start, end, data, data + length))
        elif name in {b"iTXt", b"tEXt", b"zTXt"}:
            text = yield from _read(data, length, at_most=_MAX_METADATA_BYTES)
            if text.startswith(_PNG_RAW_PROFILES):
                blocks.append(_block(BlockKind.UNREADABLE, start, end, data, data + length))
            elif text.startswith(_PNG_XMP):
                kind = BlockKind.UNREADABLE if text[len(_PNG_XMP)] else BlockKind.XMP
                blocks.append(_block(kind, start, end, data, data + length))
        at = end
    else:
        raise NotAnImage(f"it has more than {_MAX_CHUNKS} PNG chunks")
    return _layout(ContentType.PNG, size, blocks)


def _walk_webp(size_bytes: int) -> Walk:
    size = yield from _webp_size()
    at, blocks = 12, []
    for _ in range(_MAX_CHUNKS):
        if at + 8 > size_bytes:
            break
        name, length = struct.unpack("<4sI", (yield from _read(at, 8)))
        start, end = at, at + 8 + length + length % 2
        if end > size_bytes:
            break
        data = at + 8
        if name == b"EXIF":
            prefix = yield from _read(data, length, at_most=len(_EXIF))
            payload = data + len(_EXIF) if prefix == _EXIF else data
            blocks.append(_block(BlockKind.EXIF, start, end, payload, data + length))
        elif name == b"XMP ":
            blocks.append(_block(BlockKind.XMP, start, end, data, data + length))
        at = end
    else:
        raise NotAnImage(f"it has more than {_MAX_CHUNKS} WebP chunks")
    return _layout(ContentType.WEBP, size, blocks)


def _webp_size() -> Generator[tuple[int, int], bytes, tuple[int, int]]:
    head = yield from _read(12, 18)
    name, data = head[:4], head[8:]
    if name == b"VP8X":
        return (
            1 + int.from_bytes(data[4:7], "little"),
            1 + int.from_bytes(data[7:10], "little"),
        )
    if name == b"VP8L" and data[0] == 0x2F:
        bits = int.from_bytes(data[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if name == b"VP8 " and data[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", data[6:10])
        return width & 0x3FFF, height & 0x3FFF
    raise NotAnImage("its WebP header is broken")


def _read(start: int, length: int, *, at_most: int | None = None) -> Read:
    """Ask for exactly `length` bytes, or for the first `at_most` of them."""
    wanted = length if at_most is None else min(length, at_most)
    if wanted <= 0:
        return b""
    data = yield start, wanted
    if len(data) < wanted:
        raise NotAnImage(f"it ends after {start + len(data)} bytes, in the middle of its header")
    return data


def _block(kind: BlockKind, start: int, end: int, payload_start: int, payload_end: int) -> Block:
    if payload_end - payload_start > _MAX_METADATA_BYTES:
        kind = BlockKind.UNREADABLE
    return Block(
        kind=kind,
        start=start,
        end=end,
        payload_start=min(payload_start, payload_end),
        payload_end=payload_end,
    )


def _layout(content_type: ContentType, size: tuple[int, int], blocks: list[Block]) -> Layout:
    return Layout(content_type=content_type, width=size[0], height=size[1], blocks=tuple(blocks))
