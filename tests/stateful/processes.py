"""Processes that do not go through with it: killed, cut off, or overtaken between two calls."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any, Protocol

from mediaport.application.ports.images import DecoderLost
from mediaport.application.ports.unavailable import PartUnavailable

# Which part of the product stands behind which provider of the container.
PARTS = {
    "media": "database",
    "users": "database",
    "posts": "database",
    "remakes": "database",
    "leases": "database",
    "store": "object_store",
    "queue": "thumbnail_queue",
    "own_queue": "thumbnail_queue",
    "images": "decoder",
}

Call = Callable[[], Awaitable[Any]]


class Killed(BaseException):
    """Raised by every call of a process that was killed."""


class How(StrEnum):
    """What befalls a process at one of its calls."""

    KILLED = "killed before the call"
    KILLED_LATE = "killed, and the store carries the call out later"
    CANCELLED = "cancelled: whoever asked went away"
    REFUSED = "the part says that it is down"
    UNANSWERED = "the call is carried out, its answer lost"
    LATE = "no answer, and the store carries the call out later"
    DECODER_LOST = "what decodes is killed"
    OVERTAKEN = "others run to their end first, and time passes"


@dataclass(frozen=True)
class Mishap:
    """What befalls a process at its `at`-th call, counted from 1.

    Attributes:
        meanwhile: What others do before an overtaken process goes on, and what befalls these.
        pause_s: How long that takes.
    """

    at: int
    how: How
    meanwhile: tuple[tuple[Any, tuple["Mishap", ...]], ...] = ()
    pause_s: int = 0


class Surroundings(Protocol):
    """What processes share."""

    down: set[str]

    def carry_out_later(self, call: Call) -> None:
        """Let the store carry a call out some seconds from now."""
        ...

    async def overtake(self, mishap: Mishap) -> None:
        """Let others act, and time pass."""
        ...


@dataclass
class Process:
    """One use case on its way, with what befalls it.

    Attributes:
        troubles: What it met so far: parts that were down, and mishaps.
    """

    surroundings: Surroundings
    mishaps: tuple[Mishap, ...] = ()
    calls: int = 0
    is_dead: bool = False
    troubles: set[str] = field(default_factory=set)
    task: asyncio.Task[Any] | None = None
    # While others overtake it, all of it stands still; and what was played can be played again.
    _one_by_one: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def passes(self, part: str, name: str, call: Call) -> Any:
        """The answer to one call of a port, if it comes to that.

        Raises:
            Killed: The process was killed, now or earlier: nothing it asks for has an effect.
            PartUnavailable: The part is down, or its answer was lost.
        """
        await asyncio.sleep(0)
        async with self._one_by_one:
            self._live()
            self.calls += 1
            for mishap in self.mishaps:
                if mishap.at == self.calls:
                    await self._befall(mishap, part, name, call)
            self._reach(part)
            if part != "decoder":
                return await call()
        return await call()  # it reads from the store: a call within a call

    def _live(self) -> None:
        if self.is_dead:
            raise Killed

    def _reach(self, part: str) -> None:
        if part in self.surroundings.down:
            self.troubles.add(part)
            raise PartUnavailable(part, "it was taken down")

    async def _befall(self, mishap: Mishap, part: str, name: str, call: Call) -> None:
        how = mishap.how
        if how is How.DECODER_LOST and name != "make_thumbnails":
            return
        self.troubles.add(how)
        if how is How.OVERTAKEN:
            await self.surroundings.overtake(mishap)
        if how is How.CANCELLED and self.task is not None:
            self.task.cancel()
        if how in {How.OVERTAKEN, How.CANCELLED}:
            for _ in range(3):  # a timeout or a cancellation comes through here
                await asyncio.sleep(0)
            return
        if how not in {How.KILLED, How.REFUSED, How.DECODER_LOST} and part != "decoder":
            self._reach(part)
            await self._have_carried_out(part, call, later=how is not How.UNANSWERED)
        if how is How.DECODER_LOST:
            raise DecoderLost("it was killed")
        if how in {How.KILLED, How.KILLED_LATE}:
            self.is_dead = True
            raise Killed
        raise PartUnavailable(part, how)

    async def _have_carried_out(self, part: str, call: Call, *, later: bool) -> None:
        if later and part == "object_store":
            self.surroundings.carry_out_later(call)
        else:
            await call()


current: ContextVar[Process] = ContextVar("current")


class Watched:
    """A port whose every call passes by the process that makes it."""

    def __init__(self, port: Any, part: str) -> None:
        self._port = port
        self._part = part

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._port, name)
        if not inspect.iscoroutinefunction(attribute):
            return attribute

        async def pass_by(*args: Any, **kwargs: Any) -> Any:
            call = partial(attribute, *args, **kwargs)
            return await current.get().passes(self._part, name, call)

        return pass_by
