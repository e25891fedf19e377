"""Which files pass for pictures: what they are is known from their first bytes, at a small cost."""

import time
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import suppress

import pytest

from mediaport.adapters.pillow.decoding.pool import Decoders, Limits
from mediaport.adapters.pillow.images import PillowImages
from mediaport.adapters.pillow.metadata.publishing import BlockKind, published
from mediaport.domain.errors import NotAnImage
from mediaport.domain.media import ImageFacts
from mediaport.domain.policy import ContentType, MetadataRule
from tests import geotagged, pictures
from tests.reading import Reader

JPEG, PNG, WEBP = ContentType.JPEG, ContentType.PNG, ContentType.WEBP
HTML = b"<script>alert(1)</script>"


def images(rule: MetadataRule = MetadataRule.STRIP_LOCATION) -> PillowImages:
    """The adapter; no decoder is started for what does not decode."""
    decoders = Decoders(count=1, limits=Limits.of(max_pixels=1, sizes=(128,)))
    return PillowImages(decoders, max_pixels=1, quality=80, metadata=rule)


async def facts(body: bytes) -> ImageFacts:
    return await images().inspect(Reader(body), size_bytes=len(body))


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"", "it is empty"),
        (b"GIF89a" + b"\0" * 50, "it is a GIF"),
        (b"GIF8", "it is a GIF"),
        (b"%PDF-1.7 ", "it is a PDF"),
        (b"BM\x36\0", "it is a BMP"),
        (b"II*\0\x08\0\0\0", "it is a TIFF"),
        (b"\0\0\0\x18ftypheic", "it is a HEIC"),
        (b"\0\0\0\x18ftypavif", "it is an AVIF"),
        (b"\0\0\0\x18ftypmp42", "it is an MP4"),
        (b"PK\x03\x04", "it is a ZIP archive"),
        (b"RIFF\x10\0\0\0AVI LIST", "it is a RIFF file"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"></svg>', "it is an SVG"),
        (b'\xef\xbb\xbf\n<?xml version="1.0"?><!-- a --><svg/>', "it is an SVG"),
        (b"<?xml version='1.0'?><a/>", "it is an XML document"),
        (b"<!DOCTYPE html><title>a</title>", "it is an HTML page"),
        (b"  <HTML></HTML>", "it is an HTML page"),
        (HTML, "it is an HTML page"),
        (b"<?php echo 1;", "it is a PHP script"),
        (b"#!/bin/sh", "it is a script"),
        (b"MZ\x90\0", "it is a program"),
        (b"alert(1)", "it is something else"),
    ],
)
async def test_what_is_no_image_is_named(body: bytes, found: str) -> None:
    with pytest.raises(NotAnImage, match=f"{found}.*, not a JPEG, PNG or WebP"):  # row 20
        await facts(body)


@pytest.mark.parametrize(
    ("body", "second"),
    [
        (geotagged.jpeg(geotagged.segment(0xFE, b"%PDF-1.4 ...")), "a PDF"),
        (geotagged.jpeg(geotagged.segment(0xFE, HTML)), "an HTML page"),
        (geotagged.jpeg(geotagged.segment(0xE0, b"<!DOCTYPE  HTML>")), "an HTML page"),
        (geotagged.jpeg(geotagged.segment(0xEC, b"<?PHP system($_GET[0]);")), "a PHP script"),
        (geotagged.jpeg(geotagged.segment(0xFE, b"GIF89a/*")), "a GIF"),
        (
            b"\xff\xd8\xff\xe0/*" + b"\0" * 12_072 + geotagged.plain(JPEG)[2:] + b"*/=alert(1)",
            "a JavaScript",
        ),
        (geotagged.png((b"tEXt", b"Comment\0" + HTML)), "an HTML page"),
        (geotagged.png((b"tEXt", b"Comment\0<svg onload=alert(1)>")), "an SVG"),
        (b"RIFF/*\0\0" + geotagged.plain(WEBP)[8:], "a JavaScript"),
    ],
)
async def test_a_picture_that_is_something_else_as_well_is_refused(
    body: bytes, second: str
) -> None:
    with pytest.raises(NotAnImage, match=f"its header makes it {second} as well"):  # row 20
        await facts(body)


@pytest.mark.parametrize(
    "body",
    [
        geotagged.jpeg(geotagged.segment(0xE1, geotagged.XMP_SIGNATURE + geotagged.xmp(""))),
        geotagged.jpeg(geotagged.segment(0xFE, b"made of a PDF <html-like> text")),
        geotagged.png((b"iTXt", b"XML:com.adobe.xmp" + b"\0" * 5 + geotagged.xmp(""))),
        geotagged.jpeg(
            geotagged.segment(
                0xED,
                b"Photoshop 3.0\0"
                + geotagged.photoshop((0x03EA, b"<?xml version='1.0'?><!DOCTYPE plist PUBLIC ''>")),
            )
        ),
    ],
)
async def test_honest_metadata_is_no_second_file(body: bytes) -> None:
    assert not (await facts(body)).needs_stripping


