"""Reads an archive as one reads what a stranger sends: bit by bit, and nothing is believed."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import msgspec

from mediaport.adapters.archive.boxes import Box, box_at
from mediaport.adapters.archive.layout import LISTS, MANIFEST, PROFILE, Manifest, original_name
from mediaport.application.ports.archive import (
    FORMAT,
    VERSION,
    ArchiveReader,
    ArchiveUnfit,
    ExportedMedia,
    ExportedPost,
    ExportedProfile,
)

# A post of the longest text, each character of which is escaped, takes some 24 kB.
MAX_LINE_BYTES = 64 * 1024
# What is known of media is held in memory while they are brought in: some 500 bytes each.
MAX_LINES = 1_000_000

T = TypeVar("T")


@contextmanager
def archive_in(path: Path) -> Iterator[ArchiveReader]:
    """The archive at a path: a ZIP file, or a folder.

    Raises:
        ArchiveUnfit: There is none.
    """
    with box_at(path) as box:
        yield BoxReader(box)


class BoxReader(ArchiveReader):
    """Reads the files of a box."""

    def __init__(self, box: Box) -> None:
        self._box = box
        manifest = self._document(MANIFEST, Manifest)
        if (manifest.format, manifest.version) != (FORMAT, VERSION):
            found = f"{manifest.format[:50]!r} in version {manifest.version}"
            raise ArchiveUnfit(f"it is {found}; {FORMAT!r} in version {VERSION} can be read")
        self._counts = manifest.counts

    def profile(self) -> ExportedProfile:
        """The profile."""
        return self._document(PROFILE, ExportedProfile)

    def media(self) -> Iterator[ExportedMedia]:
        """The lines of their list."""
        return self._lines(ExportedMedia)

    def posts(self) -> Iterator[ExportedPost]:
        """The lines of their list."""
        return self._lines(ExportedPost)

    async def original(self, media: ExportedMedia) -> bytes:
        """A file, read whole once its size is known to be right."""
        return await asyncio.to_thread(self._original, media)

    def _original(self, media: ExportedMedia) -> bytes:
        name = original_name(media)
        if (size_bytes := self._box.size_bytes(name)) != media.size_bytes:
            raise ArchiveUnfit(f"{name} has {size_bytes} bytes, not {media.size_bytes}")
        with self._box.opened(name) as file:
            body = file.read(media.size_bytes + 1)
        if len(body) != media.size_bytes or sha256(body).hexdigest() != media.sha256:
            raise ArchiveUnfit(f"{name} is not the file whose hash media.jsonl has")
        return body

    def _document(self, name: str, kind: type[T]) -> T:
        with self._box.opened(name) as file:
            text = file.read(MAX_LINE_BYTES + 1)
        return _decoded(text, kind, place=name)

    def _lines(self, kind: type[T]) -> Iterator[T]:
        name = LISTS[kind]  # type: ignore[index]  # one of those
        expected = self._counts.get(name, 0)
        if not 0 <= expected <= MAX_LINES:
            raise ArchiveUnfit(f"{MANIFEST} announces {expected} lines in {name}")
        count = 0
        with self._box.opened(name) as file:
            while line := file.readline(MAX_LINE_BYTES + 1):
                count += 1
                if count > expected:
                    break
                yield _decoded(line, kind, place=f"{name}, line {count}")
        if count != expected:
            more = "more" if count > expected else str(count)
            raise ArchiveUnfit(f"{name} has {more} lines, {MANIFEST} says {expected}")


def _decoded(text: bytes, kind: type[T], *, place: str) -> T:
    if len(text) > MAX_LINE_BYTES:
        raise ArchiveUnfit(f"{place} has more than {MAX_LINE_BYTES} bytes")
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ArchiveUnfit(f"{place}: {error}") from error
