"""WebP: chunks in a RIFF file.

Source: RFC 9649, sections 2.3 to 2.7.
"""

import re
import struct
from collections.abc import Generator
from types import MappingProxyType

from mediaport.adapters.pillow.formats.edits import Edit, edits_of_blocks
from mediaport.adapters.pillow.formats.layout import (
    MAX_CHUNKS,
    TAIL_BYTES,
    Block,
    Layout,
    Walk,
    block_of,
    late_chunk,
    read,
    refuse_excess,
)
from mediaport.adapters.pillow.metadata.publishing import BlockKind
from mediaport.domain.errors import NotAnImage
from mediaport.domain.policy import ContentType, MetadataRule

SIGNATURE = b"RIFF"
_PICTURE = {b"VP8 ", b"VP8L", b"ALPH", b"ANMF"}
_ESSENTIAL = {b"VP8X", b"ICCP", b"ANIM", *_PICTURE}
_EXIF = b"Exif\0\0"
_KINDS = MappingProxyType(
    {b"EXIF": BlockKind.EXIF, b"XMP ": BlockKind.XMP, b"XMP\0": BlockKind.XMP}
)
# Of VP8X, which is the first chunk where it is there.
_FLAGS = MappingProxyType({b"EXIF": 0x08, b"XMP ": 0x04, b"XMP\0": 0x04})
_FRAME = re.compile(rb"(?=ANMF)")
_MAX_HOPS = 16


def walk(size_bytes: int) -> Walk:
    """The layout, from the headers of all chunks, or of those before and after an animation."""
    width, height = yield from _size()
    (riff_bytes,) = struct.unpack("<I", (yield from read(4, 4)))
    end = min(8 + riff_bytes, size_bytes)
    blocks, hops, picture_start, at = [], 0, size_bytes, 12
    for _ in range(MAX_CHUNKS):
        if at + 8 > end or hops > _MAX_HOPS:
            break
        name, length = struct.unpack("<4sI", (yield from read(at, 8)))
        following = at + 8 + length + length % 2
        if name in _PICTURE:
            hops += following < end - TAIL_BYTES
            if picture_start == size_bytes:
                picture_start = at
                following = yield from late_chunk(
                    following, end, _FRAME, following=_following, is_last=_is_last
                )
        elif name not in _ESSENTIAL:
            head = yield from read(at + 8, min(length, size_bytes - at - 8), at_most=len(_EXIF))
            blocks.append(_block(name, head, (at, length), size_bytes))
        at = following
    else:
        raise NotAnImage(f"it has more than {MAX_CHUNKS} WebP chunks")
    return Layout(
        content_type=ContentType.WEBP,
        width=width,
        height=height,
        blocks=tuple(blocks),
        picture_start=picture_start,
        is_suspect=at != size_bytes,
    )


def edits(original: bytes, rule: MetadataRule) -> list[Edit]:
    """What is to be changed for the file to be published.

    Raises:
        NotAnImage: It has more chunks, or more metadata, than any honest file.
    """
    (riff_bytes,) = struct.unpack_from("<I", original, 4)
    end = min(8 + riff_bytes, len(original))
    blocks, at = [], 12
    for _ in range(MAX_CHUNKS):
        if at + 8 > end:
            break
        name, length = struct.unpack_from("<4sI", original, at)
        if name not in _ESSENTIAL:
            head = original[at + 8 : at + 8 + min(length, len(_EXIF))]
            blocks.append(_block(name, head, (at, length), end))
        at += 8 + length + length % 2
    else:
        raise NotAnImage(f"it has more than {MAX_CHUNKS} WebP chunks")
    refuse_excess(blocks)
    made = edits_of_blocks(blocks, original, rule, header_bytes=8, written=_chunk)
    removed = {edit.start for edit in made if not edit.replacement}
    kept = {each.name for each in blocks if each.start not in removed}
    gone = {each.name for each in blocks} - kept
    return [*made, *_header_edits(original, riff_bytes, made, gone), Edit(end, len(original))]


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _header_edits(
    original: bytes, riff_bytes: int, made: list[Edit], gone: set[bytes]
) -> list[Edit]:
    """Its size, and the flags of what is gone."""
    removed = sum(edit.end - edit.start - len(edit.replacement) for edit in made)
    size = Edit(4, 8, struct.pack("<I", riff_bytes - removed))
    if original[12:16] != b"VP8X":
        return [size]
    flags = original[20]
    for name in gone:
        flags &= ~_FLAGS.get(name, 0)
    return [size, Edit(20, 21, bytes([flags]))]


def _block(name: bytes, head: bytes, place: tuple[int, int], end_of_file: int) -> Block:
    start, length = place
    data, end = start + 8, min(start + 8 + length + length % 2, end_of_file)
    kind = _KINDS.get(name, BlockKind.OPAQUE)
    if data + length > end_of_file:  # cut off
        kind = BlockKind.UNREADABLE
    skipped = len(_EXIF) if kind is BlockKind.EXIF and head == _EXIF else 0
    return block_of(kind, (start, end), (data + skipped, min(data + length, end)), name)


def _size() -> Generator[tuple[int, int], bytes, tuple[int, int]]:
    head = yield from read(12, 18)
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


def _following(data: bytes, at: int) -> int:
    length = int.from_bytes(data[at + 4 : at + 8], "little")
    return at + 8 + length + length % 2


def _is_last(data: bytes, at: int) -> bool:
    return at == len(data)
