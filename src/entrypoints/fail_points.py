"""Steps after which a process kills itself, for tests: nothing may be lost, wherever that is.

Every step of a use case is a call of a port. So no use case knows of this: when FAIL_POINT is set,
the container hands out a copy of one, on ports that say when a call is done. Otherwise nothing
changes.
"""

import copy
import inspect
import logging
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from itertools import count
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from mediaport.entrypoints.container import Container

T = TypeVar("T")
# Told after each step, with its name and what came of it.
Done = Callable[[str, object], None]

log = logging.getLogger(__name__)

# By use case: the provider that makes it, and its steps. A number says which call of several.
USE_CASES = MappingProxyType(
    {
        "presign": ("presign_upload", ("media.add", "store.presign_put")),
        "complete": (
            "complete_upload",
            (
                "media.get",
                "media.claim_completion",
                "store.stage",
                "store.stat_and_read",
                "store.read",
                "images.inspect",
                "store.publish",
                "images.strip",
                "store.put",
                "media.mark_ready",
                "media.release_completion",
                "events.tell",
                "queue.enqueue",
                "store.delete",
            ),
        ),
        "worker": (
            "make_thumbnails",
            (
                "media.claim_thumbnails",
                "store.read",
                "images.make_thumbnails",
                "store.put",
                "store.put:2",
                "store.put:3",
                "media.save_thumbnails",
                "events.tell",
            ),
        ),
        "sweep": (
            "sweep",
            (
                "leases.claim",
                "media.expired",
                "media.expire",
                "media.unattached",
                "media.purge",
                "media.claim_deletions",
                "store.delete",
                "media.forget_deletions",
                "leases.release",
                "media.owed_thumbnails",
                "queue.enqueue",
            ),
        ),
        "delete": (
            "delete_user",
            (
                "users.find",
                "belongings.take_back_likes",
                "belongings.take_back_comments",
                "belongings.posts",
                "belongings.thin_out",
                "belongings.purge_posts",
                "users.get",
                "media.get",
                "users.replace_avatar",
                "store.delete",
                "users.profile",
                "belongings.empty_places",
                "belongings.media",
                "belongings.purge_media",
                "belongings.close_account",
            ),
        ),
    }
)
POINTS = tuple(f"{name}.{step}" for name, (_, steps) in USE_CASES.items() for step in steps)


def arm(container: "Container") -> None:
    """Let this process kill itself at the point that is set, if one is."""
    point = container.settings().fail_point
    if point is None:
        return
    name, _, step = point.partition(".")
    log.warning("FAIL_POINT: this process kills itself after %s", point)
    provider = getattr(container, USE_CASES[name][0])
    from dependency_injector.providers import Object  # noqa: PLC0415 - settings do without

    provider.override(Object(watched(provider(), _killing_after(step))))


def _killing_after(step: str) -> Done:
    name, _, number = step.partition(":")
    numbers = count(1)

    def kill(done: str, answer: object) -> None:
        # What found nothing to do was no step; a claim that was not had is None.
        is_step = answer not in ([], False) and not (answer is None and ".claim_" in done)
        if done == name and is_step and next(numbers) == int(number or 1):
            os.kill(os.getpid(), signal.SIGKILL)

    return kill


def watched(use_case: T, done: Done) -> T:
    """The same use case, on ports that say when a step of it is done."""
    assert is_dataclass(use_case)  # noqa: S101 - all of them are
    return replace(use_case, **dict(_watched_parts(use_case, done)))  # type: ignore[type-var]  # of this type


def _watched_parts(use_case: Any, done: Done) -> Iterator[tuple[str, object]]:
    for field in fields(use_case):
        part = getattr(use_case, field.name)
        room = type(part).__module__
        if room.startswith("mediaport.adapters") and field.name != "clock":
            yield field.name, _watched_port(part, field.name, done)
        elif room.startswith("mediaport.application") and is_dataclass(part):
            yield field.name, watched(part, done)


def _watched_port(port: T, name: str, done: Done) -> T:
    """A copy with the same state. What asks for its type gets it."""
    other = copy.copy(port)
    for method_name, method in inspect.getmembers(port, inspect.ismethod):
        if not method_name.startswith("_"):
            setattr(other, method_name, _watched_method(method, f"{name}.{method_name}", done))
    return other


def _watched_method(method: Callable[..., Any], name: str, done: Done) -> Callable[..., Any]:
    def call(*arguments: Any, **keywords: Any) -> Any:
        answer = method(*arguments, **keywords)
        if inspect.isawaitable(answer):
            return wait(answer)
        done(name, answer)
        return answer

    async def wait(answer: Awaitable[Any]) -> Any:
        awaited = await answer
        done(name, awaited)
        return awaited

    return call
