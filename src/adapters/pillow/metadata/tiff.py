"""EXIF data as a TIFF file: directories of 12-byte entries, and where their values are.

Source: TIFF 6.0, section 2; EXIF 2.32, section 4.6.2.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

ORIENTATION, SHORT = 0x0112, 3
# Pointers to the directories of EXIF and of interoperability, and to sub-directories.
_POINTERS = {0x8769, 0xA005, 0x014A}
# Names of places in maker notes, as text: place, country, state, city, landmark of Panasonic, in a
# directory 12 bytes on; LocationInfo of Nikon, in a TIFF file of its own 10 bytes on.
_PANASONIC, _NIKON = b"Panasonic\0", b"Nikon\0\x02"
_PANASONIC_PLACES, _NIKON_PLACES = {0x67, 0x69, 0x6B, 0x6D, 0x6F}, {0x39}
_VALUE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_MAX_DIRECTORIES, _MAX_ENTRIES, HEADER_BYTES = 32, 3000, 8
_MAX_SIGHTS = 2


class MalformedExif(ValueError):
    """Raised when EXIF data is no TIFF file at all, or larger than any honest one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a directory: tag, type, number of values; it stands `at`, in 12 bytes."""

    tag: int
    kind: int
    count: int
    at: int

    @property
    def value_bytes(self) -> int:
        """How many bytes its values take; in the entry itself, if four or less."""
        return _VALUE_BYTES.get(self.kind, 1) * self.count


@dataclass(frozen=True, slots=True)
class Directory:
    """A directory, as far as it is there; the pointer to the next one stands at its end."""

    start: int
    entries: tuple[Entry, ...]

    @property
    def end(self) -> int:
        """Where the last entry ends."""
        return self.start + 2 + 12 * len(self.entries)


class Budget:
    """What may be looked at in EXIF data, and in all that is nested in it.

    Values of honest files do not overlap, so that each byte is looked at once, or twice where it is
    in a maker note. In hostile ones thousands of entries share the same bytes.
    """

    def __init__(self, size_bytes: int) -> None:
        self._entries, self._value_bytes = _MAX_ENTRIES, _MAX_SIGHTS * size_bytes

    def spend(self, *, entries: int = 0, value_bytes: int = 0) -> None:
        """Count what is about to be looked at.

        Raises:
            MalformedExif: It is more than in any honest file.
        """
        self._entries -= entries
        self._value_bytes -= value_bytes
        if self._entries < 0 or self._value_bytes < 0:
            raise MalformedExif("too many entries, or too many values in the same place")


class Exif:
    """EXIF data as a TIFF file: `II` or `MM`, 42, and directories of 12-byte entries.

    `budget`: of the data that these are nested in.

    Raises:
        MalformedExif: It is none.
    """

    def __init__(self, data: bytes, budget: Budget | None = None) -> None:
        self._data = data
        self._budget = budget or Budget(len(data))
        self._spans: set[tuple[int, int]] = set()
        self._order = {b"II": "<", b"MM": ">"}.get(data[:2], "")
        if not self._order or len(data) < HEADER_BYTES or self._number("H", 2) != 42:
            raise MalformedExif("no TIFF header")

    def orientation(self) -> int | None:
        """The orientation, 1 to 8; None where none is given."""
        for entry in self._directory(self._number("I", 4)).entries:
            if entry.tag == ORIENTATION and entry.kind == SHORT:
                value = self._number("H", entry.at + 8)
                return value if 1 <= value <= 8 else None
        return None

    def directories(self) -> list[Directory]:
        """All of them but GPS directories, in the order they are found.

        Raises:
            MalformedExif: There are more than any honest file has.
        """
        found: dict[int, Directory] = {}
        ahead = [self._number("I", 4)]
        while ahead:
            start = ahead.pop()
            if start in found or not HEADER_BYTES <= start <= len(self._data) - 2:
                continue
            if len(found) == _MAX_DIRECTORIES:
                raise MalformedExif("too many directories")
            directory = found[start] = self._directory(start)
            for entry in directory.entries:
                if entry.tag in _POINTERS:
                    ahead += self._pointers(entry)
            if directory.end + 4 <= len(self._data):
                ahead.append(self._number("I", directory.end))
        return list(found.values())

    def gps_directory(self, pointer: Entry) -> Directory:
        """The GPS directory that an entry points to."""
        return self._directory(self._number("I", pointer.at + 8))

    def value_span(self, entry: Entry) -> tuple[int, int]:
        """Start and end of a value, as far as it is there.

        Raises:
            MalformedExif: The values so far have more bytes than those of any honest file.
        """
        if entry.value_bytes <= 4:  # then it is in the entry itself
            return entry.at + 8, entry.at + 12
        start = self._number("I", entry.at + 8)
        span = start, max(start, min(start + entry.value_bytes, len(self._data)))
        if span not in self._spans:
            self._spans.add(span)
            self._budget.spend(value_bytes=span[1] - start)
        return span

    def places_in_maker_note(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Where a maker note names the place, for the makers whose notes are known to."""
        note = self._data[start:end]
        if note.startswith(_PANASONIC):
            for place in self._directory(start + 12).entries:
                if place.tag in _PANASONIC_PLACES:
                    yield self.value_span(place)
        elif note.startswith(_NIKON):
            try:
                inner = Exif(note[10:], self._budget)
            except MalformedExif:
                return
            for place in inner._directory(inner._number("I", 4)).entries:
                if place.tag in _NIKON_PLACES:
                    inner_start, inner_end = inner.value_span(place)
                    yield start + 10 + inner_start, start + 10 + inner_end

    def table_without(self, directory: Directory, gone: set[Entry]) -> bytes:
        """The bytes of a directory and of its pointer to the next, some entries gone."""
        kept = [each for each in directory.entries if each not in gone]
        entries = b"".join(self._data[each.at : each.at + 12] for each in kept)
        pointer = self._data[directory.end : directory.end + 4]
        table = struct.pack(self._order + "H", len(kept)) + entries + pointer
        return table.ljust(directory.end - directory.start + len(pointer), b"\0")

    def _pointers(self, entry: Entry) -> list[int]:
        if entry.value_bytes <= 4:
            return [self._number("I", entry.at + 8)]
        start, end = self.value_span(entry)
        places = range(start, min(end, start + 4 * _MAX_DIRECTORIES) - 3, 4)
        return [self._number("I", at) for at in places]

    def _directory(self, start: int) -> Directory:
        """The directory as far as it is there.

        Raises:
            MalformedExif: All of them have more entries than any honest file.
        """
        if not HEADER_BYTES <= start <= len(self._data) - 2:
            return Directory(start, ())
        count = min(self._number("H", start), (len(self._data) - start - 2) // 12)
        self._budget.spend(entries=count)
        return Directory(start, tuple(self._entry(start + 2 + 12 * n) for n in range(count)))

    def _entry(self, at: int) -> Entry:
        tag, kind, count = struct.unpack_from(self._order + "HHI", self._data, at)
        return Entry(tag, kind, count, at)

    def _number(self, kind: str, at: int) -> int:
        return int(struct.unpack_from(self._order + kind, self._data, at)[0])
