"""IPTC datasets, among which names of places.

Source: IPTC-IIM 4.2, sections 1.5 and 6.
"""

import struct

# Content location code and name, city, sublocation, province, country code and name.
_PLACES = {(2, number) for number in (26, 27, 90, 92, 95, 100, 101)}
_MARKER, _EXTENDED = b"\x1c", 0x8000


def without_location(datasets: bytes) -> bytes | None:
    """Those that name no place, moved up, with zeros at the end; None if not understood."""
    kept, at = [], 0
    while datasets.startswith(_MARKER, at) and at + 5 <= len(datasets):
        record, number, length = struct.unpack_from(">BBH", datasets, at + 1)
        end = at + 5 + length
        if length & _EXTENDED or end > len(datasets):
            return None
        if (record, number) not in _PLACES:
            kept.append(datasets[at:end])
        at = end
    if datasets[at:].strip(b"\0"):
        return None
    return b"".join(kept).ljust(len(datasets), b"\0")
