"""EXIF, read for the orientation, cleared of the location.

Everything keeps its place, as maker notes hold offsets of their own. Source: EXIF 2.32, sections
4.6.3 to 4.6.6.
"""

import struct
from types import MappingProxyType

from mediaport.adapters.pillow.metadata import iptc, xmp
from mediaport.adapters.pillow.metadata.tiff import HEADER_BYTES, Entry, Exif, MalformedExif

_ORIENTATION, _GPS, _MAKER_NOTE, _SHORT = 0x0112, 0x8825, 0x927C, 3
# Photoshop's resources, which a JPEG keeps elsewhere; and GeoTIFF's tags: OGC 19-008r4, annex C.
_ALWAYS_GONE = {0x8649, 0x830E, 0x8480, 0x8482, 0x85D8, 0x87AF, 0x87B0, 0x87B1}
_INSIDE = MappingProxyType({0x02BC: xmp.without_location, 0x83BB: iptc.without_location})
# Degrees, minutes and seconds are three rationals. So many of their bytes are not zero that they
# are found again only where they were copied.
_DEGREES_BYTES, _TELLING_BYTES = 24, 5


def orientation(data: bytes) -> int | None:
    """The orientation, 1 to 8; None where none is given."""
    try:
        return Exif(data).orientation()
    except MalformedExif:
        return None


def orientation_only(data: bytes) -> bytes | None:
    """The smallest EXIF data that turns the picture the same way; None if it is not turned."""
    turned = orientation(data)
    if turned in {None, 1}:
        return None
    entry = struct.pack(">HHIHxx", _ORIENTATION, _SHORT, 1, turned)
    return b"MM\0\x2a" + struct.pack(">IH", 8, 1) + entry + b"\0" * 4


def without_location(data: bytes) -> bytes | None:
    """The same EXIF data, as long as before, without all that says where; None if malformed."""
    try:
        return _cleared(data)
    except MalformedExif:
        return None


def _cleared(data: bytes) -> bytes:
    exif, cleaned = Exif(data), bytearray(data)
    directories = exif.directories()
    starts = {directory.start for directory in directories}  # no places, but for bad pointers
    spans: list[tuple[int, int]] = []
    gone: set[Entry] = set()
    for entry in (entry for directory in directories for entry in directory.entries):
        if entry.tag == _GPS:
            gone.add(entry)
            places = exif.gps_directory(entry)
            if places.entries and places.start not in starts:
                spans.append((places.start, places.end))
                spans += [exif.value_span(place) for place in places.entries]
        elif entry.tag == _MAKER_NOTE:
            spans += exif.places_in_maker_note(entry)
        elif entry.tag in _ALWAYS_GONE:
            gone.add(entry)
            spans.append(exif.value_span(entry))
        elif entry.tag in _INSIDE:
            start, end = exif.value_span(entry)
            value = _INSIDE[entry.tag](data[start:end])
            cleaned[start:end] = value or b"\0" * (end - start)
            if value is None:
                gone.add(entry)
    for start, end in spans:
        cleaned[start:end] = b"\0" * (end - start)
    cleaned[:HEADER_BYTES] = data[:HEADER_BYTES]
    for directory in directories:
        table = slice(directory.start, directory.end + 4)
        is_whole = gone.isdisjoint(directory.entries)
        cleaned[table] = data[table] if is_whole else exif.table_without(directory, gone)
    return _without_copies(bytes(cleaned), [data[start:end] for start, end in spans])


def _without_copies(data: bytes, values: list[bytes]) -> bytes:
    """Without degrees, minutes and seconds that a program left behind in another place."""
    for value in values:
        if len(value) == _DEGREES_BYTES and value.count(b"\0") < _DEGREES_BYTES - _TELLING_BYTES:
            data = data.replace(value, b"\0" * len(value))
    return data
