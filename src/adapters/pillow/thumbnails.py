"""From an original to its WebP thumbnails. Blocking: it runs in a decoder's process.

One decode serves all sizes. What costs most is encoding, then the resize from the original to the
largest size: docs/adr/0011-decoders.md has the measurements that chose each step.
"""

import base64
import re
import struct
from collections.abc import Sequence
from concurrent.futures import Executor, Future
from io import BytesIO
from itertools import islice, pairwise, takewhile
from math import ceil

from PIL import Image, JpegImagePlugin, PngImagePlugin, WebPImagePlugin
from thash import rgba_to_thumb_hash

from mediaport.adapters.pillow import colours, libwebp
from mediaport.adapters.pillow.formats.layout import Layout
from mediaport.adapters.pillow.resizing import REACH, resized
from mediaport.application.ports.images import BrokenImage, Thumbnail, ThumbnailSet
from mediaport.domain.policy import ContentType

# Sizes were held to our own limits when the header was verified.
Image.MAX_IMAGE_PIXELS = None

# The allow-list. Each plugin is imported here, so that Pillow need not look for others.
_FORMATS = [
    JpegImagePlugin.JpegImageFile.format,
    PngImagePlugin.PngImageFile.format,
    WebPImagePlugin.WebPImageFile.format,
]
# A camera's two pictures in one JPEG are opened as JPEG and then called MPO.
_JPEGS = {"JPEG", "MPO"}
# Method 2 takes 0.4 of the time, for 5 % more bytes and 5 % more error.
_METHOD = 4
# A ThumbHash keeps at most 7 x 7 waves: more pixels change nothing but the time it takes.
_THUMBHASH_PX = 32
# Encoders write about ten. The two bytes that begin a scan, or end a picture, are in no other data.
_MAX_SCANS, _SCAN_OR_END, _END = 100, re.compile(rb"\xff[\xda\xd9]"), b"\xff\xd9"
# What Pillow's decoders raise on broken files. All else is a defect, most likely of ours.
_BROKEN = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    LookupError,
    OverflowError,
    AssertionError,  # for a palette that is not there
    struct.error,
)
# The original is converted and resized in strips, so that nothing else of its size is needed.
_STRIPS = 8
_PNG_DEPTH_AT = 24  # PNG third edition, 11.2.2
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def make_thumbnails(
    original: bytes,
    *,
    layout: Layout,
    orientation: int,
    sizes: Sequence[int],
    quality: int,
    beside: Executor | None = None,
) -> ThumbnailSet:
    """Upright WebP thumbnails in sRGB that fit in squares of `sizes` pixels, never enlarged.

    The largest is made from the original, each next one from the one before. `beside` encodes
    the largest while the others are made.

    Raises:
        BrokenImage: It cannot be decoded.
    """
    image = _decode(original, layout, largest=max(sizes), orientation=orientation)
    full_size = layout.upright_size(orientation)
    bodies: dict[tuple[int, int], bytes | Future[bytes]] = {}
    fitting = {size: _fitting(full_size, size) for size in sorted(sizes, reverse=True)}
    for pixels in dict.fromkeys(fitting.values()):
        image = resized(image, pixels)
        if beside and not bodies:
            bodies[pixels] = beside.submit(_encoded, image, quality)
        else:
            bodies[pixels] = _encoded(image, quality)
    placeholder = _placeholder(image)
    thumbnails = []
    for size in sorted(sizes):
        body = bodies[fitting[size]]
        width, height = fitting[size]
        made = body if isinstance(body, bytes) else body.result()
        thumbnails.append(Thumbnail(size=size, width=width, height=height, body=made))
    return ThumbnailSet(thumbnails=tuple(thumbnails), placeholder=placeholder)


def _decode(original: bytes, layout: Layout, *, largest: int, orientation: int) -> Image.Image:
    """The image in sRGB, upright, and no larger than needed."""
    if layout.content_type is ContentType.JPEG:
        _check_scans(original, layout)
    try:
        image = _opened(original, layout)
        target = _fitting(image.size, largest)
        profile = image.info.get("icc_profile")
        _decode_smaller(image, largest)
        image.load()
        small = colours.to_srgb(_shrunk(image, target), profile)
    except _BROKEN as error:
        raise BrokenImage("undecodable", f"{type(error).__name__}: {error}") from error
    return small.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else small


