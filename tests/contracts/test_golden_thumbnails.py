"""Thumbnails beside references made the slow, exact way: by formula, in floating point.

Nothing of what makes a reference is Pillow's: colours go through matrices, pixels through one
Lanczos kernel from full size, edges are multiplied by their alpha.
"""

import platform
from collections.abc import AsyncIterator, Callable
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageFilter
from skimage.metrics import structural_similarity

from mediaport.adapters.pillow import resizing, thumbnails
from mediaport.adapters.pillow.decoding.pool import Decoders, Limits
from mediaport.adapters.pillow.images import PillowImages
from tests import pictures, profiles

Pixels = npt.NDArray[np.float64]  # height x width x channels, 0 to 1, sRGB; alpha last
WIDTH, HEIGHT, SIZES = 1500, 1000, (96, 400)
# In brightness alone: WebP keeps colours at half the size. 1 is the same picture.
# Measured: 0.969 to 0.993.
MIN_LIKENESS = 0.96
# Of 255, on average over blocks of 8 x 8 pixels. Measured: 0.2 to 1.8.
MAX_SHIFT = 2
LUMA = np.array([0.299, 0.587, 0.114])


@pytest.fixture
async def images() -> AsyncIterator[PillowImages]:
    decoders = Decoders(count=1, limits=Limits.of(max_pixels=40_000_000, sizes=(128, 512, 1024)))
    yield PillowImages(decoders, max_pixels=40_000_000, quality=90)
    await decoders.close()


def scene() -> Pixels:
    """Soft shades, hard edges and fine lines in every colour."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    soft = np.stack(
        [
            0.5 + 0.4 * np.sin(x / 170) * np.cos(y / 210),
            0.5 + 0.4 * np.cos(x / 230 + y / 150),
            0.2 + 0.6 * y / HEIGHT,
        ],
        axis=-1,
    )
    rings = np.hypot(x - 1100, y - 300)
    soft[(rings < 200) & (rings % 40 < 20)] = (0.9, 0.1, 0.15)
    soft[700:900, 200:600] = (0.1, 0.75, 0.2)
    soft[(x + 2 * y) % 120 < 6] *= 0.4
    return np.round(soft * 255) / 255


def opening() -> Pixels:
    """An alpha of a soft hole and a hard one."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    alpha = np.clip(np.hypot(x - 500, y - 400) / 300, 0, 1)
    alpha[600:850, 900:1300] = 0
    return np.asarray(np.round(alpha * 255)[..., None] / 255)


def image_of(pixels: Pixels, mode: str | None = None) -> Image.Image:
    values = np.round(pixels * 255).astype(np.uint8)
    return Image.fromarray(values[..., 0] if values.shape[2] == 1 else values, mode)


def in_srgb(pixels: Pixels, colourants: Any, gamma: float) -> Pixels:
    """What numbers of another colour space mean in sRGB."""
    return xyz_in_srgb(pixels**gamma @ np.array(colourants))


def lab_in_srgb(colour: profiles.Lab) -> Pixels:
    """Source: CIE 15."""
    height = (colour[0] + 16) / 116
    steps = np.array([height + colour[1] / 500, height, height - colour[2] / 200])
    linear = np.where(steps > 6 / 29, steps**3, 3 * (6 / 29) ** 2 * (steps - 4 / 29))
    return xyz_in_srgb(linear * np.array(profiles.WHITE))


def xyz_in_srgb(xyz: Pixels) -> Pixels:
    """Source: IEC 61966-2-1."""
    linear = np.clip(xyz @ np.linalg.inv(np.array(profiles.SRGB)), 0, 1)
    encoded: Pixels = np.where(
        linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055
    )
    return encoded


