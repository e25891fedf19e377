"""Our worker's code, called as the worker calls it."""

import asyncio
from importlib.metadata import version

from bench.images.peers.serving import QUALITY, SIZES, serve
from mediaport.adapters.pillow.decoding.pool import Decoders, Limits
from mediaport.adapters.pillow.images import PillowImages

MAX_PIXELS, IN_FLIGHT = 40_000_000, 2


class Ours:
    """All that this benchmark knows of our API."""

    def __init__(self) -> None:
        limits = Limits.of(max_pixels=MAX_PIXELS, sizes=SIZES)
        self._decoders = Decoders(count=IN_FLIGHT, limits=limits)
        self._images = PillowImages(self._decoders, max_pixels=MAX_PIXELS, quality=QUALITY)

    async def start(self) -> None:
        """Before the first job."""
        await self._decoders.start()

    async def thumbnails(self, original: bytes) -> list[bytes]:
        """Three WebPs, smallest first; our placeholder is made as well, and in the time."""
        made = await self._images.make_thumbnails(original, sizes=SIZES)
        return [thumbnail.body for thumbnail in made.thumbnails]

    async def close(self) -> None:
        """After the last job."""
        await self._decoders.close()


async def main() -> None:
    """Answer until stdin ends."""
    ours = Ours()
    await ours.start()
    await serve(ours.thumbnails, {"pillow": version("pillow")})
    await ours.close()


if __name__ == "__main__":
    asyncio.run(main())
