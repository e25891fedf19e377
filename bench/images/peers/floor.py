"""What no design on Pillow can beat: the decode, and the encodes of pixels that lie ready.

`python -m bench.images.peers.floor serial` does one after the other, `parallel` encodes the largest
on a second thread. A JPEG is decoded at the scale that leaves the resize at least as many pixels as
a sharp one needs (side / scale >= target + target / scale), as performance at equal SSIM asks for.
"""

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

from PIL import Image, ImageOps

from bench.images.peers.serving import METHOD, QUALITY, SIZES, serve

READY: dict[tuple[int, bytes], list[Image.Image]] = {}
LARGEST = max(SIZES)


async def serial(original: bytes) -> list[bytes]:
    """Decode, then encode one after the other."""
    ready = _ready(original)
    _decode(original)
    return [_encode(image) for image in ready]


async def parallel(original: bytes) -> list[bytes]:
    """Decode, then encode the largest beside the others."""
    ready = _ready(original)
    _decode(original)
    largest = SECOND_THREAD.submit(_encode, ready[-1])
    return [*map(_encode, ready[:-1]), largest.result()]


def _ready(original: bytes) -> list[Image.Image]:
    """The pixels to encode, made the first time: that is a warm-up, which nobody times."""
    key = len(original), original[-64:]
    if key not in READY:
        image = ImageOps.exif_transpose(Image.open(BytesIO(original)))
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
        READY[key] = [ImageOps.contain(image, (size, size)) for size in SIZES]
    return READY[key]


def _decode(original: bytes) -> None:
    image = Image.open(BytesIO(original))
    for scale in (8, 4, 2):
        if max(image.size) / LARGEST >= scale + 1:
            image.draft(None, (image.width // scale, image.height // scale))
            break
    image.load()


def _encode(image: Image.Image) -> bytes:
    body = BytesIO()
    image.save(body, "WEBP", quality=QUALITY, method=METHOD)
    return body.getvalue()


if __name__ == "__main__":
    SECOND_THREAD = ThreadPoolExecutor(1)
    asyncio.run(serve({"serial": serial, "parallel": parallel}[sys.argv[1]], {}))
