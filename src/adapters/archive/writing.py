"""Writes an archive beside its place, and puts it there when it is whole."""

import asyncio
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import mkdtemp
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import msgspec

from mediaport.adapters.archive.layout import (
    ABOUT,
    LISTS,
    MANIFEST,
    ORIGINALS,
    PROFILE,
    README,
    Manifest,
    original_name,
)
from mediaport.application.ports.archive import (
    FORMAT,
    VERSION,
    ArchiveWriter,
    Exported,
    ExportedMedia,
    ExportedProfile,
)


@contextmanager
def archive_at(path: Path, *, now: datetime) -> Iterator[ArchiveWriter]:
    """A new archive: a ZIP file where the name says so, else a folder. Its owner alone reads it.

    It is there once the block has ended well; otherwise nothing is.

    Raises:
        FileExistsError: Something is there already.
        OSError: It cannot be written.
    """
    if path.exists() or path.is_symlink():
        raise FileExistsError(f"{path} exists: nothing is overwritten")
    folder = Path(mkdtemp(prefix=f".{path.name}-", dir=path.parent))  # none but its owner enters
    kind = ZipWriter if path.suffix.lower() == ".zip" else FolderWriter
    try:
        with ExitStack() as files:
            writer = kind(folder, files, now=now)
            yield writer
            writer.describe()
        writer.finished().rename(path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class FolderWriter(ArchiveWriter):
    """Writes into a folder, which becomes the archive."""

    def __init__(self, folder: Path, files: ExitStack, *, now: datetime) -> None:
        self._folder, self._now = folder, now
        self._lists = {
            name: files.enter_context((folder / name).open("wb")) for name in LISTS.values()
        }
        self._counts: Counter[str] = Counter()
        self._username = ""
        (folder / ORIGINALS).mkdir()

    async def keep(self, media: ExportedMedia, body: bytes) -> None:
        """A file."""
        await asyncio.to_thread((self._folder / original_name(media)).write_bytes, body)

    def add(self, exported: Exported) -> None:
        """Keep a fact: a line of its list, or the profile."""
        if isinstance(exported, ExportedProfile):
            self._username = exported.username
            self._write(PROFILE, exported)
            return
        name = LISTS[type(exported)]
        self._lists[name].write(msgspec.json.encode(exported) + b"\n")
        self._counts[name] += 1

    def describe(self) -> None:
        """Say what it is, once all is there."""
        manifest = Manifest(
            format=FORMAT,
            version=VERSION,
            username=self._username,
            exported_at=self._now,
            counts={name: self._counts[name] for name in LISTS.values()},
        )
        self._write(MANIFEST, manifest)
        about = ABOUT.format(username=self._username, exported_at=self._now)
        (self._folder / README).write_text(about, encoding="utf-8")

    def finished(self) -> Path:
        """The archive, whose files are closed."""
        return self._folder

    def _write(self, name: str, document: object) -> None:
        text = msgspec.json.format(msgspec.json.encode(document))
        (self._folder / name).write_bytes(text + b"\n")


class ZipWriter(FolderWriter):
    """Writes originals into a ZIP file as they come, and the lists, from the folder, in the end."""

    def __init__(self, folder: Path, files: ExitStack, *, now: datetime) -> None:
        super().__init__(folder, files, now=now)
        self._zip = files.enter_context(ZipFile(folder / "archive.zip", "w"))

    async def keep(self, media: ExportedMedia, body: bytes) -> None:
        """As it is: pictures do not become smaller."""
        write = asyncio.to_thread(self._zip.writestr, original_name(media), body, ZIP_STORED)
        writing = asyncio.ensure_future(write)
        try:
            await asyncio.shield(writing)
        finally:
            await writing  # a ZIP file cannot be closed meanwhile

    def describe(self) -> None:
        """Say what it is, and take the lists in."""
        super().describe()
        for file in self._lists.values():
            file.flush()
        for name in (README, MANIFEST, PROFILE, *self._lists):
            self._zip.write(self._folder / name, name, ZIP_DEFLATED)

    def finished(self) -> Path:
        """The ZIP file."""
        path = self._folder / "archive.zip"
        path.chmod(0o600)
        return path