@pytest.mark.parametrize("rule", [MetadataRule.STRIP_LOCATION, MetadataRule.STRIP_ALL])
@pytest.mark.parametrize("content_type", list(ContentType))
async def test_what_trails_a_picture_is_cut_off(
    content_type: ContentType, rule: MetadataRule
) -> None:
    body = pictures.picture(content_type, width=2, height=2)
    trailed = body + HTML

    found = await facts(trailed)
    cleaned = await images(rule).strip(trailed)

    assert len(trailed) < 1024
    assert found.needs_stripping  # row 21
    assert HTML not in cleaned
    assert cleaned == await images(rule).strip(body)


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xd8\xff\xe0\0\x10JFIF",
        b"\xff\xd8\xff\xd9\0\0\0\0",
        b"\xff\xd8\xff\xe1\0\x04ab\0\0\0\0",
        b"\x89PNG\r\n\x1a\n\0\0\0\rJUNK" + b"\0" * 40,
        b"RIFF\x10\0\0\0WEBPJUNK" + b"\0" * 40,
        b"RIFF\x10\0\0\0WEBPVP8 " + b"\0" * 40,
    ],
)
async def test_a_broken_header_is_no_image(body: bytes) -> None:
    with pytest.raises(NotAnImage):  # row 20
        await facts(body)


async def test_too_much_metadata_is_no_image() -> None:
    exif = pictures.exif_loop(1000)
    body = pictures.png_bomb(5, 5)
    body = body[:33] + pictures.png_chunk(b"eXIf", exif) * 200 + body[33:]

    with pytest.raises(NotAnImage, match="metadata"):
        await facts(body)


def _png_with_xmp(xmp: bytes) -> bytes:
    return pictures.picture(PNG, xmp=xmp)


def _in_png(*chunks: tuple[bytes, bytes]) -> bytes:
    bomb = pictures.png_bomb(5, 5)
    return bomb[:33] + b"".join(pictures.png_chunk(*each) for each in chunks) + bomb[33:]


