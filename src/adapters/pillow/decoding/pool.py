"""A pool of processes that decode, each reused for many images and replaced when one kills it."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from mediaport.adapters.pillow.decoding.messages import Answer, Order
from mediaport.adapters.pillow.decoding.process import DecoderProcess


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one image may cost. Where a limit is met, the image is refused."""

    cpu_s: int
    memory_bytes: int

    @classmethod
    def of(cls, *, max_pixels: int, sizes: Sequence[int]) -> "Limits":
        """Enough for an honest image of that many pixels, of the costliest kind, on a slow core.

        That is one of 16 bytes per pixel (a progressive CMYK JPEG, an animated WebP), beside 256
        MiB for the program and 32 bytes per pixel of the largest thumbnail; and of 50 ns per pixel,
        beside 150 ns per pixel of all thumbnails and a second.
        """
        seconds = max_pixels / 20_000_000 + sum(size**2 for size in sizes) * 0.15e-6
        memory_bytes = 2**28 + 16 * max_pixels + 32 * max(sizes) ** 2
        return cls(cpu_s=1 + ceil(seconds), memory_bytes=memory_bytes)

    @property
    def answer_timeout_s(self) -> int:
        """A last resort against what waits without using time; generous, as machines are busy."""
        return 10 + 2 * self.cpu_s


class Decoders:
    """At most `count` processes. One image at a time each; the others wait for the first free."""

    def __init__(self, *, count: int, limits: Limits) -> None:
        self._count = count
        self._limits = limits
        self._free = asyncio.Semaphore(count)
        self._idle: list[DecoderProcess] = []
        self._busy = 0
        self._is_closed = False

    @property
    def idle_pids(self) -> list[int]:
        """The numbers of the processes that wait for an image."""
        return [decoder.pid for decoder in self._idle]

    async def start(self) -> None:
        """Have the processes ready before the first image comes.

        Raises:
            PartUnavailable: None can be started.
        """
        for _ in range(self._count):
            async with self._free:
                if self._busy + len(self._idle) >= self._count:
                    return
                self._busy += 1  # or whoever else starts some now would count one too few
                try:
                    self._idle.append(await self._new())
                finally:
                    self._busy -= 1

    async def close(self) -> None:
        """End all processes; those that are at work, once they are done."""
        self._is_closed = True
        idle, self._idle = self._idle, []
        await asyncio.gather(*(decoder.end() for decoder in idle))

    async def answer(
        self, original: bytes, *, sizes: Sequence[int], quality: int, max_pixels: int
    ) -> Answer:
        """What one decoder says of an original.

        Raises:
            DecoderLost: It was killed, and not by its limits.
            PartUnavailable: None can be started.
        """
        async with self._free:
            self._busy += 1
            try:
                order = Order(
                    size_bytes=len(original),
                    sizes=tuple(sizes),
                    quality=quality,
                    max_pixels=max_pixels,
                    two_cores=self._busy < _cores(),
                    cpu_s=self._limits.cpu_s,
                )
                return await self._ask(order, original)
            finally:
                self._busy -= 1

    async def _ask(self, order: Order, original: bytes) -> Answer:
        decoder = await self._ready()
        answer = await decoder.ask(order, original, timeout_s=self._limits.answer_timeout_s)
        if decoder.can_go_on and not self._is_closed:
            self._idle.append(decoder)
        else:
            await decoder.end()
        return answer

    async def _ready(self) -> DecoderProcess:
        while self._idle:
            decoder = self._idle.pop()
            if decoder.can_go_on:
                return decoder
        return await self._new()

    async def _new(self) -> DecoderProcess:
        return await DecoderProcess.start(memory_bytes=self._limits.memory_bytes)


def _cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):  # Linux
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
