"""The directories inside EXIF data, read just far enough to find orientation and location.

Source: TIFF 6.0, section 2; EXIF 2.32, sections 4.6.2 to 4.6.6.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

_ORIENTATION, _GPS = 0x0112, 0x8825
_VALUE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_MAX_DIRECTORIES, _MAX_ENTRIES = 4, 1000


class MalformedExif(ValueError):
    """Raised when EXIF data points outside itself."""


@dataclass(frozen=True, slots=True)
class _Entry:
    tag: int
    kind: int
    count: int
    at: int  # of its value or of the pointer to it

    @property
    def value_bytes(self) -> int:
        return _VALUE_BYTES.get(self.kind, 1) * self.count


class Exif:
    """EXIF data as a TIFF file: `II` or `MM`, 42, and directories of 12-byte entries."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._order = {b"II": "<", b"MM": ">"}.get(data[:2], "")
        if not self._order or self._number("H", 2) != 42:
            raise MalformedExif("no TIFF header")

    def orientation(self) -> int:
        """The orientation, 1 to 8; 1 where none is given."""
        for directory in self._main_directories():
            for entry in self._entries(directory):
                if entry.tag == _ORIENTATION and entry.kind == 3:
                    value = self._number("H", entry.at)
                    return value if 1 <= value <= 8 else 1
            return 1
        return 1

    def location_spans(self) -> list[tuple[int, int]]:
        """Start and end of everything that says where: the GPS directories and their values."""
        spans: list[tuple[int, int]] = []
        for directory in self._main_directories():
            for entry in self._entries(directory):
                if entry.tag == _GPS:
                    spans += self._directory_spans(self._number("I", entry.at))
        return spans

    def _directory_spans(self, start: int) -> Iterator[tuple[int, int]]:
        entries = list(self._entries(start))
        if not entries:
            return
        # The count of entries goes to zero with them: an empty directory is a valid one.
        yield start, start + 2 + 12 * len(entries)
        for entry in entries:
            if entry.value_bytes > 4:
                value = self._number("I", entry.at)
                if value + entry.value_bytes > len(self._data):
                    raise MalformedExif(f"a value of {entry.value_bytes} bytes at {value}")
                yield value, value + entry.value_bytes

    def _main_directories(self) -> Iterator[int]:
        at = self._number("I", 4)
        for _ in range(_MAX_DIRECTORIES):
            if at == 0:
                return
            yield at
            after = at + 2 + 12 * self._number("H", at)
            at = self._number("I", after) if after + 4 <= len(self._data) else 0

    def _entries(self, start: int) -> Iterator[_Entry]:
        count = self._number("H", start)
        if count > _MAX_ENTRIES:
            raise MalformedExif(f"a directory of {count} entries")
        for index in range(count):
            at = start + 2 + 12 * index
            yield _Entry(
                self._number("H", at), self._number("H", at + 2), self._number("I", at + 4), at + 8
            )

    def _number(self, kind: str, at: int) -> int:
        try:
            return int(struct.unpack_from(self._order + kind, self._data, at)[0])
        except struct.error as error:
            raise MalformedExif(f"it ends before {at}") from error
