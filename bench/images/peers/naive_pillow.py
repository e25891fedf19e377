"""Pillow as most code has it: decode in full, turn, convert, `thumbnail()` for each size."""

import asyncio
from importlib.metadata import version
from io import BytesIO

from PIL import Image, ImageCms, ImageOps

from bench.images.peers.serving import METHOD, QUALITY, SIZES, serve

SRGB = ImageCms.createProfile("sRGB")


async def thumbnails(original: bytes) -> list[bytes]:
    """Three WebPs, each from the full picture."""
    upright = ImageOps.exif_transpose(Image.open(BytesIO(original)))
    image = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    if profile := upright.info.get("icc_profile"):
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        ImageCms.profileToProfile(image, source, SRGB, inPlace=True)
    bodies = []
    for size in SIZES:
        small, body = image.copy(), BytesIO()
        small.thumbnail((size, size))
        small.save(body, "WEBP", quality=QUALITY, method=METHOD, icc_profile=b"", exif=b"", xmp=b"")
        bodies.append(body.getvalue())
    return bodies


if __name__ == "__main__":
    asyncio.run(serve(thumbnails, {"pillow": version("pillow")}))
