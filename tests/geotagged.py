"""Small photos that say where they were taken, in every way that cameras and programs know.

Each way is bytes around one picture; `TELLING` is what must not be left of them.
"""

import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from itertools import product

from PIL import Image, ImageCms

from mediaport.domain.policy import ContentType
from tests import pictures

LATITUDE, LONGITUDE = ((52, 1), (31, 1), (1234, 100)), ((13, 1), (24, 1), (3056, 100))
ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
_TELLING = (
    *(
        struct.pack(f"{order}6I", *(number for pair in degrees for number in pair))
        for order, degrees in product("<>", (LATITUDE, LONGITUDE))
    ),
    *(b"52,31.2057N", b"52.52006", b"13.40512", b"+52.5200+013.4050", b"52\xb031"),
    *(text.encode("utf-16-le") for text in ("52.52006", "13.40512")),
    *(b"Kreuzberg", b"Kreuz".hex().encode()),
)
XMP_SIGNATURE = b"http://ns.adobe.com/xap/1.0/\0"


def xmp(inside: str, attributes: str = "") -> bytes:
    """An XMP packet as Adobe's programs write it."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        'rdf:about="" xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:a="http://a.example/" '
        'xmlns:geo="http://www.w3.org/2003/01/geo/wgs84_pos#" '
        'xmlns:drone-dji="http://www.dji.com/drone-dji/1.0/" '
        'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" '
        'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
        f'exif:PixelXDimension="60" {attributes}>{inside}</rdf:Description></rdf:RDF></x:xmpmeta>'
        '<?xpacket end="w"?>'
    ).encode()


LOCATED_XMP = xmp(
    "<exif:GPSLongitude>13.40512</exif:GPSLongitude>", 'exif:GPSLatitude="52,31.2057N"'
)


class Tiff:
    """Writes EXIF data: directories one after the other, each value where it is first needed."""

    def __init__(self, order: str) -> None:
        self._order = order
        self._data = bytearray({"<": b"II", ">": b"MM"}[order] + self.pack("HI", 42, 8))

    def pack(self, form: str, *values: int) -> bytes:
        return struct.pack(self._order + form, *values)

    def directory(self, *entries: tuple[int, int, int, bytes | int], following: int = 0) -> int:
        """Writes entries of tag, type, count, and value, or its place; returns where."""
        at = len(self._data)
        values_at = at + 2 + 12 * len(entries) + 4
        table, values = self.pack("H", len(entries)), b""
        for tag, kind, count, value in entries:
            if isinstance(value, int):
                held = self.pack("I", value)
            elif len(value) <= 4:
                held = value.ljust(4, b"\0")
            else:
                held = self.pack("I", values_at + len(values))
                values += value + b"\0" * (len(value) % 2)
            table += self.pack("HHI", tag, kind, count) + held
        self._data += table + self.pack("I", following) + values
        return at

    def gps(self) -> int:
        """A GPS directory."""
        numbers = [tuple(n for pair in degrees for n in pair) for degrees in (LATITUDE, LONGITUDE)]
        return self.directory(
            (1, 2, 2, b"N\0"),
            (2, 5, 3, self.pack("6I", *numbers[0])),
            (3, 2, 2, b"E\0"),
            (4, 5, 3, self.pack("6I", *numbers[1])),
        )

    def finished(self, first: int) -> bytes:
        self._data[4:8] = self.pack("I", first)
        return bytes(self._data)


def exif(
    order: str = "<",
    *,
    through: tuple[int, ...] = (),
    extra: tuple[tuple[int, int, int, bytes | int], ...] = (),
    located: bool = True,
    following: bool = False,
) -> bytes:
    """EXIF data whose GPS directory is reached by pointers of these tags, or by the next directory.

    `extra`: more entries of the first directory, behind all others.
    """
    tiff = Tiff(order)
    inner: tuple[tuple[int, int, int, bytes | int], ...] = ()
    if located:
        inner = ((0x8825, 4, 1, tiff.gps()),)
    for tag in reversed(through):
        inner = ((tag, 4, 1, tiff.directory(*inner)),)
    second = tiff.directory(*inner) if following else 0
    first = ((0x010F, 2, 7, b"Camera\0"), (0x0112, 3, 1, tiff.pack("H", 6)))
    entries = (*first, *(() if following else inner), *extra)
    return tiff.finished(tiff.directory(*entries, following=second))


def aliased(
    tag: int, value: bytes, *, count: int, in_gps: bool = False, step: int = 0, room: int = 0
) -> bytes:
    """EXIF data with that many entries whose value is the same; or `step` bytes further on each.

    `room`: how many bytes the value takes, with what comes after it.
    """
    tiff = Tiff("<")
    at = len(tiff._data)
    tiff._data += value.ljust(room, b"\1")
    size = max(len(value), room)
    entries = tuple((tag, 7, size - n * step, at + n * step) for n in range(count))
    if in_gps:
        entries = ((0x8825, 4, 1, tiff.directory(*entries)),)
    return tiff.finished(tiff.directory(*entries))


def text_entry(tag: int, text: bytes) -> tuple[int, int, int, bytes]:
    """An entry of undefined type."""
    return tag, 7, len(text), text


def segment(marker: int, data: bytes) -> bytes:
    """One segment of a JPEG file."""
    return struct.pack(">BBH", 0xFF, marker, 2 + len(data)) + data


def chunk(name: bytes, data: bytes) -> bytes:
    """One chunk of a WebP file."""
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def plain(
    content_type: ContentType, *, quality: int = 75, image: Image.Image | None = None
) -> bytes:
    """A photo with nothing but a colour profile and an orientation."""
    turned = Image.Exif()
    turned[pictures.ORIENTATION] = 6
    body = BytesIO()
    form = content_type.removeprefix("image/")
    source = image or pictures.corners()
    source.save(body, form, exif=turned, icc_profile=ICC, quality=quality)
    return body.getvalue()


def jpeg(*segments: bytes, exif_data: bytes | None = None, trailer: bytes = b"") -> bytes:
    """A JPEG photo with these segments in its header."""
    body = plain(ContentType.JPEG)
    if exif_data is not None:
        start = body.index(b"\xff\xe1")
        end = start + 2 + int.from_bytes(body[start + 2 : start + 4], "big")
        body = body[:start] + segment(0xE1, b"Exif\0\0" + exif_data) + body[end:]
    at = body.index(b"\xff\xdb")
    return body[:at] + b"".join(segments) + body[at:] + trailer


def png(*chunks: tuple[bytes, bytes], late: bool = False, trailer: bytes = b"") -> bytes:
    """A PNG photo with these chunks before, or after, its picture data."""
    body = plain(ContentType.PNG)
    at = body.rindex(b"IEND") - 4 if late else body.index(b"IDAT") - 4
    if any(name == b"eXIf" for name, _ in chunks):
        start = body.index(b"eXIf") - 4
        end = start + 12 + int.from_bytes(body[start : start + 4], "big")
        body, at = body[:start] + body[end:], at - (end - start if at > start else 0)
    return body[:at] + b"".join(pictures.png_chunk(*each) for each in chunks) + body[at:] + trailer


def webp(*chunks: tuple[bytes, bytes], trailer: bytes = b"") -> bytes:
    """A WebP photo with these chunks after its picture data."""
    body = plain(ContentType.WEBP)
    if any(name == b"EXIF" for name, _ in chunks):
        body = body[: body.index(b"EXIF")]
    body += b"".join(chunk(*each) for each in chunks)
    flags = body[20] | 0x08 | (0x04 if any(name == b"XMP " for name, _ in chunks) else 0)
    size = struct.pack("<I", len(body) - 8)
    return body[:4] + size + body[8:20] + bytes([flags]) + body[21:] + trailer


def mpf(*pictures_: bytes, first: bytes) -> bytes:
    """A JPEG file that announces other pictures behind the first."""

    def index(sizes: list[int], at: int) -> bytes:
        starts = [0, *(sum(sizes[: n + 1]) - at for n in range(len(sizes) - 1))]
        entries = b"".join(
            struct.pack("<IIIHH", 0x030000 if n == 0 else 0, size, start, 0, 0)
            for n, (size, start) in enumerate(zip(sizes, starts, strict=True))
        )
        tiff = Tiff("<")
        where = tiff.directory(
            (0xB000, 7, 4, b"0100"),
            (0xB001, 4, 1, len(sizes)),
            (0xB002, 7, len(entries), entries),
        )
        return segment(0xE2, b"MPF\0" + tiff.finished(where))

    at = first.index(b"\xff\xdb")
    length = len(index([0] * (1 + len(pictures_)), 0))
    sizes = [len(first) + length, *map(len, pictures_)]
    return first[:at] + index(sizes, at + 8) + first[at:] + b"".join(pictures_)


def iptc(*datasets: tuple[int, bytes]) -> bytes:
    """IPTC datasets of the application record."""
    return b"".join(
        struct.pack(">BBBH", 0x1C, 2, number, len(value)) + value for number, value in datasets
    )


def photoshop(*resources: tuple[int, bytes]) -> bytes:
    """Photoshop's image resources."""
    return b"".join(
        b"8BIM" + struct.pack(">HHI", kind, 0, len(data)) + data + b"\0" * (len(data) % 2)
        for kind, data in resources
    )


