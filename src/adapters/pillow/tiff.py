"""The directories inside EXIF data, read just far enough to find orientation and location.

Source: TIFF 6.0, section 2; EXIF 2.32, sections 4.6.2 to 4.6.6.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

_ORIENTATION, _GPS, _SHORT = 0x0112, 0x8825, 3
_VALUE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_MAX_DIRECTORIES, _MAX_ENTRIES = 4, 300


class MalformedExif(ValueError):
    """Raised when EXIF data is no TIFF file at all."""


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
        if not self._order or len(data) < 8 or self._number("H", 2) != 42:
            raise MalformedExif("no TIFF header")

    def orientation(self) -> int | None:
        """The orientation, 1 to 8; None where none is given."""
        for directory in self._main_directories():
            for entry in self._entries(directory):
                if entry.tag == _ORIENTATION and entry.kind == _SHORT:
                    value = self._number("H", entry.at)
                    return value if 1 <= value <= 8 else None
            return None
        return None

    def location_spans(self) -> list[tuple[int, int]]:
        """Start and end of everything that says where: the GPS directories and their values.

        What lies outside the data is not there, and nobody can read it. What overlaps the main
        directories is no place, but a bad pointer.
        """
        main, pointers = [(0, 8)], set()
        for start in self._main_directories():
            entries = list(self._entries(start))
            main.append((start, start + 2 + 12 * len(entries)))
            pointers |= {self._number("I", entry.at) for entry in entries if entry.tag == _GPS}
        spans: list[tuple[int, int]] = []
        for start in sorted(pointers)[:_MAX_DIRECTORIES]:
            spans += self._directory_spans(start)
        return [
            (start, end)
            for start, end in spans
            if not any(start < taken_end and taken < end for taken, taken_end in main)
        ]

    def _directory_spans(self, start: int) -> Iterator[tuple[int, int]]:
        entries = list(self._entries(start))
        if not entries:
            return
        # The count of entries goes to zero with them: an empty directory is a valid one.
        yield start, start + 2 + 12 * len(entries)
        for entry in entries:
            if entry.value_bytes > 4:  # more than fits into the entry itself
                value = self._number("I", entry.at)
                end = min(value + entry.value_bytes, len(self._data))
                if value < end:
                    yield value, end

    def _main_directories(self) -> Iterator[int]:
        at = self._number("I", 4)
        for _ in range(_MAX_DIRECTORIES):
            if not 8 <= at <= len(self._data) - 2:
                return
            yield at
            after = at + 2 + 12 * self._number("H", at)
            following = self._number("I", after) if after + 4 <= len(self._data) else 0
            if following <= at:  # Directories that point back would never end.
                return
            at = following

    def _entries(self, start: int) -> Iterator[_Entry]:
        """The entries of a directory, as far as they are there."""
        if not 0 <= start <= len(self._data) - 2:
            return
        there = (len(self._data) - start - 2) // 12
        for index in range(min(self._number("H", start), there, _MAX_ENTRIES)):
            at = start + 2 + 12 * index
            yield _Entry(
                self._number("H", at), self._number("H", at + 2), self._number("I", at + 4), at + 8
            )

    def _number(self, kind: str, at: int) -> int:
        return int(struct.unpack_from(self._order + kind, self._data, at)[0])
