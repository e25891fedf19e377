"""What a process and its decoders say to each other: MessagePack with its length in front.

A decoder may be in the hands of whoever made the image: what it says is read into these types and
no others, and never unpickled.
"""

import struct
from typing import BinaryIO

import msgspec

LENGTH = struct.Struct(">Q")
# What a decoder says first: that it is ready.
GREETING = LENGTH.pack(0)
# The largest thumbnails, many times over: what is longer is no answer of ours.
MAX_ANSWER_BYTES = 256 * 1024 * 1024


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to make of the original that follows, `size_bytes` long, in `cpu_s` seconds at most."""

    size_bytes: int
    sizes: tuple[int, ...]
    quality: int
    max_pixels: int
    two_cores: bool
    cpu_s: int


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """One thumbnail."""

    size: int
    width: int
    height: int
    body: bytes


class Made(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """All thumbnails."""

    pictures: tuple[Picture, ...]
    placeholder: str


class Broken(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """There can be none. `trace` is there where it may be for a defect of ours."""

    reason: str
    detail: str
    trace: str | None = None


Answer = Made | Broken

_order = msgspec.msgpack.Decoder(Order)
_answer = msgspec.msgpack.Decoder(Answer)


def framed(message: Order | Answer) -> bytes:
    """A message as it is sent."""
    body = msgspec.msgpack.encode(message)
    return LENGTH.pack(len(body)) + body


def next_order(orders: BinaryIO) -> Order | None:
    """The next order; None at the end of the input."""
    head = orders.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    return _order.decode(orders.read(LENGTH.unpack(head)[0]))


def answer_of(body: bytes) -> Answer:
    """An answer.

    Raises:
        msgspec.MsgspecError: It is none.
    """
    answer: Answer = _answer.decode(body)
    return answer
