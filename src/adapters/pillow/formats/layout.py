"""What is known of a file without decoding it, and the words in which walks ask for its bytes."""

import re
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass

from mediaport.adapters.pillow.metadata.publishing import BlockKind
from mediaport.domain.errors import NotAnImage
from mediaport.domain.policy import ContentType


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block of metadata: the whole chunk, from `start` to `end`, and its payload inside.

    `name` is the chunk's own in PNG and WebP, the marker's second byte in JPEG.
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

    Attributes:
        picture_start: Where the header ends.
        later_blocks: Those of the pictures that follow the first.
        is_suspect: There may be more in the file than its layout shows.
    """

    content_type: ContentType
    width: int
    height: int
    blocks: tuple[Block, ...]
    picture_start: int
    later_blocks: tuple[Block, ...] = ()
    is_suspect: bool = False

    def upright_size(self, orientation: int | None) -> tuple[int, int]:
        """Width and height once it is turned as its EXIF orientation says."""
        if orientation in _SIDEWAYS:
            return self.height, self.width
        return self.width, self.height


Walk = Generator[tuple[int, int], bytes, Layout]
Read = Generator[tuple[int, int], bytes, bytes]

# More than any honest file has.
MAX_CHUNKS = 2000
_MAX_BLOCK_BYTES, _MAX_BLOCKS, _MAX_BYTES = 1_000_000, 100, 2_000_000
# What costs time to understand.
_COSTLY = {
    BlockKind.EXIF,
    BlockKind.XMP,
    BlockKind.PHOTOSHOP,
    BlockKind.TEXT,
    BlockKind.COMPRESSED_TEXT,
}
# The last bytes of a file tell whether something follows the picture.
TAIL_BYTES = 64 * 1024
_SIDEWAYS = {5, 6, 7, 8}


def read(start: int, length: int, *, at_most: int | None = None) -> Read:
    """Ask for exactly `length` bytes, or for the first `at_most` of them.

    Raises:
        NotAnImage: The file ends before.
    """
    wanted = length if at_most is None else min(length, at_most)
    if wanted <= 0:
        return b""
    data = yield start, wanted
    if len(data) < wanted:
        raise NotAnImage(f"it ends after {start + len(data)} bytes, in the middle of its header")
    return data


def block_of(
    kind: BlockKind, chunk: tuple[int, int], payload: tuple[int, int], name: bytes
) -> Block:
    """A block from start and end of its chunk and of its payload."""
    if payload[1] - payload[0] > _MAX_BLOCK_BYTES:
        kind = BlockKind.UNREADABLE
    return Block(
        kind=kind,
        name=name,
        start=chunk[0],
        end=chunk[1],
        payload_start=min(payload),
        payload_end=payload[1],
    )


def refuse_excess(blocks: Iterable[Block]) -> None:
    """Let pass what is understood in little time.

    Raises:
        NotAnImage: It has more metadata than any honest file.
    """
    sizes = [block.payload_end - block.payload_start for block in blocks if block.kind in _COSTLY]
    if len(sizes) > _MAX_BLOCKS:
        raise NotAnImage(f"it has more than {_MAX_BLOCKS} blocks of metadata")
    if sum(sizes) > _MAX_BYTES:
        raise NotAnImage(f"it has more than {_MAX_BYTES} bytes of metadata")


def late_chunk(
    next_chunk: int,
    end: int,
    picture_data: re.Pattern[bytes],
    *,
    following: Callable[[bytes, int], int],
    is_last: Callable[[bytes, int], bool],
) -> Generator[tuple[int, int], bytes, int]:
    """Where to go on after the first chunk of picture data: near the end of all, if possible.

    These chunks are small in most files: to walk over each would read nearly all of it.
    """
    start = end - TAIL_BYTES
    if next_chunk >= start:
        return next_chunk
    tail = yield from read(start, TAIL_BYTES)
    late = _chain(tail, picture_data, following=following, is_last=is_last)
    return next_chunk if late is None else start + late


def _chain(
    tail: bytes,
    chunk: re.Pattern[bytes],
    *,
    following: Callable[[bytes, int], int],
    is_last: Callable[[bytes, int], bool],
) -> int | None:
    """Where the first chunk is from which one follows another to the last."""
    failed: set[int] = set()
    for found in chunk.finditer(tail):
        at, seen = found.start(), set[int]()
        while at not in failed and at + 8 <= len(tail):
            seen.add(at)
            at = following(tail, at)
            if is_last(tail, at):
                return found.start()
        failed |= seen
    return None
