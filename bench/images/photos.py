"""The files that are scaled: a folder of photos, or photos made here; and bombs."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from bench.images.contenders import CACHE
from bench.images.peers.serving import SIZES
from tests.pictures import png_bomb

FORMATS = {"JPEG": "JPEG", "PNG": "PNG", "WEBP": "WebP"}
# Cameras of "8 megapixels" have 3264 x 2448.
LARGE_JPEG_PIXELS = 7_900_000
MADE = CACHE / "photos"


@dataclass(frozen=True)
class Photo:
    """A file and what its header says."""

    path: Path
    format: str
    width: int
    height: int
    is_progressive: bool

    @property
    def is_large_jpeg(self) -> bool:
        """Does it count for the goals about JPEGs?"""
        return self.format == "JPEG" and self.width * self.height >= LARGE_JPEG_PIXELS

    @property
    def kind(self) -> str:
        """Format and size, for people."""
        progressive = "progressive " if self.is_progressive else ""
        return f"{self.width * self.height / 1e6:.0f} MP {progressive}{self.format}"


def photos_in(folder: Path) -> list[Photo]:
    """The photos of a folder that are large enough for every thumbnail to be a smaller one."""
    return [photo for path in sorted(folder.iterdir()) for photo in _read(path)]


def _read(path: Path) -> Iterator[Photo]:
    try:
        with Image.open(path, formats=[*FORMATS]) as image:
            if max(image.size) > max(SIZES):
                yield Photo(
                    path=path,
                    format=FORMATS.get(image.format or "", "JPEG"),  # MPO: two JPEGs
                    width=image.width,
                    height=image.height,
                    is_progressive="progressive" in image.info,
                )
    except OSError:
        return  # it is no picture of these formats


def make_photos() -> Path:
    """A folder of photos for those who have none: soft shapes with grain, in the usual formats."""
    if not MADE.exists():
        making = MADE.with_suffix(".making")
        making.mkdir(parents=True, exist_ok=True)
        for width, height, name in ((4000, 3000, "12mp"), (6000, 4000, "24mp")):
            scene = _scene(width, height)
            scene.save(making / f"{name}.jpg", quality=90)
            scene.save(making / f"{name}_progressive.jpg", quality=90, progressive=True)
        scene = _scene(2560, 1600)
        scene.save(making / "4mp.webp", quality=85)
        scene.putalpha(_scene(2560, 1600).convert("L"))
        scene.save(making / "4mp_rgba.png")
        making.rename(MADE)
    return MADE


def _scene(width: int, height: int) -> Image.Image:
    """Noise of every size, the larger the stronger, as in pictures of real things."""
    dice = np.random.default_rng(seed=1)
    channels = []
    for _ in "RGB":
        total = np.zeros((height, width), dtype=np.float32)
        for cells in (4, 16, 64, 256, 1024):
            noise = dice.normal(0, 60 / cells**0.4, (cells * height // width, cells))
            coarse = Image.fromarray(noise.astype(np.float32))
            total += np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC))
        total += dice.normal(128, 3, total.shape)
        channels.append(Image.fromarray(total.clip(0, 255).astype(np.uint8)))
    return Image.merge("RGB", channels)


def make_bombs() -> dict[str, Path]:
    """Files small enough for any upload that cost a naive decoder minutes."""
    body = BytesIO()
    Image.new("L", (6000, 6000), 128).save(body, "JPEG", progressive=True)
    jpeg = body.getvalue()
    last_scan = jpeg[jpeg.rindex(b"\xff\xda") : -2]
    bombs = {
        "pixel bomb": png_bomb(30_000, 30_000),
        "scan bomb": jpeg[:-2] + last_scan * 500 + jpeg[-2:],
    }
    paths = {}
    for name, bomb in bombs.items():
        paths[name] = CACHE / name.replace(" ", "-")
        paths[name].write_bytes(bomb)
    return paths
