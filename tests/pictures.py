"""Small image files, made on the spot, with what cameras and attackers put into them."""

import struct
import zlib
from io import BytesIO

from PIL import Image

from mediaport.domain.policy import ContentType

GPS_DIRECTORY = 0x8825
ORIENTATION = 0x0112
MAKE = 0x010F
LATITUDE = (52.0, 31.0, 12.34)
_FORMATS = {ContentType.JPEG: "JPEG", ContentType.PNG: "PNG", ContentType.WEBP: "WEBP"}
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-'
    b'syntax-ns#"><rdf:Description xmlns:exif="http://ns.adobe.com/exif/1.0/" '
    b'exif:GPSLatitude="52,31.2057N" exif:PixelXDimension="60">'
    b"<exif:GPSLongitude>13,24.5N</exif:GPSLongitude></rdf:Description></rdf:RDF></x:xmpmeta>"
)


def corners(width: int = 60, height: int = 40) -> Image.Image:
    """Red, green / blue, white quarters: shows how it was turned."""
    image = Image.new("RGB", (width, height))
    half = (width // 2, height // 2)
    for box, colour in (
        ((0, 0), "red"),
        ((half[0], 0), "lime"),
        ((0, half[1]), "blue"),
        (half, "white"),
    ):
        image.paste(colour, (*box, box[0] + half[0], box[1] + half[1]))
    return image


def picture(
    content_type: ContentType = ContentType.JPEG,
    *,
    width: int = 60,
    height: int = 40,
    orientation: int | None = None,
    located: bool = False,
    xmp: bytes | None = None,
    icc: bytes | None = None,
    image: Image.Image | None = None,
) -> bytes:
    """An image file, by default of four coloured corners."""
    exif = Image.Exif()
    exif[MAKE] = "Camera"
    if orientation is not None:
        exif[ORIENTATION] = orientation
    if located:
        exif[GPS_DIRECTORY] = {0: b"\2\3\0\0", 1: "N", 2: LATITUDE, 3: "E", 4: (13.0, 24.0, 30.0)}
    body = BytesIO()
    options: dict[str, object] = {"exif": exif}
    if xmp is not None and content_type is not ContentType.PNG:
        options["xmp"] = xmp
    if icc is not None:
        options["icc_profile"] = icc
    if content_type is ContentType.WEBP:
        options["lossless"] = True
    source = image or corners(width, height)
    source.save(body, _FORMATS[content_type], **options)
    if xmp is not None and content_type is ContentType.PNG:
        text = b"XML:com.adobe.xmp\0\0\0\0\0" + xmp
        return png_with(body.getvalue(), b"iTXt", text)
    return body.getvalue()


def large(*, located: bool = False) -> bytes:
    """A JPEG of more bytes than are held in memory while it is completed."""
    return picture(image=Image.effect_noise((2000, 1500), 100), located=located)


def png_chunk(name: bytes, data: bytes) -> bytes:
    """One PNG chunk with its checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _png(form: tuple[int, int, int, int], *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG file of that width, height, bits and kind of colours, of these chunks."""
    header = struct.pack(">IIBBBBB", *form, 0, 0, 0)
    written = (png_chunk(*each) for each in ((b"IHDR", header), *chunks, (b"IEND", b"")))
    return b"\x89PNG\r\n\x1a\n" + b"".join(written)


def png_with(png: bytes, name: bytes, data: bytes) -> bytes:
    """A PNG file with one more chunk before its last."""
    end = png.rindex(b"IEND") - 4
    return png[:end] + png_chunk(name, data) + png[end:]


def png_bomb(width: int, height: int) -> bytes:
    """A PNG file of a few bytes that says it has that many pixels."""
    return _png((width, height, 8, 2), (b"IDAT", zlib.compress(bytes(100))))


def png_without_palette() -> bytes:
    """A PNG file of indices into a palette that it has not."""
    return _png((9, 9, 8, 3), (b"IDAT", zlib.compress(bytes(90))))


def scan_bomb(scans: int = 500, *, side: int = 200) -> bytes:
    """A progressive JPEG that goes over its picture again and again."""
    body = BytesIO()
    Image.effect_noise((side, side), 50).save(body, "JPEG", progressive=True, quality=10)
    jpeg = body.getvalue()
    last = jpeg[jpeg.rindex(b"\xff\xda") : -2]
    return jpeg[:-2] + last * scans + jpeg[-2:]


def animated_giant(frames: int = 60, side: int = 4000) -> bytes:
    """A WebP animation of two plain frames, the second one repeated."""
    body = BytesIO()
    first, second = (Image.new("RGB", (side, side), colour) for colour in ("red", "blue"))
    first.save(body, "WEBP", save_all=True, append_images=[second], method=0)
    webp = body.getvalue()
    webp += webp[webp.rindex(b"ANMF") :] * (frames - 2)
    return webp[:4] + (len(webp) - 8).to_bytes(4, "little") + webp[8:]


def png_of_16_bits(samples: bytes, width: int, height: int, *, key: bytes = b"") -> bytes:
    """A PNG file of 16 bits per colour, of big-endian RGB samples; `key` is a transparent one."""
    row = 6 * width
    rows = b"".join(b"\0" + samples[row * at : row * (at + 1)] for at in range(height))
    transparent = ((b"tRNS", key),) if key else ()
    return _png((width, height, 16, 2), *transparent, (b"IDAT", zlib.compress(rows, 1)))


def png_of_few_bits(values: bytes, width: int, height: int, *, bits: int, key: int) -> bytes:
    """A grey PNG file of 1, 2 or 4 bits, of one value per byte; `key` is a transparent one."""
    per_byte, rows = 8 // bits, b""
    for start in range(0, width * height, width):
        row = values[start : start + width].ljust(-(-width // per_byte) * per_byte, b"\0")
        rows += b"\0" + bytes(
            sum(row[at + each] << bits * (per_byte - 1 - each) for each in range(per_byte))
            for at in range(0, len(row), per_byte)
        )
    transparent = (b"tRNS", struct.pack(">H", key))
    return _png((width, height, bits, 0), transparent, (b"IDAT", zlib.compress(rows, 1)))


def exif_loop(entries: int) -> bytes:
    """EXIF data whose directory points back to itself and says where so many times over."""
    places = 8 + 2 + 12 * entries + 4
    directory = struct.pack("<HHII", GPS_DIRECTORY, 4, 1, places) * entries
    values = struct.pack("<HHII", 2, 5, 3, 0) * entries
    return (
        struct.pack("<2sHI", b"II", 42, 8)
        + struct.pack("<H", entries)
        + directory
        + struct.pack("<I", 8)
        + struct.pack("<H", entries)
        + values
    )
