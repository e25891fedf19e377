"""EXIF, read for the orientation, cleared of the location.

Everything keeps its place, as maker notes hold offsets of their own. Source: EXIF 2.32, sections
4.6.3 to 4.6.6.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from types import MappingProxyType

from mediaport.adapters.pillow.metadata import iptc, xmp
from mediaport.adapters.pillow.metadata.tiff import (
    HEADER_BYTES,
    ORIENTATION,
    SHORT,
    Budget,
    Directory,
    Entry,
    Exif,
    MalformedExif,
)

_GPS, _MAKER_NOTE = 0x8825, 0x927C
# Photoshop's resources, which a JPEG keeps elsewhere; and GeoTIFF's tags: OGC 19-008r4, annex C.
_ALWAYS_GONE = {0x8649, 0x830E, 0x8480, 0x8482, 0x85D8, 0x87AF, 0x87B0, 0x87B1}
_INSIDE = MappingProxyType({0x02BC: xmp.without_location, 0x83BB: iptc.without_location})
# Degrees, minutes and seconds are three rationals. So many of their bytes are not zero that they
# are found again only where they were copied. A GPS directory has five such values at most.
_DEGREES_BYTES, _TELLING_BYTES, _MAX_COPIED = 24, 5, 64


def orientation(data: bytes) -> int | None:
    """The orientation, 1 to 8; None where none is given."""
    try:
        return Exif(data).orientation()
    except MalformedExif:
        return None


def first_orientation(blocks: Iterable[bytes]) -> int | None:
    """The orientation of a file with these blocks of EXIF data: the first that gives one counts."""
    found = (orientation(block) for block in blocks)
    return next((each for each in found if each is not None), None)


def orientation_only(data: bytes) -> bytes | None:
    """The smallest EXIF data that turns the picture the same way; None if it is not turned."""
    turned = orientation(data)
    if turned in {None, 1}:
        return None
    entry = struct.pack(">HHIHxx", ORIENTATION, SHORT, 1, turned)
    return b"MM\0\x2a" + struct.pack(">IH", 8, 1) + entry + b"\0" * 4


def without_location(data: bytes, budget: Budget | None = None) -> bytes | None:
    """The same EXIF data, as long as before, without all that says where; None if malformed.

    `budget`: of the data that these are nested in.
    """
    try:
        return _cleared(data, budget)
    except MalformedExif:
        return None


@dataclass(slots=True)
class _Going:
    """What is to go: entries, the bytes of whole values, and what is within values of a kind."""

    entries: set[Entry] = field(default_factory=set)
    spans: set[tuple[int, int]] = field(default_factory=set)
    inside: dict[tuple[int, int, int], list[Entry]] = field(default_factory=dict)


def _cleared(data: bytes, budget: Budget | None) -> bytes:
    exif = Exif(data, budget)
    directories = exif.directories()
    going, cleaned = _what_goes(exif, directories), bytearray(data)
    for (tag, start, end), entries in going.inside.items():
        value = _INSIDE[tag](bytes(cleaned[start:end]))
        cleaned[start:end] = value or b"\0" * (end - start)
        if value is None:
            going.entries.update(entries)
    for start, end in going.spans:
        cleaned[start:end] = b"\0" * (end - start)
    cleaned[:HEADER_BYTES] = data[:HEADER_BYTES]
    for directory in directories:
        table = slice(directory.start, directory.end + 4)
        is_whole = going.entries.isdisjoint(directory.entries)
        cleaned[table] = data[table] if is_whole else exif.table_without(directory, going.entries)
    return _without_copies(bytes(cleaned), _degrees(data, going.spans))


def _what_goes(exif: Exif, directories: list[Directory]) -> _Going:
    going, notes = _Going(), set[tuple[int, int]]()
    starts = {directory.start for directory in directories}
    for entry in (entry for directory in directories for entry in directory.entries):
        if entry.tag == _GPS:
            going.entries.add(entry)
            going.spans.update(_places(exif, entry, starts))
        elif entry.tag == _MAKER_NOTE:
            notes.add(exif.value_span(entry))
        elif entry.tag in _ALWAYS_GONE:
            going.entries.add(entry)
            going.spans.add(exif.value_span(entry))
        elif entry.tag in _INSIDE:
            going.inside.setdefault((entry.tag, *exif.value_span(entry)), []).append(entry)
    for note in notes:
        going.spans.update(exif.places_in_maker_note(*note))
    return going


def _places(exif: Exif, pointer: Entry, starts: set[int]) -> Iterator[tuple[int, int]]:
    """The GPS directory and its values, unless it is another directory, by a bad pointer."""
    places = exif.gps_directory(pointer)
    if places.entries and places.start not in starts:
        yield places.start, places.end
        yield from (exif.value_span(place) for place in places.entries)


def _degrees(data: bytes, spans: set[tuple[int, int]]) -> set[bytes]:
    """Degrees, minutes and seconds among the values."""
    values = {data[start:end] for start, end in spans if end - start == _DEGREES_BYTES}
    telling = {each for each in values if each.count(b"\0") < _DEGREES_BYTES - _TELLING_BYTES}
    if len(telling) > _MAX_COPIED:
        raise MalformedExif("too many coordinates")
    return telling


def _without_copies(data: bytes, values: set[bytes]) -> bytes:
    """Without degrees, minutes and seconds that a program left behind in another place."""
    for value in sorted(values):
        data = data.replace(value, b"\0" * len(value))
    return data