COMMENT = b"Lat: 52.52006, Lon: 13.40512"
RAW_PROFILE = b"\nexif\n      10\n" + b"Kreuz".hex().encode()
TELLING = (*_TELLING, *map(zlib.compress, (exif(), LOCATED_XMP, COMMENT, RAW_PROFILE)))
PLACE = iptc((5, b"Title"), (90, b"Kreuzberg"), (101, b"Kreuzberg"), (80, b"Author"))
MP4 = (
    b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\0\x40moov\0\0\0\x38udta"
    b"\0\0\0\x1f\xa9xyz\0\x13\x15\xc7+52.5200+013.4050/\0\0\0\x11loci52.52006"
)
PREVIEW = jpeg(segment(0xE1, XMP_SIGNATURE + LOCATED_XMP), exif_data=exif(">"))

_EXIF_LAYOUTS: dict[str, Callable[[str], bytes]] = {
    "first directory": exif,
    "EXIF directory": lambda order: exif(order, through=(0x8769,)),
    "sub-directory": lambda order: exif(order, through=(0x014A,)),
    "deep": lambda order: exif(order, through=(0x014A, 0x8769, 0xA005)),
    "thumbnail's directory": lambda order: exif(order, following=True),
    "copied into the maker note": lambda order: exif(
        order,
        extra=(text_entry(0x927C, b"Note" + (TELLING[0] if order == "<" else TELLING[2])),),
    ),
    "preview in the maker note": lambda order: exif(
        order, located=False, extra=(text_entry(0x927C, b"Note" + PREVIEW),)
    ),
    "Panasonic's place": lambda order: exif(
        order, located=False, extra=(panasonic_note(order, b"Kreuzberg"),)
    ),
    "Nikon's place": lambda order: exif(
        order, located=False, extra=(text_entry(0x927C, nikon_note(order, b"Kreuzberg")),)
    ),
    "XMP inside": lambda order: exif(order, located=False, extra=(text_entry(700, LOCATED_XMP),)),
    "IPTC inside": lambda order: exif(order, located=False, extra=(text_entry(0x83BB, PLACE),)),
    "GeoTIFF's tie point": lambda order: exif(
        order, located=False, extra=((0x8482, 12, 2, b"52.5200613.40512"),)
    ),
    "user's comment": lambda order: exif(
        order, located=False, extra=(text_entry(0x9286, b"ASCII\0\0\0" + COMMENT),)
    ),
    "user's comment in Unicode": lambda order: exif(
        order,
        located=False,
        extra=(text_entry(0x9286, b"UNICODE\0" + COMMENT.decode().encode("utf-16-le")),),
    ),
}


