"""From an original to its WebP thumbnails. Blocking: run it off the event loop."""

import base64
import logging
from collections.abc import Sequence
from io import BytesIO

from PIL import Image, ImageCms, JpegImagePlugin, PngImagePlugin, WebPImagePlugin
from thash import rgba_to_thumb_hash

from mediaport.application.ports.images import BrokenImage, Thumbnail, ThumbnailSet

log = logging.getLogger(__name__)

# Sizes are held to our own limit before anything is decoded.
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
    original: bytes, *, sizes: Sequence[int], orientation: int, max_pixels: int
) -> ThumbnailSet:
    """Upright WebP thumbnails that fit in squares of `sizes` pixels, never enlarged.

    One decode serves all sizes: the largest is made from the original, each next one from the one
    before.

    Raises:
        BrokenImage: It cannot be decoded.
    """
    image = _decode(original, largest=max(sizes), orientation=orientation, max_pixels=max_pixels)
    thumbnails = []
    for size in sorted(sizes, reverse=True):
        image = _fit(image, size)
        body = BytesIO()
        image.save(body, "WEBP", quality=QUALITY, method=METHOD)
        thumbnails.append(
            Thumbnail(size=size, width=image.width, height=image.height, body=body.getvalue())
        )
    return ThumbnailSet(thumbnails=tuple(reversed(thumbnails)), placeholder=_placeholder(image))


def _decode(original: bytes, *, largest: int, orientation: int, max_pixels: int) -> Image.Image:
    """The image in sRGB, upright, and no larger than needed."""
    try:
        with Image.open(BytesIO(original), formats=FORMATS) as image:
            _check_pixels(image, max_pixels)
            profile = image.info.get("icc_profile")
            _decode_smaller(image, largest)
            small = _to_srgb(_fit(_with_channels(image), largest), profile)
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


def _check_pixels(image: Image.Image, max_pixels: int) -> None:
    if image.width * image.height > max_pixels:
        raise BrokenImage("too_many_pixels", f"{image.width} x {image.height} pixels")


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


def _fit(image: Image.Image, size: int) -> Image.Image:
    scale = size / max(image.size)
    if scale >= 1:
        return image
    fit = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(fit, Image.Resampling.LANCZOS)


def _placeholder(image: Image.Image) -> str:
    tiny = _fit(image, _THUMBHASH_PX).convert("RGBA")
    thumbhash = rgba_to_thumb_hash(tiny.width, tiny.height, list(tiny.tobytes()))
    return base64.b64encode(bytes(thumbhash)).decode()
