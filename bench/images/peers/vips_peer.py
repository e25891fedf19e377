"""pyvips by its usual idiom: `thumbnail_buffer` once, the smaller ones from its pixels."""

import asyncio
from importlib.metadata import version

import pyvips

from bench.images.peers.serving import METHOD, QUALITY, SIZES, serve


async def thumbnails(original: bytes) -> list[bytes]:
    """Three WebPs; libvips takes a thread for each core, as it does by default."""
    *smaller, largest = SIZES
    # Asked for sRGB, libvips converts what has no profile as well, for half as much again.
    has_profile = pyvips.Image.new_from_buffer(original, "").get_typeof("icc-profile-data")
    colours = {"output_profile": "srgb"} if has_profile else {}
    image = pyvips.Image.thumbnail_buffer(
        original, largest, height=largest, size="down", **colours
    ).copy_memory()
    small = [image.thumbnail_image(size, height=size, size="down") for size in smaller]
    return [each.webpsave_buffer(Q=QUALITY, effort=METHOD, keep="none") for each in (*small, image)]


if __name__ == "__main__":
    pyvips.cache_set_max(0)
    libvips = ".".join(str(pyvips.version(part)) for part in range(3))
    asyncio.run(serve(thumbnails, {"pyvips": version("pyvips"), "libvips": libvips}))
