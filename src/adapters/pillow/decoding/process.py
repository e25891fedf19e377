"""One process that decodes, as seen by the process that it serves."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from typing import Self

import msgspec

from mediaport.adapters.pillow.decoding.messages import (
    GREETING,
    LENGTH,
    MAX_ANSWER_BYTES,
    Answer,
    Broken,
    Order,
    answer_of,
    framed,
)
from mediaport.application.ports.images import DecoderLost
from mediaport.application.ports.unavailable import PartUnavailable

_START_TIMEOUT_S, _EXIT_TIMEOUT_S = 20, 1
# What the libraries leak, if they do, goes with the process.
_IMAGES_PER_PROCESS = 1000
# All that it gets to see of the environment: what Python itself may need to start.
_ENVIRONMENT = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
# How a process ends that a library of ours has broken, and no one else.
_CRASHES = {
    -number
    for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)
}


class DecoderProcess:
    """Takes one order at a time. Once it has failed at one, it is over."""

    def __init__(self, process: Process) -> None:
        if process.stdin is None or process.stdout is None:
            raise ValueError("a decoder needs two pipes")
        self._process = process
        self._orders, self._answers = process.stdin, process.stdout
        self._asked = 0

    @classmethod
    async def start(cls, *, memory_bytes: int) -> Self:
        """A process that is ready for its first order.

        Raises:
            PartUnavailable: None can be started.
        """
        try:
            started = cls(await _spawn(memory_bytes))
        except OSError as error:
            raise PartUnavailable("decoder", f"none can be started: {error}") from error
        try:
            async with asyncio.timeout(_START_TIMEOUT_S):
                greeting = await started._answers.readexactly(len(GREETING))
        except (TimeoutError, EOFError) as error:
            code = await started._exit_code()
            raise PartUnavailable("decoder", f"it ended with {code} as it started") from error
        except BaseException:
            await started.end()
            raise
        if greeting != GREETING:
            await started.end()
            raise PartUnavailable("decoder", f"it started with {greeting!r}")
        return started

    @property
    def pid(self) -> int:
        """Its number at the system."""
        return self._process.pid

    @property
    def can_go_on(self) -> bool:
        """Whether it may be given another order."""
        return self._process.returncode is None and self._asked < _IMAGES_PER_PROCESS

    async def ask(self, order: Order, original: bytes, *, timeout_s: float) -> Answer:
        """What it says of an original.

        Raises:
            DecoderLost: It was killed, and not by its limits, or has not answered.
        """
        self._asked += 1
        try:
            async with asyncio.timeout(timeout_s):
                return await self._exchange(order, original)
        except TimeoutError as error:
            await self.end()
            raise DecoderLost(f"no answer in {timeout_s} s") from error
        except (OSError, EOFError, msgspec.MsgspecError) as error:
            return _last_words(await self._exit_code(), error)
        except BaseException:
            await self.end()
            raise

    async def _exchange(self, order: Order, original: bytes) -> Answer:
        self._orders.write(framed(order))
        self._orders.write(original)
        await self._orders.drain()
        length = LENGTH.unpack(await self._answers.readexactly(LENGTH.size))[0]
        if length > MAX_ANSWER_BYTES:
            raise msgspec.ValidationError(f"an answer of {length} bytes")
        return answer_of(await self._answers.readexactly(length))

    async def _exit_code(self) -> int | None:
        """How a process ended that no longer answers: let it, for a kill would hide the reason."""
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(_EXIT_TIMEOUT_S):
                    await self._process.wait()
        finally:
            await self.end()
        return self._process.returncode

    async def end(self) -> None:
        """End it, whatever it is at."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()


async def _spawn(memory_bytes: int) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-m",
        "mediaport.adapters.pillow.decoding.program",
        str(memory_bytes),
        stdin=PIPE,
        stdout=PIPE,
        start_new_session=True,  # Ctrl-C in a terminal is for the process that uses it
        # One arena: threads would reserve address space, which is limited.
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        | {"MALLOC_ARENA_MAX": "1"},
    )


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