def _of_5_mb(part: bytes) -> bytes:
    return part * (5_000_000 // len(part))


HOSTILE: dict[str, Callable[[], bytes]] = {
    "empty segments": lambda: b"\xff\xd8" + b"\xff\xe2\0\2" * 100_000,
    "empty PNG chunks": lambda: _in_png(*[(b"tIME", b"")] * 100_000),
    "empty WebP chunks": lambda: (
        b"RIFF\0\xff\xff\0WEBPVP8X\x0a\0\0\0" + b"\0" * 10 + b"JUNK\0\0\0\0" * 100_000
    ),
    "brackets": lambda: pictures.picture(xmp=b"<" * 60_000),
    "open tags": lambda: pictures.picture(xmp=b"<a:gps" * 10_000),
    "attributes": lambda: pictures.picture(xmp=b" a:gps=" * 9_000),
    "quotes": lambda: pictures.picture(xmp=b" a:gps='" * 8_000 + b'"'),
    "a long name": lambda: _png_with_xmp(b"<" + b"a" * 900_000),
    "spaces": lambda: _png_with_xmp(b"<a a:gps" + b" " * 900_000),
    "many names": lambda: _png_with_xmp(b"<a " + b"latitude='' " * 70_000 + b"/>"),
    "many elements": lambda: _png_with_xmp(b"<a>" + b"<lat/>" * 150_000 + b"</a>"),
    "deep elements": lambda: _png_with_xmp(b"<lat>" * 90_000 + b"</lat>" * 90_000),
    "expanding entities": lambda: _png_with_xmp(
        b"<!DOCTYPE a [<!ENTITY a 'aaaaaaaa'>" + b"<!ENTITY b '&a;&a;&a;&a;&a;&a;'>]><a>&b;</a>"
    ),
    "packets of 5 MB": lambda: _in_png(
        *[(b"iTXt", b"XML:com.adobe.xmp" + b"\0" * 5 + b"<a>" + b"<b/>" * 60_000 + b"</a>")] * 20
    ),
    "a loop of directories": lambda: _in_png((b"eXIf", pictures.exif_loop(600))),
    "a large loop": lambda: _in_png((b"eXIf", pictures.exif_loop(1000))),
    "previews in previews": lambda: _in_png(
        (b"eXIf", geotagged.exif() + b"Exif\0\0II*\0" * 90_000)
    ),
    "coordinates": lambda: _in_png(*[(b"tEXt", b"a\0" + b"lat=1.23 " * 100_000)] * 5),
    "nearly coordinates": lambda: _in_png(*[(b"tEXt", b"a\0" + b"latlonlat " * 90_000)] * 5),
    "nearly ISO 6709": lambda: _in_png(*[(b"tEXt", b"a\0" + b"+12345.123456-1" * 60_000)] * 5),
    "compressed zeros": lambda: _in_png(
        *[(b"zTXt", b"a\0\0" + zlib.compress(bytes(50_000_000)))] * 20
    ),
    "a program's own": lambda: geotagged.jpeg(*[geotagged.segment(0xE3, b"latituDe" * 8000)] * 76),
    "packets between scans": lambda: (
        geotagged.jpeg()[:-2]
        + geotagged.segment(0xE1, geotagged.XMP_SIGNATURE + b"<a/>" * 16_000) * 76
    ),
    "restarts": lambda: geotagged.jpeg()[:-2] + _of_5_mb(b"\xff\xd0"),
    "fill bytes": lambda: geotagged.jpeg()[:-2] + _of_5_mb(b"\xff"),
    "stuffing": lambda: geotagged.jpeg()[:-2] + _of_5_mb(b"\xff\0"),
    "scans": lambda: geotagged.jpeg()[:-2] + _of_5_mb(b"\xff\xda\0\2"),
    "pictures": lambda: _of_5_mb(geotagged.plain(JPEG)),
    "starts": lambda: geotagged.jpeg() + _of_5_mb(b"\xff\xd8\xff"),
    "padding": lambda: geotagged.jpeg() + bytes(5_000_000),
    "announced pictures": lambda: geotagged.mpf(
        *[geotagged.plain(JPEG)] * 200, first=geotagged.plain(JPEG)
    ),
    "chains": lambda: _in_png((b"IDAT", bytes(200_000)), (b"IDAT", _of_5_mb(b"\0\0\0\0IDAT"))),
    "small picture data": lambda: _in_png(*[(b"IDAT", b"1")] * 90_000),
    "frames": lambda: geotagged.plain(WEBP)[:30] + _of_5_mb(b"ANMF\0\0\0\0"),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_no_file_takes_long_to_look_at_and_to_clean(name: str) -> None:
    body = HOSTILE[name]()
    started = time.process_time()

    with suppress(NotAnImage):
        await facts(body)
    looked_at = time.process_time()
    with suppress(NotAnImage):
        await images().strip(body)

    # Generous: what goes over the bytes more than once takes minutes.
    assert looked_at - started < 1.0
    assert time.process_time() - looked_at < 1.5


_PACKET = b"<a>" + b"<b/>" * 6000 + b"</a>"
_NESTED = b"Exif\0\0" + geotagged.aliased(0x02BC, _PACKET[:3200] + b"</a>", count=50)
ALIASED: dict[str, Callable[[], bytes]] = {
    "GPS values": lambda: geotagged.aliased(2, b"", count=2900, in_gps=True, room=900_000),
    "shifted GPS values": lambda: geotagged.aliased(
        2, b"", count=2900, in_gps=True, room=900_000, step=1
    ),
    "GPS directories": lambda: geotagged.aliased(0x8825, b"\xff\0", count=3000, room=24_000),
    "maker notes": lambda: geotagged.aliased(
        0x927C, geotagged.nikon_note("<", b"Kreuzberg"), count=3000, room=24_000
    ),
    "maker notes with entries": lambda: geotagged.aliased(
        0x927C, geotagged.nikon_notes_in_one(1900, 23_000), count=3000, room=24_000
    ),
    "shifted maker notes": lambda: geotagged.aliased(
        0x927C, b"Nikon\0\x02\x10\0\0II*\0\x08\0\0\0" * 40_000, count=3000, step=18
    ),
    "Panasonic's notes": lambda: geotagged.aliased(
        0x927C, b"Panasonic\0\0\0\xff\xff", count=3000, room=24_000
    ),
    "XMP": lambda: geotagged.aliased(0x02BC, _PACKET, count=3000),
    "shifted XMP": lambda: geotagged.aliased(0x02BC, b" " * 3000 + _PACKET, count=3000, step=1),
    "IPTC": lambda: geotagged.aliased(0x83BB, geotagged.iptc((5, b"")) * 4800, count=3000),
    "nested EXIF": lambda: geotagged.exif() + _NESTED * 14,
    "nested XMP": lambda: (
        geotagged.exif() + (b"\xff\xe1\xff\xff" + geotagged.XMP_SIGNATURE) * 16 + _PACKET
    ),
}


@pytest.mark.parametrize("name", ALIASED)
def test_values_in_the_same_place_cost_no_more_than_one(name: str) -> None:
    data = ALIASED[name]()
    assert len(data) < 990_000
    started = time.process_time()
    tracemalloc.start()

    published(BlockKind.EXIF, data, MetadataRule.STRIP_LOCATION)

    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 20_000_000
    assert time.process_time() - started < 1.0


def _in_segments_of_8_kb() -> bytes:
    """A JPEG file of 4 MB, nearly all of it program's own data in its header."""
    return geotagged.jpeg(*[geotagged.segment(0xE3, b"\1" * 8300)] * 478)


def _in_chunks_of_8_kb() -> bytes:
    return _in_png(*[(b"prVt", b"\1" * 8300)] * 478)


@pytest.mark.parametrize("build", [_in_segments_of_8_kb, _in_chunks_of_8_kb])
@pytest.mark.parametrize("rule", list(MetadataRule))
async def test_no_file_takes_many_requests(build: Callable[[], bytes], rule: MetadataRule) -> None:
    body = build()
    read = Reader(body)

    await images(rule).inspect(read, size_bytes=len(body))

    assert read.requests <= 40
    assert read.bytes_read <= 2 * len(body)
