"""The decoders by themselves, and how much of a time they are at work."""

import asyncio
import time
from collections.abc import Iterator

from mediaport.adapters.pillow.decoding.messages import Answer, Order
from mediaport.adapters.pillow.decoding.pool import Decoders, Limits

SIZES, QUALITY, MAX_PIXELS = (128, 512, 1024), 80, 40_000_000


class WatchedDecoders(Decoders):
    """Says from when to when each image was with a decoder."""

    def __init__(self, count: int) -> None:
        super().__init__(count=count, limits=Limits.of(max_pixels=MAX_PIXELS, sizes=SIZES))
        self._at_once = count
        self._spans: list[tuple[float, float]] = []

    async def _ask(self, order: Order, original: bytes) -> Answer:
        begun = time.perf_counter()
        try:
            return await super()._ask(order, original)
        finally:
            self._spans.append((begun, time.perf_counter()))

    def occupied(self, since: float, until: float) -> float:
        """The part of that time in which a decoder had an image."""
        worked = (min(end, until) - max(begin, since) for begin, end in self._spans)
        return sum(max(0.0, each) for each in worked) / (self._at_once * (until - since))


async def decode(body: bytes, *, images: int, at_once: int) -> float:
    """How long some images take, made by warm decoders and nothing else."""
    decoders = WatchedDecoders(at_once)

    async def work(numbers: Iterator[int]) -> None:
        for _ in numbers:
            await decoders.answer(body, sizes=SIZES, quality=QUALITY, max_pixels=MAX_PIXELS)

    await decoders.start()
    took_s = 0.0
    for number in (2 * at_once, images):
        started, numbers = time.perf_counter(), iter(range(number))
        await asyncio.gather(*(work(numbers) for _ in range(at_once)))
        took_s = time.perf_counter() - started
    await decoders.close()
    return took_s
