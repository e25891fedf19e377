"""What a file is that is none of ours, and whether a picture is something else besides.

Sources: the formats' own specifications; WHATWG MIME Sniffing, section 7.1, for what browsers take
for HTML; PDF 1.7, implementation note 13, for the 1024 bytes in which readers look for a PDF.
"""

import re

from mediaport.domain.errors import NotAnImage

HEAD_BYTES = 1024
_MAGICS = (
    (b"GIF8", "a GIF"),
    (b"%PDF-", "a PDF"),
    (b"BM", "a BMP"),
    (b"II*\0", "a TIFF or a camera's raw file"),
    (b"MM\0*", "a TIFF or a camera's raw file"),
    (b"8BPS", "a Photoshop document"),
    (b"\0\0\x01\0", "an icon"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL"),
    (b"\xff\x0a", "a JPEG XL"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\x1a\x45\xdf\xa3", "a WebM or Matroska video"),
    (b"ID3", "an MP3"),
    (b"OggS", "an Ogg file"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"#!", "a script"),
    (b"RIFF", "a RIFF file, such as AVI or WAV"),
)
# The brand after `ftyp` in files of ISO base media: ISO/IEC 14496-12, section 4.3.
_BRANDS = ((b"avi", "an AVIF"), (b"hei", "a HEIC"), (b"hev", "a HEIC"), (b"mif", "a HEIC"))
# What makes a second file of a picture, where it stands before the picture data.
_SECOND_FORMATS = (
    (re.compile(rb"%PDF-"), "a PDF"),
    (re.compile(rb"<\?php", re.IGNORECASE), "a PHP script"),
    (re.compile(rb"<svg[\s>/]", re.IGNORECASE), "an SVG"),
    (re.compile(rb"<(?:!doctype\s{1,9}html|html|script)[\s>/]", re.IGNORECASE), "an HTML page"),
    (re.compile(rb"GIF8[79]a"), "a GIF"),
    # Lengths of a first segment, or of a file, that open a comment in JavaScript.
    (re.compile(rb"\A(?:\xff\xd8\xff[\xe0\xfe]|RIFF)/\*"), "a JavaScript"),
)
_MARKUP = ((b"<?php", "a PHP script"), (b"<svg", "an SVG"), (b"<?xml", "an XML document"))


def foreign_format(head: bytes) -> NotAnImage:
    """The refusal of a file that begins like none of ours."""
    return NotAnImage(f"{_what_it_is(head)}, not a JPEG, PNG or WebP")


def refuse_second_format(header: bytes) -> None:
    """Let pass the beginning of a picture that is nothing else besides.

    Raises:
        NotAnImage: It is.
    """
    for pattern, name in _SECOND_FORMATS:
        if pattern.search(header):
            raise NotAnImage(f"its header makes it {name} as well")


def _what_it_is(head: bytes) -> str:
    if not head:
        return "it is empty"
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return f"it is {next((name for sign, name in _BRANDS if brand.startswith(sign)), 'an MP4')}"
    for magic, name in _MAGICS:
        if head.startswith(magic):
            return f"it is {name}"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(b"<"):
        return f"it is {next((name for sign, name in _MARKUP if sign in text), 'an HTML page')}"
    return "it is something else"
