"""The images port: our own walk over the headers, Pillow for the pixels."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from mediaport.adapters.pillow.containers import BlockKind, Layout, walk
from mediaport.adapters.pillow.location import find_location, orientation_of, remove_location
from mediaport.adapters.pillow.thumbnails import make_thumbnails
from mediaport.application.ports.images import BrokenImage, ByteReader, Images, ThumbnailSet
from mediaport.domain.errors import NotAnImage
from mediaport.domain.media import ImageFacts

# One range request brings most headers whole; a walk that goes on asks for more at a time.
_WINDOW_BYTES, _MAX_WINDOW_BYTES = 64 * 1024, 1024 * 1024


class PillowImages(Images):
    """Decodes in `threads` threads; Pillow lets go of the interpreter while it works."""

    def __init__(self, *, max_pixels: int, threads: int) -> None:
        self._max_pixels = max_pixels
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="image")

    async def inspect(self, read: ByteReader, *, size_bytes: int) -> ImageFacts:
        """What header and metadata say, without decoding."""
        window = _Window(read)
        layout = await _walk(window, size_bytes)
        orientation, has_location = None, layout.has_more_images
        for block in layout.blocks:
            payload = b""
            if block.kind is not BlockKind.UNREADABLE:
                length = block.payload_end - block.payload_start
                payload = await window(block.payload_start, length)
            orientation = orientation or orientation_of(block, payload)
            has_location = has_location or find_location(block, payload).has_location
        width, height = layout.upright_size(orientation)
        return ImageFacts(
            content_type=layout.content_type,
            width=width,
            height=height,
            has_location=has_location,
        )

    async def remove_location(self, original: bytes) -> bytes:
        """The same pixels, without the place where they were taken; decodes wait for nobody."""
        return await asyncio.to_thread(lambda: remove_location(original, _layout_of(original)))

    async def make_thumbnails(self, original: bytes, *, sizes: Sequence[int]) -> ThumbnailSet:
        """Thumbnails and placeholder, made in a thread."""
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, self._make_thumbnails, original, sizes
        )

    def _make_thumbnails(self, original: bytes, sizes: Sequence[int]) -> ThumbnailSet:
        try:
            layout = _layout_of(original)
        except NotAnImage as error:
            raise BrokenImage("undecodable", str(error)) from error
        if layout.width * layout.height > self._max_pixels:
            raise BrokenImage("too_many_pixels", f"{layout.width} x {layout.height} pixels")
        return make_thumbnails(
            original, layout=layout, sizes=sizes, orientation=_orientation_of(original, layout)
        )


class _Window:
    """Reads ahead, so that a walk in small steps makes few requests."""

    def __init__(self, read: ByteReader) -> None:
        self._read = read
        self._start = 0
        self._bytes = b""
        self._size = _WINDOW_BYTES

    async def __call__(self, start: int, length: int) -> bytes:
        offset = start - self._start
        if offset < 0 or offset + length > len(self._bytes):
            self._bytes = await self._read(start, max(length, self._size))
            self._start, offset = start, 0
            self._size = min(2 * self._size, _MAX_WINDOW_BYTES)
        return self._bytes[offset : offset + length]


async def _walk(window: _Window, size_bytes: int) -> Layout:
    steps = walk(size_bytes)
    try:
        wanted = next(steps)
        while True:
            wanted = steps.send(await window(*wanted))
    except StopIteration as end:
        layout: Layout = end.value
        return layout


def _layout_of(original: bytes) -> Layout:
    steps = walk(len(original))
    try:
        start, length = next(steps)
        while True:
            start, length = steps.send(original[start : start + length])
    except StopIteration as end:
        layout: Layout = end.value
        return layout


def _orientation_of(original: bytes, layout: Layout) -> int:
    for block in layout.blocks:
        orientation = orientation_of(block, original[block.payload_start : block.payload_end])
        if orientation is not None:
            return orientation
    return 1
