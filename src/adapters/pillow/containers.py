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
    UNREADABLE = auto()  # compressed, in pieces, or too large to look into


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block of metadata: the whole chunk, from `start` to `end`, and its payload inside.

    `name` is the chunk's own in PNG and WebP.
    """

    kind: BlockKind
    name: bytes
    start: int
    end: int
    payload_start: int
    payload_end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Format, size in pixels as stored (before any orientation), and metadata blocks.

    `has_more_images`: other pictures follow the first, with metadata of their own.
    """

    content_type: ContentType
    width: int
    height: int
    blocks: tuple[Block, ...]
    has_more_images: bool = False

    def upright_size(self, orientation: int | None) -> tuple[int, int]:
        """Width and height once it is turned as its EXIF orientation says."""
        if orientation in _SIDEWAYS:
            return self.height, self.width
        return self.width, self.height


Walk = Generator[tuple[int, int], bytes, Layout]
Read = Generator[tuple[int, int], bytes, bytes]

# More than any honest file has; walking stays cheap on files made of nothing but empty chunks.
_MAX_CHUNKS, _MAX_BLOCKS = 5000, 32
_MAX_METADATA_BYTES = 1_000_000
_SIDEWAYS = {5, 6, 7, 8}
_PNG_KEYWORD_MAX = 100

_EXIF = b"Exif\0\0"
# How the application segments of a JPEG that hold metadata begin.
JPEG_SIGNATURES = (
    (BlockKind.EXIF, _EXIF),
    (BlockKind.XMP, b"http://ns.adobe.com/xap/1.0/\0"),
    (BlockKind.UNREADABLE, b"http://ns.adobe.com/xmp/extension/\0"),
)
_LONGEST_SIGNATURE = max(len(signature) for _, signature in JPEG_SIGNATURES)
_MORE_IMAGES = b"MPF\0"
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_XMP = b"XML:com.adobe.xmp\0"
_PNG_XMP_PLAIN = _PNG_XMP + b"\0"
_PNG_RAW_PROFILES = (
    b"Raw profile type exif\0",
    b"Raw profile type APP1\0",
    b"Raw profile type xmp\0",
)
_FRAME_HEADERS = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_STANDALONE = {0x01, *range(0xD0, 0xD8)}
_SCAN, _END, _APP1, _APP2 = 0xDA, 0xD9, 0xE1, 0xE2


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
        raise NotAnImage("it is neither JPEG, PNG nor WebP")
    if sum(block.kind is not BlockKind.UNREADABLE for block in layout.blocks) > _MAX_BLOCKS:
        raise NotAnImage(f"it has more than {_MAX_BLOCKS} blocks of metadata")
    if layout.width < 1 or layout.height < 1:
        raise NotAnImage(f"its header says {layout.width} x {layout.height} pixels")
    return layout


def _walk_jpeg(size_bytes: int) -> Walk:
    at, size, more, blocks = 2, (0, 0), False, []
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
        elif marker[1] in {_APP1, _APP2}:
            name = yield from _read(
                at + 4, min(end, size_bytes) - at - 4, at_most=_LONGEST_SIGNATURE
            )
            blocks += _jpeg_block(name, at, end)
            more = more or name.startswith(_MORE_IMAGES)
        at = end
    else:
        raise NotAnImage(f"it has more than {_MAX_CHUNKS} JPEG segments before its picture")
    if size == (0, 0):
        raise NotAnImage("its JPEG header has no frame")
    return _layout(ContentType.JPEG, size, blocks, has_more_images=more)


def _jpeg_block(name: bytes, start: int, end: int) -> list[Block]:
    """The metadata in an application segment, if it holds any."""
    for kind, signature in JPEG_SIGNATURES:
        if name.startswith(signature):
            return [_block(kind, (start, end), (start + 4 + len(signature), end))]
    return []


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
        # A last chunk that is cut off is looked into all the same: readers may do so, too.
        start, data, end = at, at + 8, min(at + 12 + length, size_bytes)
        data_end = min(data + length, size_bytes)
        if name == b"IEND":
            break
        if name == b"IHDR" and at > len(_PNG_SIGNATURE):
            raise NotAnImage("it has a second PNG header")
        if name == b"eXIf":
            blocks.append(_block(BlockKind.EXIF, (start, end), (data, data_end), name))
        elif name in {b"iTXt", b"tEXt", b"zTXt"}:
            text = yield from _read(data, data_end - data, at_most=_PNG_KEYWORD_MAX)
            kind = _png_text_kind(name, text)
            if kind is not None:
                blocks.append(_block(kind, (start, end), (data, data_end), name))
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
        # The last chunk may lack its padding, or be cut off.
        start, data, end = at, at + 8, min(at + 8 + length + length % 2, size_bytes)
        data_end = min(data + length, size_bytes)
        if name == b"EXIF":
            prefix = yield from _read(data, data_end - data, at_most=len(_EXIF))
            payload = data + len(_EXIF) if prefix == _EXIF else data
            blocks.append(_block(BlockKind.EXIF, (start, end), (payload, data_end), name))
        elif name == b"XMP ":
            blocks.append(_block(BlockKind.XMP, (start, end), (data, data_end), name))
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


def _png_text_kind(name: bytes, text: bytes) -> BlockKind | None:
    """What a text chunk holds, from its keyword and what follows it; None if no metadata."""
    keyword = text.partition(b"\0")[0]
    if text.startswith(_PNG_XMP):
        plain = name == b"iTXt" and text.startswith(_PNG_XMP_PLAIN)
        return BlockKind.XMP if plain else BlockKind.UNREADABLE
    if text.startswith(_PNG_RAW_PROFILES) or b"gps" in keyword.lower():
        return BlockKind.UNREADABLE
    return None


def _block(
    kind: BlockKind, chunk: tuple[int, int], payload: tuple[int, int], name: bytes = b""
) -> Block:
    if payload[1] - payload[0] > _MAX_METADATA_BYTES:
        kind = BlockKind.UNREADABLE
    return Block(
        kind=kind,
        name=name,
        start=chunk[0],
        end=chunk[1],
        payload_start=min(payload),
        payload_end=payload[1],
    )


def _layout(
    content_type: ContentType,
    size: tuple[int, int],
    blocks: list[Block],
    *,
    has_more_images: bool = False,
) -> Layout:
    return Layout(
        content_type=content_type,
        width=size[0],
        height=size[1],
        blocks=tuple(blocks),
        has_more_images=has_more_images,
    )
