"""Coordinates and names of places that programs write as plain words."""

import re

# As in `Latitude: 43.68739` or `gps_lon="-85.4835"`, and ISO 6709 as in `+52.5200+013.4050/`.
# What a person says of a place without such numbers is theirs to say. Repetitions are bounded.
# UIOE is every other byte of UNICODE, which comes before a user's comment in EXIF.
_COORDINATES = re.compile(
    rb"""(?:(?<![a-z])|(?<=UIOE))(?:gps|lat|lng|lon)[a-z_]{0,20}[\s"'=:>(\[,]{1,8}[+-]?\d{1,3}(?:\.\d{2,20}|\xc2?\xb0)"""
    rb"""|[+-]\d{2,6}\.\d{2,12}[+-]\d{3,7}\.\d{2,12}""",
    re.IGNORECASE,
)
_NUMBER = re.compile(rb"[\d.+-]")
# Keys of JSON and of GoPro's telemetry, boxes of MP4. Four letters or more: three turn up by chance
# in binary data.
_KEYS = re.compile(
    rb"GPS[59A-Z]|(?i:gps.?l|latitude|longitude|longtitude|iso6709|location)|\xa9xyz|loci\0"
)
# Local names of XMP properties, in lower case: EXIF's GPS..., DJI's `GpsLongtitude`, W3C's
# `geo:lat`, IPTC's places, Darwin Core's. The creator's own address, `CiAdrCity`, is no place.
_PROPERTY = re.compile(
    r"gps\w*|lat|lng|long?|\w*(?:latitude|longitude|longtitude|altitude|coordinates?)"
    r"|(?:sub|shot)?location\w*|city|state|provincestate|stateprovince|country(?:code|name)?"
    r"|worldregion|continent|county|municipality|locality|iso6709"
)
_PREFIXES = {"geo", "georss", "gml", "cell"}


def without_coordinates(text: bytes) -> bytes:
    """The text with spaces in place of the digits of coordinates that are named as such."""
    cleaned = bytearray(_without_coordinates(text))
    for first in (0, 1) if b"\0" in text else ():  # In UTF-16, every other byte.
        cleaned[first::2] = _without_coordinates(bytes(cleaned[first::2]))
    return bytes(cleaned)


def mentions_place(data: bytes) -> bool:
    """Whether data of an unknown form has a key under which programs keep places."""
    return _KEYS.search(data) is not None


def names_place(name: str) -> bool:
    """Whether a property of that name, `prefix:name` or bare, says where."""
    prefix, _, local = name.lower().rpartition(":")
    return prefix in _PREFIXES or _PROPERTY.fullmatch(local) is not None


def _without_coordinates(text: bytes) -> bytes:
    return _COORDINATES.sub(lambda found: _NUMBER.sub(b" ", found[0]), text)
