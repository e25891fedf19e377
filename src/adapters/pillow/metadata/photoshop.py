"""Photoshop's image resources, as in APP13 of a JPEG: IPTC is one of them.

Source: Adobe Photoshop file formats, "image resource blocks".
"""

import struct
from collections.abc import Callable, Mapping
from types import MappingProxyType

from mediaport.adapters.pillow.metadata import exif, iptc, xmp

_SIGNATURES = {b"8BIM", b"AgHg", b"DCSR", b"MeSa", b"PHUT"}
_INSIDE: Mapping[int, Callable[[bytes], bytes | None]] = MappingProxyType(
    {
        0x0404: iptc.without_location,
        0x0422: exif.without_location,
        0x0423: exif.without_location,
        0x0424: xmp.without_location,
    }
)


def without_location(resources: bytes) -> bytes | None:
    """The same resources at the same places; None if they cannot be understood."""
    cleaned, at = bytearray(resources), 0
    used = len(resources.rstrip(b"\0"))
    while at < used:
        # Signature, kind, a name with its length before it, padded to an even number of bytes.
        name_length = resources[at + 6] if at + 6 < len(resources) else 0
        start = at + 6 + (name_length + 2) // 2 * 2 + 4
        if resources[at : at + 4] not in _SIGNATURES or start > len(resources):
            return None
        (kind,) = struct.unpack_from(">H", resources, at + 4)
        (size,) = struct.unpack_from(">I", resources, start - 4)
        end = start + size
        if end > len(resources):
            return None
        if kind in _INSIDE:
            value = _INSIDE[kind](resources[start:end])
            if value is None:
                return None
            cleaned[start:end] = value
        at = end + size % 2
    return bytes(cleaned)