def nikon_note(order: str, place: bytes) -> bytes:
    """A maker note with a TIFF file of its own, and LocationInfo in it."""
    tiff = Tiff(order)
    info = b"0100\0DEU\0" + place.ljust(70, b"\0")
    inner = tiff.finished(tiff.directory((1, 7, 4, b"0210"), (0x39, 7, len(info), info)))
    return b"Nikon\0\x02\x10\0\0" + inner


def nikon_notes_in_one(entries: int, size: int) -> bytes:
    """A maker note in which LocationInfo of that many bytes is named that many times."""
    entry = struct.pack("<HHII", 0x39, 7, size, 8)
    return b"Nikon\0\x02\x10\0\0II*\0\x08\0\0\0" + struct.pack("<H", entries) + entry * entries


def panasonic_note(order: str, place: bytes) -> tuple[int, int, int, bytes]:
    """A maker note whose one value is within the note, at an offset into the EXIF data.

    The note is the value of the last of three entries of a first directory at byte 8: so that is
    known where it stands.
    """
    note_at = 8 + 2 + 12 * 3 + 4 + len(b"Camera\0\0")
    value = place.ljust(64, b"\0")
    table = struct.pack(f"{order}HHHIII", 1, 0x67, 7, len(value), note_at + 12 + 2 + 12 + 4, 0)
    return text_entry(0x927C, b"Panasonic\0\0\0" + table + value)


