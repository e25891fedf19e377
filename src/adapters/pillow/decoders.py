"""A pool of processes that decode, each reused for many images and replaced when one kills it."""

import asyncio
import logging
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from mediaport.adapters.pillow.messages import (
    LENGTH,
    MAX_ANSWER_BYTES,
    Answer,
    Broken,
    Order,
    answer_of,
    framed,
)
from mediaport.application.ports.images import DecoderLost

log = logging.getLogger(__name__)

# What the libraries leak, if they do, goes with the process.
_IMAGES_PER_DECODER = 1000
# A last resort against what waits without using time, well before the claim on the media runs out.
_ANSWER_TIMEOUT_S = 20
_EXIT_TIMEOUT_S = 1
# All that a decoder gets to see of the environment: what Python itself may need to start.
_ENVIRONMENT = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
# How a process ends that a library of ours has broken, and no one else.
_CRASHES = {
    -number
    for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one image may cost. Where a limit is met, the image is refused for good."""

    cpu_s: int
    memory_bytes: int

    @classmethod
    def for_pixels(cls, max_pixels: int) -> "Limits":
        """Enough for an honest image of that many pixels, of the costliest kind.

        That is one of 16 bytes per pixel (a progressive CMYK JPEG, an animated WebP) beside 256 MiB
        for the program, and one that takes 50 ns per pixel, beside 2 s.
        """
        return cls(cpu_s=2 + -(-max_pixels // 20_000_000), memory_bytes=2**28 + 16 * max_pixels)


class Decoders:
    """At most `count` processes. One image at a time each; the others wait for the first free."""

    def __init__(self, *, count: int, limits: Limits) -> None:
        self._count = count
        self._limits = limits
        self._free = asyncio.Semaphore(count)
        self._idle: list[_Decoder] = []
        self._busy = 0

    async def start(self) -> None:
        """Have the processes ready before the first image comes."""
        while self._busy + len(self._idle) < self._count:
            async with self._free:
                self._idle.append(await self._new())

    async def close(self) -> None:
        """End all processes."""
        idle, self._idle = self._idle, []
        await asyncio.gather(*(decoder.end() for decoder in idle))

    async def answer(
        self, original: bytes, *, sizes: Sequence[int], quality: int, max_pixels: int
    ) -> Answer:
        """What one decoder says of an original.

        Raises:
            DecoderLost: It was killed, and not by its limits.
        """
        async with self._free:
            self._busy += 1
            try:
                order = Order(
                    size_bytes=len(original),
                    sizes=tuple(sizes),
                    quality=quality,
                    max_pixels=max_pixels,
                    two_cores=self._busy < (os.cpu_count() or 1),
                    cpu_s=self._limits.cpu_s,
                )
                return await self._ask(order, original)
            finally:
                self._busy -= 1

    async def _ask(self, order: Order, original: bytes) -> Answer:
        decoder = await self._ready()
        try:
            async with asyncio.timeout(_ANSWER_TIMEOUT_S):
                answer = await decoder.ask(order, original)
        except TimeoutError as error:
            await decoder.end()
            raise DecoderLost(f"no answer in {_ANSWER_TIMEOUT_S} s") from error
        except (OSError, EOFError, msgspec.MsgspecError) as error:
            return _last_words(await decoder.exit_code(), error)
        except BaseException:
            await decoder.end()
            raise
        if decoder.is_worn:
            await decoder.end()
        else:
            self._idle.append(decoder)
        return answer

    async def _ready(self) -> "_Decoder":
        while self._idle:
            decoder = self._idle.pop()
            if decoder.process.returncode is None:
                return decoder
        return await self._new()

    async def _new(self) -> "_Decoder":
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "mediaport.adapters.pillow.decoder",
            str(self._limits.memory_bytes),
            stdin=PIPE,
            stdout=PIPE,
            start_new_session=True,  # Ctrl-C in a terminal is for the process that uses it
            # One arena: threads would reserve address space, which is limited.
            env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
            | {"MALLOC_ARENA_MAX": "1"},
        )
        return _Decoder(process)


def _last_words(exit_code: int | None, error: Exception) -> Broken:
    """Why a decoder has ended, where that is the image's fault.

    Raises:
        DecoderLost: It is not: somebody killed it, or the system, which needs its memory.
    """
    if exit_code == -signal.SIGXCPU:
        return Broken(reason="too_much_work", detail="it takes longer than an image may")
    if exit_code in _CRASHES:
        name = signal.Signals(-exit_code).name
        return Broken(reason="decoder_crashed", detail=f"its decoder ended with {name}")
    raise DecoderLost(f"its decoder ended with {exit_code}: {error!r}") from error


class _Decoder:
    """One process and what was asked of it."""

    def __init__(self, process: Process) -> None:
        if process.stdin is None or process.stdout is None:
            raise ValueError("a decoder needs two pipes")
        self.process = process
        self._orders, self._answers = process.stdin, process.stdout
        self._asked = 0

    @property
    def is_worn(self) -> bool:
        return self._asked >= _IMAGES_PER_DECODER

    async def ask(self, order: Order, original: bytes) -> Answer:
        self._asked += 1
        self._orders.write(framed(order))
        self._orders.write(original)
        await self._orders.drain()
        length = LENGTH.unpack(await self._answers.readexactly(LENGTH.size))[0]
        if length > MAX_ANSWER_BYTES:
            raise msgspec.ValidationError(f"an answer of {length} bytes")
        return answer_of(await self._answers.readexactly(length))

    async def exit_code(self) -> int | None:
        """How a process ended that no longer answers: let it, for a kill would hide the reason."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_EXIT_TIMEOUT_S):
                await self.process.wait()
        await self.end()
        return self.process.returncode

    async def end(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
