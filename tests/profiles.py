"""Small colour profiles, made on the spot. Source: ICC.1:2001-04 (version 2)."""

import struct
from collections.abc import Sequence
from itertools import product

# Colourants in XYZ, adapted to D50: red, green, blue.
DISPLAY_P3 = (
    (0.51512, 0.24120, -0.00105),
    (0.29198, 0.69225, 0.04189),
    (0.15710, 0.06657, 0.78407),
)
ADOBE_RGB = (
    (0.60974, 0.31111, 0.01947),
    (0.20528, 0.62567, 0.06087),
    (0.14919, 0.06322, 0.74457),
)
SRGB = (
    (0.43607, 0.22249, 0.01392),
    (0.38515, 0.71687, 0.09708),
    (0.14307, 0.06061, 0.71410),
)
WHITE = (0.9642, 1.0, 0.8249)
Lab = tuple[float, float, float]
Inks = tuple[int, int, int, int]
# What eight prints of cyan, magenta, yellow and black look like.
INKS: dict[Inks, Lab] = {
    (0, 0, 0, 0): (100, 0, 0),
    (1, 0, 0, 0): (58, -30, -35),
    (0, 1, 0, 0): (50, 60, -5),
    (0, 0, 1, 0): (85, -5, 70),
    (1, 1, 0, 0): (30, 15, -40),
    (1, 0, 1, 0): (50, -50, 25),
    (0, 1, 1, 0): (48, 55, 40),
    (0, 0, 0, 1): (20, 0, 0),
}


def rgb(colourants: Sequence[Sequence[float]], *, gamma: float) -> bytes:
    """A profile of three colourants with one gamma."""
    tags = {b"wtpt": _xyz(WHITE)}
    for name, colourant in zip((b"r", b"g", b"b"), colourants, strict=True):
        tags |= {name + b"XYZ": _xyz(colourant), name + b"TRC": _curve(gamma)}
    return _profile(b"mntr", b"RGB ", b"XYZ ", tags)


def grey(*, gamma: float) -> bytes:
    """A profile of grey."""
    return _profile(b"mntr", b"GRAY", b"XYZ ", {b"wtpt": _xyz(WHITE), b"kTRC": _curve(gamma)})


def cmyk() -> bytes:
    """A profile that knows the colours of `INKS`; all other prints are black."""
    identity = bytes(range(256))
    matrix = struct.pack(
        ">9i", *(65536 * (row == column) for row in range(3) for column in range(3))
    )
    colours = b"".join(
        _lab8(INKS.get((c, m, y, k), (0, 0, 0))) for c, m, y, k in product((0, 1), repeat=4)
    )
    table = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0)) + matrix + 4 * identity + colours + 3 * identity
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"wtpt": _xyz(WHITE), b"A2B0": table})


def _profile(kind: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    tags = {b"desc": b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + bytes(78), **tags}
    at, table, data = 132 + 12 * len(tags), b"", b""
    for name, value in tags.items():
        padded = value + bytes(-len(value) % 4)
        table += struct.pack(">4sII", name, at + len(data), len(value))
        data += padded
    head = struct.pack(
        ">I4sI4s4s4s12s4s4sIIIQI",
        at + len(data),
        b"\0" * 4,
        0x02100000,
        kind,
        space,
        connection,
        struct.pack(">6H", 2026, 1, 1, 0, 0, 0),
        b"acsp",
        b"\0" * 4,
        0,
        0,
        0,
        0,
        0,
    )
    head += struct.pack(">3i", *(round(65536 * value) for value in WHITE))
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + data


def _xyz(values: Sequence[float]) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(65536 * value) for value in values))


def _curve(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(256 * gamma))


def _lab8(colour: Lab) -> bytes:
    return bytes((round(colour[0] * 2.55), round(colour[1] + 128), round(colour[2] + 128)))