def _exif_photos() -> dict[str, bytes]:
    photos = {}
    for (name, build), order in product(_EXIF_LAYOUTS.items(), "<>"):
        data, where = build(order), f"{name}, {order}"
        photos[f"JPEG: {where}"] = jpeg(exif_data=data)
        photos[f"PNG: {where}"] = png((b"eXIf", data))
        photos[f"late PNG: {where}"] = png((b"eXIf", data), late=True)
        photos[f"WebP: {where}"] = webp((b"EXIF", b"Exif\0\0" + data))
    return photos


_XMP_LAYOUTS = {
    "attribute and element": LOCATED_XMP,
    "single quotes": xmp("", "exif:GPSLatitude = '52.52006'"),
    "empty element": xmp('<a:GPSInfo a:value="52.52006"/><a:other/>'),
    "other prefix": xmp("<a:latitude>52.52006</a:latitude>"),
    "nested": xmp("<a:gps><a:b>52.52006</a:b><a:gps>13.40512</a:gps></a:gps>"),
    "CDATA": xmp("<exif:GPSLatitude><![CDATA[52.52006</exif:GPSLatitude>]]></exif:GPSLatitude>"),
    "comment": xmp("<exif:GPSLatitude><!-- </exif:GPSLatitude> -->52.52006</exif:GPSLatitude>"),
    "entities": xmp("", 'exif:GPSLatitude="&#53;2" a:lat="52.52006" a:b="&quot;"'),
    "quote in another value": xmp("", """a:b=' a:gps="' exif:GPSLatitude="52.52006" a:c='"'"""),
    "bracket in another value": xmp("<a:b c='>'/><a:lat d='/>'>52.52006</a:lat>"),
    "drone": xmp("", 'drone-dji:GpsLongtitude="+13.40512" drone-dji:GimbalYaw="1"'),
    "point": xmp("<geo:Point>52.52006</geo:Point>"),
    "IPTC extension": xmp(
        "<Iptc4xmpExt:LocationShown><a:b>Kreuzberg</a:b></Iptc4xmpExt:LocationShown>"
    ),
    "film": xmp("", 'xmpDM:shotLocation="Kreuzberg"'),
    "geography": xmp("<a:b><gml:pos>52.52006 13.40512</gml:pos></a:b>"),
    "city": xmp("", 'photoshop:City="Kreuzberg" photoshop:Country="Kreuzberg"'),
    "UTF-16": LOCATED_XMP.decode().encode("utf-16"),
    "document type": b"<!DOCTYPE a [<!ENTITY b '52.52006'>]>" + xmp("&b;"),
    "broken": LOCATED_XMP[:-40],
    **{
        f"declared as {encoding}": b'<?xml version="1.0" encoding="%b"?>' % encoding.encode()
        + LOCATED_XMP
        for encoding in ("foo", "shift_jis", "UTF-7", "ISO-8859-1")
    },
    "Latin-1": b'<?xml version="1.0" encoding="ISO-8859-1"?>'
    + "<a \xe9='1' \xe8:gps='52.52006'><\xe9\xe9 \xe9='' gps='52.52006'/></a>".encode("latin-1"),
}


def _xmp_photos() -> dict[str, bytes]:
    photos = {}
    for name, packet in _XMP_LAYOUTS.items():
        photos[f"JPEG XMP: {name}"] = jpeg(segment(0xE1, XMP_SIGNATURE + packet))
        text = b"XML:com.adobe.xmp" + b"\0" * 5 + packet
        photos[f"PNG XMP: {name}"] = png((b"iTXt", text))
        photos[f"late PNG XMP: {name}"] = png((b"iTXt", text), late=True)
        photos[f"WebP XMP: {name}"] = webp((b"XMP ", packet))
    return photos


