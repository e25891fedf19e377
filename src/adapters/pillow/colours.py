"""Every kind of pixels, brought to 8-bit sRGB: what palettes, profiles and 16 bits mean."""

from functools import lru_cache
from io import BytesIO

from PIL import Image, ImageCms

_SRGB = ImageCms.createProfile("sRGB")
# What a profile may be for, by the mode of the pixels that it fits.
_SPACES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
# A profile that moves no colour by more is sRGB by another maker.
_UNSEEN = 2
# Most photos bring one of a few small profiles: their transforms are kept.
_KEPT_BYTES = 64 * 1024
_EIGHT_BITS = [(value + 128) // 257 for value in range(65536)]


def resizable(image: Image.Image) -> Image.Image:
    """The same picture in a mode that can be resized: 8 bits, no palette, no key colour."""
    if image.mode.startswith("I"):
        image = _to_8_bits(image)
    elif image.mode == "1":
        image = image.convert("L")
    if image.has_transparency_data and image.mode != "RGBA":
        return image.convert("RGBA")
    return image.convert("RGB") if image.mode == "P" else image


def is_resizable(image: Image.Image) -> bool:
    """Whether it can be resized as it is, without another image of its size."""
    return image.mode in {"RGB", "L", "CMYK"} and not image.has_transparency_data


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """A resizable image as RGB in sRGB, or as RGBA where any of it is transparent.

    A profile that is broken, or for other pixels than these, says nothing.
    """
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    colours = _in_srgb(image.convert("RGB") if alpha else image, profile)
    if alpha is not None and alpha.getextrema() != (255, 255):
        colours.putalpha(alpha)
    return colours


def _in_srgb(colours: Image.Image, profile: bytes | None) -> Image.Image:
    if profile:
        try:
            mode = _mode_of(profile)
            if colours.mode == "L" and mode == "RGB":
                colours = colours.convert("RGB")
            elif colours.mode == "RGB" and mode == "L":
                colours = _grey(colours)
            transform = _to_srgb(profile, mode) if colours.mode == mode else None
            if transform is not None:
                return ImageCms.applyTransform(colours, transform) or colours.convert("RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass
    return colours.convert("RGB")


def _grey(colours: Image.Image) -> Image.Image:
    """As one channel what was grey with alpha; what has colours as it is."""
    red, green, blue = colours.split()
    return red if red.tobytes() == green.tobytes() == blue.tobytes() else colours


def _to_srgb(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    return _kept(profile, mode) if len(profile) <= _KEPT_BYTES else _transform(profile, mode)


@lru_cache(maxsize=16)
def _kept(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    return _transform(profile, mode)


def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """From a profile to sRGB; None where that changes nothing."""
    source = ImageCms.ImageCmsProfile(BytesIO(profile))
    transform = ImageCms.buildTransform(source, _SRGB, mode, "RGB")
    if mode == "RGB":
        before = _many_colours()
        after = ImageCms.applyTransform(before, transform)
        if after is not None and _furthest(before, after) <= _UNSEEN:
            return None
    return transform


def _mode_of(profile: bytes) -> str | None:
    """The mode of the pixels that a profile is for. Source: ICC.1:2022, 7.2.6."""
    return _SPACES.get(profile[16:20].decode("latin-1").strip())


def _many_colours() -> Image.Image:
    """729 colours from all over the cube."""
    steps = range(0, 256, 31)
    return Image.frombytes(
        "RGB",
        (27, 27),
        bytes(value for r in steps for g in steps for b in steps for value in (r, g, b)),
    )


def _furthest(before: Image.Image, after: Image.Image) -> int:
    return max(abs(a - b) for a, b in zip(before.tobytes(), after.tobytes(), strict=True))


def _to_8_bits(image: Image.Image) -> Image.Image:
    """16 bits of grey: 65535 is white. Pillow's own conversion would clip at 255."""
    wide = image.convert("I")
    grey = wide.point(_EIGHT_BITS, "L")
    key = image.info.get("transparency")
    if not isinstance(key, int):
        return grey
    return Image.merge(
        "LA", (grey, wide.point([255 * (value != key) for value in range(65536)], "L"))
    )