def lanczos(length: int, result: int) -> Pixels:
    """The weights of every source pixel in every pixel of the result."""
    scale = length / result
    centres = (np.arange(result)[:, None] + 0.5) * scale
    distance = (np.arange(length)[None, :] + 0.5 - centres) / scale
    weights = np.where(np.abs(distance) < 3, np.sinc(distance) * np.sinc(distance / 3), 0)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def reference(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """The picture at another size, colours multiplied by alpha."""
    if pixels.shape[2] == 4:
        pixels = np.concatenate([pixels[..., :3] * pixels[..., 3:], pixels[..., 3:]], axis=-1)
    rows, columns = lanczos(pixels.shape[0], size[1]), lanczos(pixels.shape[1], size[0])
    shrunk = np.einsum("ab,bcd->acd", rows, pixels, optimize=True)
    return np.asarray(np.clip(np.einsum("ab,cbd->cad", columns, shrunk, optimize=True), 0, 1))


def on(background: float, multiplied: Pixels) -> Pixels:
    if multiplied.shape[2] == 3:
        return multiplied
    return np.asarray(multiplied[..., :3] + background * (1 - multiplied[..., 3:]))


def shown(body: bytes, *, channels: int) -> Pixels:
    """A thumbnail as it is decoded, colours multiplied by alpha."""
    with Image.open(BytesIO(body)) as image:
        assert image.mode == ("RGBA" if channels == 4 else "RGB")
        pixels = np.asarray(image, dtype=np.float64) / 255
    if channels == 4:
        pixels = np.concatenate([pixels[..., :3] * pixels[..., 3:], pixels[..., 3:]], axis=-1)
    return pixels


async def assert_like(images: PillowImages, body: bytes, truth: Pixels) -> None:
    made = await images.make_thumbnails(body, sizes=SIZES)
    for thumbnail in made.thumbnails:
        expected = reference(truth, (thumbnail.width, thumbnail.height))
        seen = shown(thumbnail.body, channels=truth.shape[2])
        for background in (0.0, 1.0):
            pair = on(background, expected), on(background, seen)
            likeness = structural_similarity(*(each @ LUMA for each in pair), data_range=1.0)
            shift = 255 * np.abs(blocks(pair[0]) - blocks(pair[1])).mean()
            assert likeness > MIN_LIKENESS, (thumbnail.size, background)
            assert shift < MAX_SHIFT, (thumbnail.size, background)


def blocks(pixels: Pixels) -> Pixels:
    """The mean colours of blocks of 8 x 8."""
    height, width = (8 * (length // 8) for length in pixels.shape[:2])
    squares = pixels[:height, :width].reshape(height // 8, 8, width // 8, 8, -1)
    return np.asarray(squares.mean(axis=(1, 3)))


def saved(image: Image.Image, form: str, **options: Any) -> bytes:
    body = BytesIO()
    if form == "JPEG":
        options = {"quality": 95, "subsampling": 0, **options}
    image.save(body, form, **options)
    return body.getvalue()


def luma(pixels: Pixels) -> Pixels:
    return np.asarray(np.round(pixels @ LUMA * 255)[..., None] / 255)


def grey3(pixels: Pixels) -> Pixels:
    return np.repeat(pixels, 3, axis=-1)


TURNS: dict[int, Callable[[Pixels], Pixels]] = {
    1: lambda stored: stored,
    2: lambda stored: stored[:, ::-1],
    3: lambda stored: stored[::-1, ::-1],
    4: lambda stored: stored[::-1],
    5: lambda stored: stored.transpose(1, 0, 2),
    6: lambda stored: stored.transpose(1, 0, 2)[:, ::-1],
    7: lambda stored: stored[::-1, ::-1].transpose(1, 0, 2),
    8: lambda stored: stored.transpose(1, 0, 2)[::-1],
}


@pytest.mark.parametrize("orientation", range(1, 9))
async def test_every_orientation_is_turned_upright(images: PillowImages, orientation: int) -> None:
    exif = Image.Exif()
    exif[pictures.ORIENTATION] = orientation
    body = saved(image_of(scene()), "JPEG", exif=exif)

    await assert_like(images, body, TURNS[orientation](scene()))  # row 28


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 2}])
async def test_a_jpeg_keeps_its_looks(images: PillowImages, options: dict[str, Any]) -> None:
    await assert_like(images, saved(image_of(scene()), "JPEG", **options), scene())


@pytest.mark.parametrize("options", [{"quality": 95}, {"lossless": True}])
@pytest.mark.parametrize("is_animated", [False, True])
async def test_a_webp_keeps_its_looks(
    images: PillowImages, options: dict[str, Any], is_animated: bool
) -> None:
    if is_animated:
        second = Image.new("RGB", (WIDTH, HEIGHT), "blue")
        options = {**options, "save_all": True, "append_images": [second], "duration": 50}

    await assert_like(images, saved(image_of(scene()), "WEBP", **options), scene())  # row 25


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
async def test_transparent_edges_have_no_fringe(images: PillowImages, form: str) -> None:
    truth = np.concatenate([scene(), opening()], axis=-1)
    stored = truth.copy()
    stored[truth[..., 3] == 0, :3] = (1, 0, 1)  # what cannot be seen is of a glaring colour
    options = {"lossless": True, "exact": True} if form == "WEBP" else {}

    await assert_like(images, saved(image_of(stored), form, **options), truth)  # row 28


async def test_grey_with_alpha_is_grey_with_alpha(images: PillowImages) -> None:
    grey = luma(scene())
    body = saved(image_of(np.concatenate([grey, opening()], axis=-1), "LA"), "PNG")

    await assert_like(images, body, np.concatenate([grey3(grey), opening()], axis=-1))  # row 28


async def test_alpha_that_hides_nothing_is_dropped(images: PillowImages) -> None:
    opaque = np.concatenate([scene(), np.ones((HEIGHT, WIDTH, 1))], axis=-1)

    await assert_like(images, saved(image_of(opaque), "PNG"), scene())


async def test_16_bits_of_grey_are_not_cut_off(images: PillowImages) -> None:
    grey = luma(scene())
    wide = np.round(grey[..., 0] * 65535).astype(np.uint16)

    await assert_like(images, saved(Image.fromarray(wide), "PNG"), grey3(grey))  # row 28


async def test_a_key_of_16_bits_of_grey_is_transparent(images: PillowImages) -> None:
    grey = luma(scene())
    wide = np.round(grey[..., 0] * 65535).astype(np.uint16)
    key = 0x80F0
    wide[700:900, 200:600] = key
    hole = (wide != key)[..., None].astype(np.float64)
    body = saved(Image.fromarray(wide), "PNG", transparency=key)

    truth = np.concatenate([grey3(grey), hole], axis=-1)
    await assert_like(images, body, truth)  # row 28


async def test_16_bits_of_colour_are_not_cut_off(images: PillowImages) -> None:
    body = pictures.png_of_16_bits(np.round(scene() * 65535).astype(">u2").tobytes(), WIDTH, HEIGHT)

    await assert_like(images, body, scene())  # row 28


@pytest.mark.parametrize(("mode", "compared"), [("RGBA", "RGBa"), ("RGB", "RGB")])
def test_strips_leave_no_seam(mode: str, compared: str) -> None:
    image = image_of(np.concatenate([scene(), opening()], axis=-1)).convert(mode)

    strips = thumbnails._shrunk(image, (401, 267))

    whole = resizing.resized(image, (401, 267))
    pair = [np.asarray(each.convert(compared), dtype=int) for each in (strips, whole)]
    assert np.abs(pair[0] - pair[1]).max() <= 1


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "CMYK"])
def test_simd_or_not_it_is_the_same_picture(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Of 49 MB: Pillow keeps such an image in several blocks.
    image = Image.effect_noise((4200, 3000), 60).filter(ImageFilter.GaussianBlur(2)).convert(mode)
    assert resizing.HAS_SIMD or platform.machine() not in {"x86_64", "AMD64"}
    fast = resizing.resized(image, (1024, 731), (0, 7.5, 4200, 2990))

    monkeypatch.setattr(resizing, "HAS_SIMD", False)
    slow = resizing.resized(image, (1024, 731), (0, 7.5, 4200, 2990))

    difference = np.abs(np.asarray(fast, dtype=int) - np.asarray(slow, dtype=int))
    assert difference.mean() < 0.5
    assert difference.max() <= 3


@pytest.mark.parametrize("transparent", [False, True])
async def test_a_palette_is_resized_by_its_colours(images: PillowImages, transparent: bool) -> None:
    stored = image_of(scene()).quantize(64)
    truth = np.asarray(stored.convert("RGB"), dtype=np.float64) / 255
    options = {}
    if transparent:
        green = np.asarray(stored)[800, 400]
        options = {"transparency": int(green)}
        hole = (np.asarray(stored) != green)[..., None].astype(np.float64)
        truth = np.concatenate([truth, hole], axis=-1)

    await assert_like(images, saved(stored, "PNG", **options), truth)  # row 28


async def test_a_key_colour_is_transparent(images: PillowImages) -> None:
    stored = np.round(scene() * 255).astype(np.uint8)
    key = stored[800, 400]
    hole = (stored != key).any(axis=-1, keepdims=True).astype(np.float64)
    body = saved(image_of(scene()), "PNG", transparency=tuple(int(value) for value in key))

    await assert_like(images, body, np.concatenate([scene(), hole], axis=-1))  # row 28


async def test_a_key_colour_of_16_bits_is_transparent(images: PillowImages) -> None:
    key = np.round(scene()[800, 400] * 65535).astype(">u2").tobytes()
    body = pictures.png_of_16_bits(
        np.round(scene() * 65535).astype(">u2").tobytes(), WIDTH, HEIGHT, key=key
    )
    hole = (scene() != scene()[800, 400]).any(axis=-1, keepdims=True).astype(np.float64)

    await assert_like(images, body, np.concatenate([scene(), hole], axis=-1))  # row 28


@pytest.mark.parametrize("bits", [1, 2, 4])
async def test_a_key_colour_of_few_bits_of_grey_is_transparent(
    images: PillowImages, bits: int
) -> None:
    most = 2**bits - 1
    values = np.round(luma(scene())[..., 0] * most).astype(np.uint8)
    key = int(values[800, 400])
    hole = (values != key)[..., None].astype(np.float64)
    body = pictures.png_of_few_bits(values.tobytes(), WIDTH, HEIGHT, bits=bits, key=key)

    truth = np.concatenate([grey3(values[..., None] / most), hole], axis=-1)
    await assert_like(images, body, truth)  # row 28


@pytest.mark.parametrize(
    ("colourants", "gamma"),
    [(profiles.DISPLAY_P3, 2.2), (profiles.ADOBE_RGB, 563 / 256), (profiles.SRGB, 1.8)],
    ids=["display-p3", "adobe-rgb", "gamma-1.8"],
)
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
async def test_wide_gamuts_come_to_srgb(
    images: PillowImages, form: str, colourants: Any, gamma: float
) -> None:
    options = {"lossless": True} if form == "WEBP" else {}
    profile = profiles.rgb(colourants, gamma=gamma)
    body = saved(image_of(scene()), form, icc_profile=profile, **options)

    await assert_like(images, body, in_srgb(scene(), colourants, gamma))  # row 28


async def test_a_profile_of_grey_is_used(images: PillowImages) -> None:
    grey = luma(scene())
    body = saved(image_of(grey), "JPEG", icc_profile=profiles.grey(gamma=1.4))

    await assert_like(images, body, in_srgb(grey3(grey), profiles.SRGB, 1.4))  # row 28


async def test_a_profile_of_grey_is_used_beside_alpha(images: PillowImages) -> None:
    grey = luma(scene())
    stored = image_of(np.concatenate([grey, opening()], axis=-1), "LA")
    body = saved(stored, "PNG", icc_profile=profiles.grey(gamma=1.4))
    shown_grey = in_srgb(grey3(grey), profiles.SRGB, 1.4)

    await assert_like(images, body, np.concatenate([shown_grey, opening()], axis=-1))  # row 28


@pytest.mark.parametrize("profile", [profiles.grey(gamma=1.0), profiles.cmyk(), b"none"])
async def test_a_profile_for_other_pixels_is_dropped(images: PillowImages, profile: bytes) -> None:
    await assert_like(images, saved(image_of(scene()), "JPEG", icc_profile=profile), scene())


async def test_inks_without_a_profile_are_multiplied(images: PillowImages) -> None:
    inks = np.concatenate([1 - scene(), np.full((HEIGHT, WIDTH, 1), 0.2)], axis=-1)
    body = saved(image_of(inks, "CMYK"), "JPEG")

    await assert_like(images, body, scene() * 0.8)  # row 28


async def test_inks_are_seen_through_their_profile(images: PillowImages) -> None:
    patches = np.zeros((HEIGHT, WIDTH, 4))
    for index, ink in enumerate(profiles.INKS):
        left = WIDTH * index // len(profiles.INKS)
        patches[:, left:] = ink
    body = saved(image_of(patches, "CMYK"), "JPEG", icc_profile=profiles.cmyk())
    truth = np.zeros((HEIGHT, WIDTH, 3))
    for index, colour in enumerate(profiles.INKS.values()):
        truth[:, WIDTH * index // len(profiles.INKS) :] = lab_in_srgb(colour)

    await assert_like(images, body, truth)  # row 28