def _other_photos() -> dict[str, bytes]:
    json = b'{"exif:GPSLatitude": "52.52006", "location": "Kreuzberg"}'
    located = jpeg(segment(0xE1, XMP_SIGNATURE + LOCATED_XMP), exif_data=exif())
    return {
        "extended XMP": jpeg(
            segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 40 + LOCATED_XMP)
        ),
        "IPTC": jpeg(segment(0xED, b"Photoshop 3.0\0" + photoshop((0x0404, PLACE)))),
        "Photoshop": jpeg(
            segment(
                0xED,
                b"Photoshop 3.0\0"
                + photoshop((1000, b"odd"), (0x0422, exif()), (0x0424, LOCATED_XMP)),
            )
        ),
        "Photoshop in two": jpeg(
            segment(0xED, b"Photoshop 3.0\0" + photoshop((0x0404, PLACE))[:40]),
            segment(0xED, b"Photoshop 3.0\0" + photoshop((0x0404, PLACE))[40:]),
        ),
        "JPEG comment": jpeg(segment(0xFE, COMMENT)),
        "JPEG content credentials": jpeg(segment(0xEB, b"JP\0\1jumb" + json)),
        "JPEG preview": jpeg(segment(0xE2, b"QVGA\0" + PREVIEW)),
        "thermal record": jpeg(segment(0xE1, b"FLIR\0\1\0\0FFF\0" + TELLING[0])),
        "telemetry": jpeg(segment(0xE6, b"GoPro\0GPS5l\x14\0\1" + TELLING[0])),
        "two EXIF segments": jpeg(segment(0xE1, b"Exif\0\0" + exif(">")), exif_data=exif("<")),
        "torn EXIF": jpeg(exif_data=b"IX*\0" + exif()),
        "junk between segments": jpeg(b"junk 52.52006", segment(0xEC, b"Ducky")),
        "video behind": jpeg(trailer=MP4),
        "padding and video behind": jpeg(trailer=b"\0" * 5000 + MP4),
        "large video behind": jpeg(trailer=MP4 + bytes(range(256)) * 400),
        "EXIF behind": jpeg(trailer=segment(0xE1, b"Exif\0\0" + exif())),
        "unannounced picture": jpeg(trailer=located),
        "unannounced picture after padding": jpeg(trailer=b"\0" * 100 + located),
        "announced picture": mpf(located, first=jpeg()),
        "announced pictures": mpf(jpeg(), located, first=jpeg(exif_data=exif())),
        "announced picture and video": mpf(jpeg(), first=jpeg()) + MP4,
        "announced picture, junk before": mpf(MP4 + located, first=jpeg()),
        "APP1 between scans": _between_scans(segment(0xE1, b"Exif\0\0" + exif())),
        "PNG raw profile": png(
            (b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(RAW_PROFILE))
        ),
        "PNG raw profile, plain": png((b"tEXt", b"Raw profile type APP1\0" + RAW_PROFILE)),
        "PNG compressed XMP": png(
            (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(LOCATED_XMP))
        ),
        "PNG XMP in zTXt": png((b"zTXt", b"XML:com.adobe.xmp\0\0" + zlib.compress(LOCATED_XMP))),
        "PNG torn XMP": png((b"iTXt", b"XML:com.adobe.xmp\0" + b"52.52006")),
        "PNG keyword": png((b"tEXt", b"exif:GPSLatitude\0" + b"52.52006")),
        "PNG comment": png((b"tEXt", b"Comment\0" + COMMENT), (b"iDOT", b"\0" * 28)),
        "PNG comment, compressed": png((b"zTXt", b"Comment\0\0" + zlib.compress(COMMENT))),
        "PNG content credentials": png((b"caBX", json)),
        "PNG compressed EXIF": png((b"zxIf", b"\0" + zlib.compress(exif()))),
        "PNG trailer": png(trailer=MP4),
        "PNG second file behind": png(trailer=png((b"eXIf", exif()))),
        "WebP EXIF without prefix": webp((b"EXIF", exif())),
        "WebP content credentials": webp((b"C2PA", json)),
        "WebP two": webp((b"EXIF", exif()), (b"XMP ", LOCATED_XMP)),
        "WebP trailer": webp(trailer=MP4),
        "WebP chunk behind": webp(trailer=chunk(b"EXIF", exif())),
    }


def _between_scans(inserted: bytes) -> bytes:
    body = BytesIO()
    turned = Image.Exif()
    turned[pictures.ORIENTATION] = 6
    pictures.corners().save(body, "JPEG", progressive=True, exif=turned, icc_profile=ICC)
    at = body.getvalue().rindex(b"\xff\xda")
    return body.getvalue()[:at] + inserted + body.getvalue()[at:]


PHOTOS = {**_exif_photos(), **_xmp_photos(), **_other_photos()}
