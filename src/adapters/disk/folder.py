"""Files under keys: written whole or not at all, never outside their folder. Blocking calls."""

import errno
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from mediaport.application.ports.object_store import ObjectChanged, ObjectMissing
from mediaport.application.ports.unavailable import PartFull, PartUnavailable

# Our own keys are made of nothing else. No segment starts with a dot: no `..`, no hidden files.
_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_FULL = {errno.ENOSPC, errno.EDQUOT}
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS}
_TRIES = 5
_STALE_AFTER_S = 3600


def etag_of(status: os.stat_result) -> str:
    """A tag that changes whenever another file takes the place of this one.

    Files are only ever replaced by a rename: another file has another inode or another time.
    """
    return f"{status.st_ino:x}-{status.st_mtime_ns:x}-{status.st_size:x}"


@dataclass(frozen=True, slots=True)
class ObjectFolder:
    """A folder of objects. Half-written files live in `.tmp`, which no key can name."""

    root: Path

    def path(self, key: str) -> Path:
        """The file of a key.

        Raises:
            ObjectMissing: No object can have such a key.
        """
        if not _KEY.fullmatch(key) or len(key) > 1024:
            raise ObjectMissing(key)
        return self.root / key

    def stat(self, key: str) -> os.stat_result:
        """Size and times of a file.

        Raises:
            ObjectMissing: There is none.
        """
        with _translated_errors(key):
            return self.path(key).stat()

    def read(self, key: str, *, start: int, length: int | None, etag: str | None) -> bytes:
        """A part of a file, which must have that ETag if one is given."""
        with _translated_errors(key), self.path(key).open("rb") as file:
            if etag is not None and etag_of(os.fstat(file.fileno())) != etag:
                raise ObjectChanged(key, pinned=etag)
            file.seek(start)
            return file.read(-1 if length is None else length)

    def stat_and_read(self, key: str, length: int) -> tuple[os.stat_result, bytes]:
        """Size, times and first bytes of a file."""
        with _translated_errors(key), self.path(key).open("rb") as file:
            return os.fstat(file.fileno()), file.read(length)

    def begin(self, key: str) -> "HalfWritten":
        """A new file that can become the object under `key`."""
        target = self.path(key)
        with _translated_errors(key):
            path = self._half_written()
            return HalfWritten(key, path, target, path.open("xb"))

    def link(self, source_key: str, key: str, *, etag: str | None) -> os.stat_result:
        """Make a file the object under a second key, if it has that ETag, or whichever it has.

        A hard link where the file system has them: no byte is copied. A later upload replaces the
        source by a rename, so the file under `key` stays what it is.
        """
        target = self.path(key)
        with _translated_errors(source_key):
            half_written = self._half_written()
            try:
                status = _link_or_copy(self.path(source_key), half_written)
                if etag is not None and etag_of(status) != etag:
                    raise ObjectChanged(source_key, pinned=etag)
                _move(half_written, target)
                return target.stat()
            finally:
                half_written.unlink(missing_ok=True)

    def delete(self, key: str) -> None:
        """Remove a file, and the folders that it leaves empty."""
        try:
            path = self.path(key)
        except ObjectMissing:
            return
        if path.is_dir() or path.resolve() != self.root.resolve() / key:
            return  # no object: someone has put a folder or a link there
        with _translated_errors(key):
            path.unlink(missing_ok=True)
        for folder in list(path.parents)[: key.count("/")]:
            try:
                folder.rmdir()
            except OSError:
                return  # Not empty, or in use: that is fine.

    def files_under(self, prefix: str) -> Iterator[tuple[str, os.stat_result]]:
        """Key and status of all files whose key starts with `prefix`, in the order of their keys.

        No more is kept in memory than the names in the folders on the way to one file.
        """
        top, _, start = prefix.rpartition("/")
        return self._files_in(f"{top}/" if top else "", start)

    def _files_in(self, folder: str, start: str = "") -> Iterator[tuple[str, os.stat_result]]:
        for name in self._names_in(folder):
            key = folder + name
            if not name.startswith(start) or not _KEY.fullmatch(key.removesuffix("/")):
                continue
            if name.endswith("/"):
                yield from self._files_in(key)
                continue
            with suppress(ObjectMissing):  # removed since
                yield key, self.stat(key)

    def _names_in(self, folder: str) -> list[str]:
        """What is in a folder, as it sorts in keys: folders by their name with its slash."""
        try:
            with _translated_errors("the folder"), os.scandir(self.root / folder) as entries:
                # What a link leads to is no object of ours, or one under another key.
                ours = (each for each in entries if not each.is_symlink())
                return sorted(f"{each.name}/" if each.is_dir() else each.name for each in ours)
        except ObjectMissing:
            return []

    def check(self) -> None:
        """Write and remove a file."""
        with _translated_errors("the folder"):
            probe = self._half_written()
            try:
                probe.write_bytes(b"There is room.")
            finally:
                probe.unlink(missing_ok=True)

    def remove_half_written(self) -> None:
        """Remove what uploads left behind that were cut off an hour ago or earlier."""
        with _translated_errors("the folder"):
            for file in self._half_written().parent.iterdir():
                with suppress(FileNotFoundError, IsADirectoryError):
                    # A link has the time of its file: what counts is when it was made one.
                    if time.time() - file.stat().st_ctime > _STALE_AFTER_S:
                        file.unlink()

    def _half_written(self) -> Path:
        folder = self.root / ".tmp"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / uuid4().hex


@dataclass(frozen=True, slots=True)
class HalfWritten:
    """A file on its way. Nobody sees it before `finish`, and nothing is left after `discard`."""

    key: str
    path: Path
    target: Path
    file: BinaryIO

    def write(self, chunk: bytes) -> None:
        """Append bytes."""
        with _translated_errors(self.key):
            self.file.write(chunk)

    def finish(self, chunk: bytes) -> os.stat_result:
        """Append the last bytes and take the key's place, at once and for good."""
        self.write(chunk)
        with _translated_errors(self.key):
            self.file.flush()
            os.fsync(self.file.fileno())
            status = os.fstat(self.file.fileno())
            self.file.close()
            _move(self.path, self.target)
        return status

    def discard(self) -> None:
        """Close the file and remove it, unless it was finished."""
        with suppress(OSError):
            self.file.close()  # A full disk refuses the last bytes once more: they are unwanted.
        with _translated_errors(self.key):
            self.path.unlink(missing_ok=True)


def _link_or_copy(source: Path, copy: Path) -> os.stat_result:
    """Make `copy` the same file as `source`, or one with the same bytes; answer what it is of."""
    try:
        copy.hardlink_to(source)
        return copy.stat()
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
    with source.open("rb") as original, copy.open("xb") as file:
        shutil.copyfileobj(original, file)
        file.flush()
        os.fsync(file.fileno())
        return os.fstat(original.fileno())


def _move(half_written: Path, target: Path) -> None:
    for attempt in range(_TRIES):
        try:
            _make_folder(target.parent)
            half_written.replace(target)
        except FileNotFoundError:
            # A deletion took the empty folder away in between.
            if attempt == _TRIES - 1:
                raise
        else:
            _sync_folder(target.parent)
            return


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    """Make a rename survive a power cut."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        return  # Removed again by a deletion.
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _translated_errors(key: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise ObjectMissing(key) from error
    except OSError as error:
        full = error.errno in _FULL
        raise (PartFull if full else PartUnavailable)("object_store", str(error)) from error
