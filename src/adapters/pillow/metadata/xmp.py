"""XMP: RDF in XML, which says where in properties that each program names as it likes.

Source: XMP part 1, ISO 16684-1, sections 6 and 7.
"""

import re
from xml.parsers import expat

from mediaport.adapters.pillow.metadata.words import names_place

# Inside the tag of an element that expat has accepted: no attribute is missed.
_ATTRIBUTE = re.compile(rb"""\s++([^\s=/>]++)\s*+=\s*+(?:"[^"]*+"|'[^']*+')""")
_ENCODING = "utf-8"


def without_location(xmp: bytes) -> bytes | None:
    """The same packet with spaces where it said where; None if it cannot be understood."""
    text = xmp.rstrip(b"\0")
    if not text.strip():
        return xmp
    if b"\0" in text:  # UTF-16 or UTF-32
        return None
    places = _Places(text)
    try:
        places.find()
    except (expat.ExpatError, _NoXmp):
        return None
    cleaned = bytearray(xmp)
    for start, end in places.spans:
        cleaned[start:end] = b" " * (end - start)
    return bytes(cleaned)


class _NoXmp(Exception):
    """Raised at a document type, whose entities could grow without bound, or another encoding."""


class _Places:
    """Collects the spans of elements and attributes that say where."""

    def __init__(self, text: bytes) -> None:
        self.spans: list[tuple[int, int]] = []
        self._text = text
        self._depth = 0  # below the outermost element that says where
        self._opened = 0
        self._parser = expat.ParserCreate(_ENCODING)
        self._parser.ordered_attributes = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.XmlDeclHandler = self._declaration

    def find(self) -> None:
        self._parser.Parse(self._text, True)  # noqa: FBT003 - expat's own signature

    def _start(self, name: str, attributes: list[str]) -> None:
        if self._depth:
            self._depth += 1
        elif names_place(name):
            self._depth, self._opened = 1, self._parser.CurrentByteIndex
        elif any(names_place(attribute) for attribute in attributes[::2]):
            self._find_attributes(self._parser.CurrentByteIndex + 1 + len(name.encode()))

    def _find_attributes(self, at: int) -> None:
        while attribute := _ATTRIBUTE.match(self._text, at):
            if names_place(attribute[1].decode(errors="replace")):
                self.spans.append(attribute.span())
            at = attribute.end()

    def _end(self, name: str) -> None:
        if not self._depth:
            return
        self._depth -= 1
        if not self._depth:
            # Of an empty element, expat is past the whole tag already.
            at = self._parser.CurrentByteIndex
            closes = self._text.startswith(f"</{name}".encode(), at)
            end = self._text.index(b">", at) + 1 if closes else at
            self.spans.append((self._opened, end))

    def _doctype(self, *_: object) -> None:
        raise _NoXmp

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding and encoding.lower() != _ENCODING:  # then bytes may mean other letters
            raise _NoXmp
