"""How far a thumbnail is from the best one: 1 - SSIM to a reference made slowly and exactly.

The reference: decoded in full, turned upright, brought to sRGB at full size, then scaled straight
to the thumbnail's size by Lanczos (3 lobes) in double precision, with premultiplied alpha. SSIM is
that of Wang et al. 2004 (Gaussian window of 1.5 pixels), over red, green and blue. What is
transparent is looked at on white and on black.
"""

import hashlib
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms, ImageOps
from scipy.sparse import csr_array
from skimage.metrics import structural_similarity

from bench.images.contenders import CACHE
from bench.images.photos import Photo

Pixels: TypeAlias = NDArray[np.float64]

REFERENCES = CACHE / "references"
LOBES = 3
METADATA = {"exif", "xmp", "icc_profile"}
SIDEWAYS = {5, 6, 7, 8}


def distances(photo: Photo, bodies: Sequence[bytes]) -> list[float]:
    """1 - SSIM of each thumbnail of a photo.

    Raises:
        ValueError: One is not upright, not of the right size, or carries metadata.
    """
    thumbnails = [Image.open(BytesIO(body)) for body in bodies]
    _check(photo, thumbnails)
    references = _references(photo.path, [each.size for each in thumbnails])
    return [_distance(*pair) for pair in zip(thumbnails, references, strict=True)]


def _check(photo: Photo, thumbnails: Sequence[Image.Image]) -> None:
    full = _upright_size(photo.path)
    for thumbnail in thumbnails:
        scale = max(thumbnail.size) / max(full)
        if any(
            abs(side * scale - made) > 1 for side, made in zip(full, thumbnail.size, strict=True)
        ):
            raise ValueError(f"{photo.path.name} of {full} became {thumbnail.size}")
        if METADATA & thumbnail.info.keys():
            raise ValueError(f"a thumbnail of {photo.path.name} carries metadata")


def _upright_size(path: Path) -> tuple[int, int]:
    with Image.open(path) as original:
        is_sideways = original.getexif().get(ExifTags.Base.Orientation, 1) in SIDEWAYS
        return (original.height, original.width) if is_sideways else original.size


def _distance(thumbnail: Image.Image, reference: Pixels) -> float:
    made = _premultiplied(thumbnail)
    grounds = (0.0, 255.0) if reference[..., 3].min() < 1 else (255.0,)
    return float(np.mean([1 - _ssim(_on(made, it), _on(reference, it)) for it in grounds]))


def _ssim(left: Pixels, right: Pixels) -> float:
    return float(
        structural_similarity(
            left,
            right,
            data_range=255,
            channel_axis=2,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
    )


def _on(image: Pixels, ground: float) -> Pixels:
    return (image[..., :3] + (1 - image[..., 3:]) * ground).clip(0, 255)


def _premultiplied(image: Image.Image) -> Pixels:
    """Height, width and four channels: colours from 0 to 255 times alpha, alpha from 0 to 1."""
    pixels = np.asarray(image.convert("RGBA"), dtype=np.float64)
    alpha = pixels[..., 3:] / 255
    return np.concatenate((pixels[..., :3] * alpha, alpha), axis=2)


def _references(path: Path, sizes: list[tuple[int, int]]) -> list[Pixels]:
    """References are kept: they take seconds, and the same files come again."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    kept = [REFERENCES / f"{digest}-{width}x{height}.npy" for width, height in sizes]
    if not all(each.exists() for each in kept):
        REFERENCES.mkdir(parents=True, exist_ok=True)
        full = _premultiplied(_in_srgb(path))
        for place, (width, height) in zip(kept, sizes, strict=True):
            np.save(place, _scaled(_scaled(full, height).swapaxes(0, 1), width).swapaxes(0, 1))
    return [np.load(each) for each in kept]


def _in_srgb(path: Path) -> Image.Image:
    image = ImageOps.exif_transpose(Image.open(path))
    profile = image.info.get("icc_profile")
    if not profile:
        return image
    if image.mode not in {"RGB", "RGBA", "CMYK"}:
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    srgb = ImageCms.createProfile("sRGB")
    source = ImageCms.ImageCmsProfile(BytesIO(profile))
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    converted = ImageCms.profileToProfile(image, source, srgb, outputMode=mode)
    return converted or image


def _scaled(image: Pixels, length: int) -> Pixels:
    """The first axis made that long: each new row is a weighted sum of old ones."""
    old = image.shape[0]
    scale = old / length
    rows, columns, weights = [], [], []
    for row in range(length):
        centre = (row + 0.5) * scale
        nearby = np.arange(
            max(0, int(centre - LOBES * scale)), min(old, int(centre + LOBES * scale) + 1)
        )
        distance = (nearby + 0.5 - centre) / scale
        weight = np.sinc(distance) * np.sinc(distance / LOBES) * (abs(distance) < LOBES)
        rows.append(np.full(len(nearby), row))
        columns.append(nearby)
        weights.append(weight / weight.sum())
    where = (np.concatenate(rows), np.concatenate(columns))
    matrix = csr_array((np.concatenate(weights), where), shape=(length, old))
    scaled: Pixels = (matrix @ image.reshape(old, -1)).reshape(length, *image.shape[1:])
    return scaled
