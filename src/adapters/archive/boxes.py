"""Files by name in what anyone may have made: a folder, or a ZIP file.

Nothing is ever unpacked, and no name in an archive is followed: what is read is asked for by name.
"""

import struct
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO
from zipfile import BadZipFile, ZipFile

from mediaport.application.ports.archive import ArchiveUnfit

# Whatever the libraries say of a file that is damaged, encrypted or packed in an odd way.
DAMAGED = (
    BadZipFile,
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
    struct.error,
    zlib.error,
)


class Box(ABC):
    """Files by name."""

    @abstractmethod
    def size_bytes(self, name: str) -> int:
        """How large a file is when it is unpacked, as far as it says so itself.

        Raises:
            ArchiveUnfit: There is none.
        """
        ...

    @abstractmethod
    def _open(self, name: str) -> IO[bytes]: ...

    @contextmanager
    def opened(self, name: str) -> Iterator[IO[bytes]]:
        """A file, to be read from its beginning.

        Raises:
            ArchiveUnfit: There is none, or it is damaged, also where that is found in the block.
        """
        self.size_bytes(name)
        try:
            with self._open(name) as file:
                yield file
        except DAMAGED as error:
            raise ArchiveUnfit(f"{name} cannot be read: {error}") from error


class FolderBox(Box):
    """A folder. Links in it are not followed: they could lead anywhere."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def size_bytes(self, name: str) -> int:
        """The size of a file."""
        path = self._root / name
        inside = [path, *path.parents][: len(PurePosixPath(name).parts)]
        if any(each.is_symlink() for each in inside):
            raise ArchiveUnfit(f"{name} is a link, which could lead anywhere")
        if not path.is_file():
            raise ArchiveUnfit(f"{name} is missing")
        return path.stat().st_size

    def _open(self, name: str) -> IO[bytes]:
        return (self._root / name).open("rb")


class ZipBox(Box):
    """A ZIP file."""

    def __init__(self, file: ZipFile) -> None:
        names = file.namelist()
        if len(set(names)) != len(names):
            raise ArchiveUnfit("it holds two files of one name")
        for name in names:
            if name.startswith("/") or "\\" in name or ".." in PurePosixPath(name).parts:
                raise ArchiveUnfit(f"it holds {name[:100]!r}, which leads out of it")
        self._file, self._names = file, frozenset(names)

    def size_bytes(self, name: str) -> int:
        """What its directory says; reading stops there, and compares a checksum."""
        if name not in self._names:
            raise ArchiveUnfit(f"{name} is missing")
        return self._file.getinfo(name).file_size

    def _open(self, name: str) -> IO[bytes]:
        return self._file.open(name)


@contextmanager
def box_at(path: Path) -> Iterator[Box]:
    """What is at a path.

    Raises:
        ArchiveUnfit: It is neither a folder nor a ZIP file.
    """
    if path.is_dir():
        yield FolderBox(path)
        return
    try:
        file = ZipFile(path)
    except DAMAGED as error:
        raise ArchiveUnfit(f"it is no ZIP file: {error}") from error
    with file:
        yield ZipBox(file)
