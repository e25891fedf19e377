"""Spans: what took how long, within what. Nothing is recorded until a tracer is in use.

The name of a media item in its keys is random, as a trace's id is, and as long. So the spans of its
life, by whatever process and however much later, share a trace without anything being kept for it.
"""

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

_NAME = re.compile(r"(?:.*/)?([0-9a-f]{32})(?:\.[a-z0-9]+)?")


class Tracer(Protocol):
    """Records spans."""

    def span(self, name: str, **attributes: Any) -> AbstractContextManager[None]:
        """A span within the current one, as long as the block lasts."""
        ...

    def of_media(
        self, name: str, object_key: str, **attributes: Any
    ) -> AbstractContextManager[None]:
        """A span of the media item's own trace, linked with the current span."""
        ...

    def presigned(self, object_key: str, *, began_ns: int, **attributes: Any) -> None:
        """The first span of a media item's trace, which ends now: its name was not known before."""
        ...

    def request(
        self, name: str, *, headers: Mapping[str, str], told: Mapping[str, Any]
    ) -> AbstractContextManager[None]:
        """The span of a request, within the trace that its caller names in `headers`, if one.

        `told` has its attributes once it ends.
        """
        ...

    def close(self, *, patience_s: float) -> None:
        """Send what is recorded, if that takes no longer."""
        ...


_NOTHING = nullcontext()
_used: Tracer | None = None


def use(tracer: Tracer | None) -> None:
    """Record with it from now on, in this process; with none, nothing."""
    global _used  # noqa: PLW0603 - one per process, as metrics have one registry
    _used = tracer


def used() -> Tracer | None:
    """What records, if anything does."""
    return _used


def span(name: str, **attributes: Any) -> AbstractContextManager[None]:
    """A span within the current one, as long as the block lasts."""
    return _used.span(name, **attributes) if _used else _NOTHING


def of_media(name: str, object_key: str, **attributes: Any) -> AbstractContextManager[None]:
    """A span of the media item's own trace."""
    return _used.of_media(name, object_key, **attributes) if _used else _NOTHING


def trace_id_of(object_key: str) -> int | None:
    """The trace of the media item with that key; none if its name is none of ours."""
    found = _NAME.fullmatch(object_key)
    return int(found[1], 16) if found and found[1].strip("0") else None
