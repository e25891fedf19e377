"""What is known of an object after a few of its bytes were read, wherever it is."""

import asyncio

from mediaport.adapters.pillow.formats.layout import Block, Layout
from mediaport.adapters.pillow.formats.walk import advance, walk
from mediaport.adapters.pillow.metadata import exif
from mediaport.adapters.pillow.metadata.publishing import BlockKind, published
from mediaport.application.ports.images import ByteReader
from mediaport.domain.media import ImageFacts
from mediaport.domain.policy import MetadataRule

# One request brings most headers whole. A walk that goes on from there asks for more at a time;
# one that leaps, over picture data, for little. Honest files are understood after a few requests.
_WINDOW_BYTES, _MAX_WINDOW_BYTES, _LEAP_BYTES = 64 * 1024, 1024 * 1024, 4 * 1024
_FEW_REQUESTS = 16
_MAX_READ_BYTES = 1_000_000


async def inspect(read: ByteReader, *, size_bytes: int, rule: MetadataRule) -> ImageFacts:
    """What header, metadata and end of a file say, without decoding.

    Raises:
        NotAnImage: It is of no accepted format, of two formats, or its header is broken.
    """
    window = _Window(read)
    layout = await _walk(window, size_bytes)
    needs_stripping = _is_plainly_unfit(layout, rule)
    looked_into = layout.blocks + layout.later_blocks
    if needs_stripping or rule is MetadataRule.KEEP:  # The orientation is all that is left to see.
        looked_into = tuple(block for block in layout.blocks if block.kind is BlockKind.EXIF)
    payloads = []
    for block in looked_into:
        length = block.payload_end - block.payload_start
        payloads.append((block, await window(block.payload_start, length)))
    orientation, is_fit = None, True
    if payloads:  # A megabyte takes longer to understand than an event loop should be held up.
        orientation, is_fit = await asyncio.to_thread(_understood, payloads, layout, rule)
    width, height = layout.upright_size(orientation)
    return ImageFacts(
        content_type=layout.content_type,
        width=width,
        height=height,
        needs_stripping=needs_stripping or not is_fit,
    )


def _is_plainly_unfit(layout: Layout, rule: MetadataRule) -> bool:
    """Whether it is known without a look into any block that some of it cannot be published."""
    if rule is MetadataRule.KEEP:
        return False
    blocks = layout.blocks + layout.later_blocks
    size_bytes = sum(block.payload_end - block.payload_start for block in blocks)
    kinds = {block.kind for block in blocks}
    return (
        layout.is_suspect
        or size_bytes > _MAX_READ_BYTES
        or BlockKind.UNREADABLE in kinds
        or (rule is MetadataRule.STRIP_ALL and bool(kinds - {BlockKind.EXIF}))
    )


def _understood(
    payloads: list[tuple[Block, bytes]], layout: Layout, rule: MetadataRule
) -> tuple[int | None, bool]:
    """The orientation, and whether all may be published as it is."""
    orientation = exif.first_orientation(
        payload
        for block, payload in payloads
        if block.kind is BlockKind.EXIF and block in layout.blocks
    )
    return orientation, all(
        published(block.kind, payload, rule) == payload for block, payload in payloads
    )


class _Window:
    """Reads ahead and remembers, so that a walk in small steps makes few requests."""

    def __init__(self, read: ByteReader) -> None:
        self._read = read
        self._parts: list[tuple[int, bytes]] = []
        self._end = 0  # of the last part that was read
        self._steps = 0

    async def __call__(self, start: int, length: int) -> bytes:
        for part_start, part in self._parts:
            offset = start - part_start
            if offset >= 0 and offset + length <= len(part):
                return part[offset : offset + length]
        part = await self._read(start, max(length, self._ahead_bytes(start - self._end)))
        self._parts.append((start, part))
        self._end = start + len(part)
        return part[:length]

    def _ahead_bytes(self, distance: int) -> int:
        if len(self._parts) >= _FEW_REQUESTS:
            return _MAX_WINDOW_BYTES
        if distance < -_LEAP_BYTES:
            return 0
        if distance > _LEAP_BYTES:
            return _LEAP_BYTES
        self._steps += 1  # 64 KiB, 64 KiB, 128 KiB, 256 KiB, ...
        return min(_WINDOW_BYTES << max(0, self._steps - 2), _MAX_WINDOW_BYTES)


async def _walk(window: _Window, size_bytes: int) -> Layout:
    steps = walk(size_bytes)
    found = advance(steps)
    while not isinstance(found, Layout):
        found = advance(steps, await window(*found))
    return found