def _check_scans(original: bytes, layout: Layout) -> None:
    """Each scan of a progressive JPEG is decoded over the whole picture: few bytes, much time."""
    marks = (mark[0] for mark in _SCAN_OR_END.finditer(original, layout.picture_start))
    # What follows the end is another picture, or a video.
    scans = takewhile(lambda mark: mark != _END, marks)
    if len(list(islice(scans, _MAX_SCANS + 1))) > _MAX_SCANS:
        raise BrokenImage("too_many_scans", f"more than {_MAX_SCANS} scans")


def _opened(original: bytes, layout: Layout) -> Image.Image:
    """What was verified, and nothing else that the file may hold."""
    size = (layout.width, layout.height)
    image = None
    if layout.content_type is ContentType.WEBP:
        image = libwebp.decode_still(original, size)
    if image is None:
        image = Image.open(BytesIO(original), formats=_FORMATS)
    if image.size != size:
        raise BrokenImage("undecodable", f"{image.size} pixels behind a header of another size")
    key = image.info.get("transparency")
    if layout.content_type is ContentType.PNG and image.mode == "L" and isinstance(key, int):
        # Grey of 2 or 4 bits: Pillow scales the pixels to 8, but not the key colour.
        image.info["transparency"] = key * 255 // (2 ** original[_PNG_DEPTH_AT] - 1)
    return image


def _decode_smaller(image: Image.Image, largest: int) -> None:
    """Let the JPEG decoder scale down, where that leaves enough for a sharp resize."""
    if image.format not in _JPEGS:
        return
    factor = max(image.size) / largest
    for scale in (8, 4, 2):
        if factor >= scale + 1:
            image.draft(None, (max(1, image.width // scale), max(1, image.height // scale)))
            return


def _shrunk(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The decoded image at its largest size, in a mode that can be resized again."""
    if image.size == size:
        return colours.resizable(image)
    edges = sorted({size[1] * strip // _STRIPS for strip in range(_STRIPS + 1)})
    strips = [_strip(image, size, *rows) for rows in pairwise(edges)]
    shrunk = Image.new(strips[0].mode, size)
    for top, strip in zip(edges, strips, strict=False):
        shrunk.paste(strip, (0, top))
    return shrunk


def _strip(image: Image.Image, size: tuple[int, int], top: int, bottom: int) -> Image.Image:
    """Some rows of the image resized to `size`: exactly what a resize of all of it has there."""
    scale, first = image.height / size[1], 0
    if not colours.is_resizable(image):
        # The kernel reaches beyond the edges: with those pixels, no seam is left.
        margin = ceil(REACH * max(1.0, scale)) + 1
        first = max(0, int(top * scale) - margin)
        last = min(image.height, ceil(bottom * scale) + margin)
        image = colours.resizable(image.crop((0, first, image.width, last)))
    box = (0, top * scale - first, image.width, min(bottom * scale - first, image.height))
    return resized(image, (size[0], bottom - top), box)


def _fitting(full_size: tuple[int, int], size: int) -> tuple[int, int]:
    """Width and height in a square of `size` pixels, the sides in proportion, never enlarged."""
    scale = min(1.0, size / max(full_size))
    return max(1, round(full_size[0] * scale)), max(1, round(full_size[1] * scale))


def _encoded(image: Image.Image, quality: int) -> bytes:
    body = BytesIO()
    try:
        image.save(body, "WEBP", quality=quality, method=_METHOD)
    except ValueError as error:  # libwebp takes every image that we give it, but for want of memory
        raise MemoryError from error
    return body.getvalue()


def _placeholder(image: Image.Image) -> str:
    tiny = resized(image, _fitting(image.size, _THUMBHASH_PX)).convert("RGBA")
    thumbhash = rgba_to_thumb_hash(tiny.width, tiny.height, list(tiny.tobytes()))
    return base64.b64encode(bytes(thumbhash)).decode()
