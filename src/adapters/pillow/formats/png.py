"""PNG: a chain of chunks.

Sources: PNG third edition, sections 5 and 11; Extensions to PNG 1.5, eXIf.
"""

import re
import struct
import zlib
from collections.abc import Iterator

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
from mediaport.adapters.pillow.metadata import words
from mediaport.adapters.pillow.metadata.publishing import BlockKind
from mediaport.domain.errors import NotAnImage
from mediaport.domain.policy import ContentType, MetadataRule

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Apple's: how far away the second half of the picture is.
_HALVES = b"iDOT"
# What decoders may use beside the critical chunks, which a capital letter shows.
_ESSENTIAL = {
    *(b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI"),
    *(b"bKGD", b"hIST", b"pHYs", b"sPLT", b"acTL", b"fcTL", b"fdAT", _HALVES),
}
_TEXTS = {b"iTXt", b"tEXt", b"zTXt"}
# Whether it is compressed and how, its language, its keyword in that language.
_LANGUAGES = re.compile(rb"([\0\1])\0[^\0]{0,80}\0[^\0]{0,80}\0")
_LONGEST_TEXT_HEAD = 80 + 2 + 81 + 81
_XMP, _RAW_PROFILE, _EXIF = b"XML:com.adobe.xmp", b"Raw profile type", b"Exif\0\0"
_PICTURE_DATA = re.compile(rb"(?=.{4}(?:IDAT|fdAT))", re.DOTALL)
_MAX_HOPS, _MAX_ALL_CHUNKS = 16, 100_000


def walk(size_bytes: int) -> Walk:
    """The layout, from the chunks before the picture data and those at the end of the file."""
    first = yield from read(8, 16)
    if first[4:8] != b"IHDR":
        raise NotAnImage("its PNG header is missing")
    width, height = struct.unpack(">II", first[8:16])
    at, hops, picture_start, blocks = len(SIGNATURE), 0, size_bytes, []
    ends_well = False
    for _ in range(MAX_CHUNKS):
        if at + 12 > size_bytes or hops > _MAX_HOPS:
            break
        length, name = struct.unpack(">I4s", (yield from read(at, 8)))
        end = at + 12 + length
        if name == b"IEND":
            ends_well = end == size_bytes
            break
        if name == b"IHDR" and at > len(SIGNATURE):
            raise NotAnImage("it has a second PNG header")
        if name == b"IDAT":
            hops += end < size_bytes - TAIL_BYTES
            if picture_start == size_bytes:
                picture_start = at
                end = yield from late_chunk(
                    end, size_bytes, _PICTURE_DATA, following=_following, is_last=_is_last
                )
        elif _is_metadata(name):
            head = yield from read(
                at + 8, min(length, size_bytes - at - 8), at_most=_LONGEST_TEXT_HEAD
            )
            blocks.append(_block(name, head, (at, end), size_bytes))
        at = end
    else:
        raise NotAnImage(f"it has more than {MAX_CHUNKS} PNG chunks")
    return Layout(
        content_type=ContentType.PNG,
        width=width,
        height=height,
        blocks=tuple(blocks),
        picture_start=picture_start,
        is_suspect=not ends_well,
    )


def edits(original: bytes, rule: MetadataRule) -> list[Edit]:
    """What is to be changed for the file to be published.

    Raises:
        NotAnImage: It has more chunks, or more metadata, than any honest file.
    """
    chunks = list(_chunks(original))
    blocks = [
        _block(
            name, original[start + 8 : end - 4][:_LONGEST_TEXT_HEAD], (start, end), len(original)
        )
        for name, start, end in chunks
        if _is_metadata(name)
    ]
    refuse_excess(blocks)
    made = edits_of_blocks(blocks, original, rule, header_bytes=8, written=_chunk)
    if any(edit.moves for edit in made):
        made += [Edit(start, end) for name, start, end in chunks if name == _HALVES]
    return [*made, *(Edit(end, len(original)) for name, _, end in chunks if name == b"IEND")]


def _chunk(name: bytes, data: bytes) -> bytes:
    checked = name + data
    return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))


def _is_metadata(name: bytes) -> bool:
    return bool(name[0] & 0x20) and name not in _ESSENTIAL


def _block(name: bytes, head: bytes, chunk: tuple[int, int], size_bytes: int) -> Block:
    kind, skipped = _kind(name, head)
    start, end = chunk[0], min(chunk[1], size_bytes)
    if end < chunk[1]:  # cut off
        kind = BlockKind.UNREADABLE
    return block_of(kind, (start, end), (start + 8 + skipped, end - 4), name)


def _kind(name: bytes, head: bytes) -> tuple[BlockKind, int]:
    """What a chunk holds, and how many bytes of its data come before that."""
    if name == b"zxIf":  # compressed
        return BlockKind.UNREADABLE, 0
    if name == b"eXIf":
        return BlockKind.EXIF, len(_EXIF) if head.startswith(_EXIF) else 0
    return _text_kind(name, head) if name in _TEXTS else (BlockKind.OPAQUE, 0)


def _text_kind(name: bytes, head: bytes) -> tuple[BlockKind, int]:
    keyword, _, rest = head.partition(b"\0")
    names_place = words.names_place(keyword.decode("latin-1"))
    if keyword.startswith(_RAW_PROFILE) or names_place:
        return BlockKind.UNREADABLE, 0
    before = len(keyword) + 1
    if name == b"tEXt":
        return BlockKind.TEXT, before
    if name == b"zTXt":
        kind, before = BlockKind.COMPRESSED_TEXT, before + 1
    else:
        languages = _LANGUAGES.match(rest)
        if languages is None:
            return BlockKind.UNREADABLE, 0
        kind = BlockKind.COMPRESSED_TEXT if languages[1] == b"\1" else BlockKind.TEXT
        before += languages.end()
    if keyword != _XMP:
        return kind, before
    return BlockKind.XMP if kind is BlockKind.TEXT else BlockKind.UNREADABLE, before


def _following(data: bytes, at: int) -> int:
    return at + 12 + int.from_bytes(data[at : at + 4], "big")


def _is_last(data: bytes, at: int) -> bool:
    return data[at + 4 : at + 8] == b"IEND"


def _chunks(original: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and end of each chunk, as far as it is there, to the last one."""
    at = len(SIGNATURE)
    for _ in range(_MAX_ALL_CHUNKS):
        if at + 8 > len(original):
            return
        length, name = struct.unpack_from(">I4s", original, at)
        end = at + 12 + length
        yield name, at, end
        if name == b"IEND":
            return
        at = end
    raise NotAnImage(f"it has more than {_MAX_ALL_CHUNKS} PNG chunks")
