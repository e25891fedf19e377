"""What clients said to a server, out of the bytes that they sent."""

import re
from collections.abc import Iterator
from io import BytesIO

_HTTP = re.compile(rb"((?:GET|HEAD|PUT|POST|DELETE) /\S*) HTTP/1\.1\r\n")


def requests(sent: bytes) -> list[str]:
    """HTTP requests: method and target."""
    return [line.decode() for line in _HTTP.findall(sent)]


def commands(sent: bytes) -> list[str]:
    """Redis commands, but for the PING that a stream of events sends in silence: their words."""
    stream, found = BytesIO(sent), []
    while header := stream.readline():
        words = []
        for _ in range(int(header[1:])):
            words.append(stream.read(int(stream.readline()[1:])))
            stream.readline()
        found.append(b" ".join(words).decode(errors="replace"))
    return [each for each in found if each != "PING"]


def statements(sent: bytes) -> list[str]:
    """PostgreSQL statements that were run, prepared or not."""
    prepared: dict[bytes, bytes] = {}
    portals: dict[bytes, bytes] = {}
    found = []
    for kind, body in _messages(sent):
        match kind, body.split(b"\0"):
            case b"P", [name, text, *_]:
                prepared[name] = text
            case b"B", [portal, name, *_]:
                portals[portal] = prepared[name]
            case b"E", [portal, *_]:
                found.append(portals[portal])
            case b"Q", [text, *_]:
                found.append(text)
    return [" ".join(text.decode().split()) for text in found]


def _messages(sent: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Each with its kind; the first ones of a connection have none."""
    place = 0
    while place < len(sent):
        kind = b"" if sent[place] == 0 else sent[place : place + 1]
        start = place + len(kind)
        end = start + int.from_bytes(sent[start : start + 4])
        yield kind, sent[start + 4 : end]
        place = end
