"""The list of pictures in a JPEG file that holds several: the multi-picture format.

Source: CIPA DC-007, sections 5.2.3 and 5.2.3.3.
"""

import struct

_ENTRIES, _ENTRY_BYTES = 0xB002, 16


def pictures(index: bytes, *, at: int) -> list[tuple[int, int]]:
    """Start and end of each picture in the file whose index starts `at`; none if unreadable."""
    order = {b"II": "<", b"MM": ">"}.get(index[:2], "")
    try:
        return _pictures(index, order, at) if order else []
    except struct.error:
        return []


def _pictures(index: bytes, order: str, at: int) -> list[tuple[int, int]]:
    (directory,) = struct.unpack_from(order + "I", index, 4)
    (fields,) = struct.unpack_from(order + "H", index, directory)
    for number in range(fields):
        tag, _, size, values = struct.unpack_from(
            order + "HHII", index, directory + 2 + 12 * number
        )
        if tag == _ENTRIES:
            places = range(values, values + size, _ENTRY_BYTES)
            return [_place(index, order, entry, at) for entry in places]
    return []


def _place(index: bytes, order: str, entry: int, at: int) -> tuple[int, int]:
    size, offset = struct.unpack_from(order + "II", index, entry + 4)
    start = at + offset if offset else 0  # The first picture is where the file starts.
    return start, start + size
