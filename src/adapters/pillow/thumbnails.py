"""From an original to its WebP thumbnails. Blocking: run it off the event loop."""

import base64
import logging
from collections.abc import Sequence
from io import BytesIO

from PIL import Image, ImageCms, JpegImagePlugin, PngImagePlugin, WebPImagePlugin
from thash import rgba_to_thumb_hash

from mediaport.adapters.pillow.containers import Layout
from mediaport.application.ports.images import BrokenImage, Thumbnail, ThumbnailSet
from mediaport.domain.policy import ContentType

log = logging.getLogger(__name__)

# Sizes were held to our own limits when the header was verified.
Image.MAX_IMAGE_PIXELS = None

# The allow-list. Each plugin is imported here, so that Pillow need not look for others.
FORMATS = [
    JpegImagePlugin.JpegImageFile.format,
    PngImagePlugin.PngImageFile.format,
    WebPImagePlugin.WebPImageFile.format,
]
# A camera's two pictures in one JPEG are opened as JPEG and then called MPO.
JPEGS = {"JPEG", "MPO"}
QUALITY, METHOD = 80, 4
# A ThumbHash keeps at most 7 x 7 waves: more pixels change nothing but the time it takes.
_THUMBHASH_PX = 32
# Encoders write about ten. Each marker is two bytes that picture data cannot hold.
MAX_SCANS, _SCAN = 100, b"\xff\xda"
_SRGB = ImageCms.createProfile("sRGB")
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
    original: bytes, *, layout: Layout, sizes: Sequence[int], orientation: int
) -> ThumbnailSet:
    """Upright WebP thumbnails that fit in squares of `sizes` pixels, never enlarged.

    One decode serves all sizes: the largest is made from the original, each next one from the one
    before.

    Raises:
        BrokenImage: It cannot be decoded.
    """
    image = _decode(original, layout=layout, largest=max(sizes), orientation=orientation)
    full_size = layout.upright_size(orientation)
    thumbnails = []
    for size in sorted(sizes, reverse=True):
        image = _resized(image, _fitting(full_size, size))
        body = BytesIO()
        image.save(body, "WEBP", quality=QUALITY, method=METHOD)
        thumbnails.append(
            Thumbnail(size=size, width=image.width, height=image.height, body=body.getvalue())
        )
    return ThumbnailSet(thumbnails=tuple(reversed(thumbnails)), placeholder=_placeholder(image))


def _decode(original: bytes, *, layout: Layout, largest: int, orientation: int) -> Image.Image:
    """The image in sRGB, upright, and no larger than needed."""
    # Each scan of a progressive JPEG is decoded over the whole picture: few bytes, much time.
    if layout.content_type is ContentType.JPEG and original.count(_SCAN) > MAX_SCANS:
        raise BrokenImage("too_many_scans", f"more than {MAX_SCANS} scans")
    try:
        with Image.open(BytesIO(original), formats=FORMATS) as image:
            _check_size(image, layout)
            target = _fitting(image.size, largest)
            profile = image.info.get("icc_profile")
            _decode_smaller(image, largest)
            small = _to_srgb(_resized(_with_channels(image), target), profile)
    except BrokenImage:
        raise
    except Exception as error:
        # Pillow's decoders raise nearly everything on broken files. This is a function of the file
        # alone, so whatever it raises is the file's fault and will be so again. What is not usual
        # is logged in full all the same: it may be a defect of ours.
        if not isinstance(error, (OSError, ValueError, SyntaxError, EOFError)):
            log.warning("An image raised what broken images seldom raise", exc_info=error)
        raise BrokenImage("undecodable", f"{type(error).__name__}: {error}") from error
    return small.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else small


def _check_size(image: Image.Image, layout: Layout) -> None:
    """Decode what was verified, and nothing else that the file may hold."""
    if image.size != (layout.width, layout.height):
        raise BrokenImage("undecodable", f"{image.size} pixels behind a header of another size")


def _decode_smaller(image: Image.Image, largest: int) -> None:
    """Let the JPEG decoder scale down, where that leaves enough for a sharp resize."""
    if image.format not in JPEGS:
        return
    factor = max(image.size) / largest
    for scale in (8, 4, 2):
        if factor >= scale + 1:
            image.draft(None, (max(1, image.width // scale), max(1, image.height // scale)))
            return


def _with_channels(image: Image.Image) -> Image.Image:
    """The image as RGB, or as RGBA where it is transparent anywhere."""
    if image.mode.startswith("I"):
        # 16 bits of grey: 65535 is white. Pillow's own conversion would clip at 255.
        image = image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image.convert("RGB")


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if not profile:
        return image
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        colours = ImageCms.profileToProfile(image.convert("RGB"), source, _SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return image  # A profile that is broken, or not for RGB, says nothing.
    if colours is not None and image.mode == "RGBA":
        colours.putalpha(image.getchannel("A"))
    return colours or image


def _fitting(full_size: tuple[int, int], size: int) -> tuple[int, int]:
    """Width and height in a square of `size` pixels, the sides in proportion, never enlarged."""
    scale = min(1.0, size / max(full_size))
    return max(1, round(full_size[0] * scale)), max(1, round(full_size[1] * scale))


def _resized(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    return image if image.size == size else image.resize(size, Image.Resampling.LANCZOS)


def _placeholder(image: Image.Image) -> str:
    tiny = _resized(image, _fitting(image.size, _THUMBHASH_PX)).convert("RGBA")
    thumbhash = rgba_to_thumb_hash(tiny.width, tiny.height, list(tiny.tobytes()))
    return base64.b64encode(bytes(thumbhash)).decode()
