"""Pictures inside metadata, such as previews in maker notes, with EXIF and XMP of their own."""

import re
from itertools import islice

from mediaport.adapters.pillow.metadata import exif, xmp
from mediaport.adapters.pillow.metadata.tiff import Budget, MalformedExif

_EXIF = re.compile(rb"Exif\0\0(?=II\*\0|MM\0\*)")
_XMP = re.compile(rb"\xff\xe1(..)http://ns\.adobe\.com/xap/1\.0/\0", re.DOTALL)
_MAX_SEGMENT_BYTES = 65_535
_MAX_NESTED = 16


def without_location(data: bytes) -> bytes | None:
    """The same data, as long as before; None if more pictures are in it than in honest files."""
    exifs = list(islice(_EXIF.finditer(data), _MAX_NESTED + 1))
    packets = list(islice(_XMP.finditer(data), _MAX_NESTED + 1))
    if max(len(exifs), len(packets)) > _MAX_NESTED:
        return None
    try:
        return _cleared(data, exifs, packets)
    except MalformedExif:
        return None


def _cleared(
    data: bytes, exifs: list[re.Match[bytes]], packets: list[re.Match[bytes]]
) -> bytes | None:
    budget = Budget(len(data))  # for all of them: they may overlap
    for found in exifs:
        start, end = found.end(), min(found.end() + _MAX_SEGMENT_BYTES, len(data))
        cleaned = exif.without_location(data[start:end], budget)
        if cleaned is None:
            return None
        data = data[:start] + cleaned + data[end:]
    for found in packets:
        end = min(found.start() + 2 + int.from_bytes(found[1], "big"), len(data))
        packet = data[found.end() : end]
        budget.spend(value_bytes=len(packet))
        cleaned = xmp.without_location(packet)
        data = (
            data[: found.end()]
            + (cleaned or b" " * len(packet))
            + data[found.end() + len(packet) :]
        )
    return data
