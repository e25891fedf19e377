"""`/health`: whether this process lives, and whether it can do its work."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Literal

import msgspec
from litestar import Response, Router, get
from litestar.di import NamedDependency
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.entrypoints.http.access import PUBLIC
from mediaport.entrypoints.http.backlog import BacklogGauges
from mediaport.entrypoints.http.problems import RETRY_AFTER_S, documented, problem
from mediaport.entrypoints.http.rates import UNCOUNTED

PATIENCE_S = 3
UNMETERED = "is_unmetered"  # the `opt` of a route that is not in the metrics
# Returns if the part answers.
Check = Callable[[], Awaitable[None]]


class Alive(msgspec.Struct, frozen=True):
    """The process answers."""

    status: Literal["ok"]


class Ready(msgspec.Struct, frozen=True):
    """Every part answers."""

    status: Literal["ok"]
    parts: dict[str, Literal["ok"]]


@get("/live", summary="Is the process alive?", responses=documented())
async def live() -> Alive:
    """Answer, without asking any other part."""
    return Alive(status="ok")


class Readiness:
    """Asks every part whether it answers, for all who want to know at the same time once."""

    def __init__(self, *, database: Check, object_store: Check, thumbnail_queue: Check) -> None:
        self._checks = {
            "database": database,
            "object_store": object_store,
            "thumbnail_queue": thumbnail_queue,
        }
        self._asking: asyncio.Task[dict[str, bool]] | None = None

    async def parts(self) -> dict[str, bool]:
        """Which parts answer."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        return await asyncio.shield(self._asking)

    async def _ask(self) -> dict[str, bool]:
        answers = await asyncio.gather(*(_answers(check) for check in self._checks.values()))
        return dict(zip(self._checks, answers, strict=True))


@get("/ready", summary="Can it do its work?", responses=documented())
async def ready(
    readiness: NamedDependency[Readiness],
) -> Response[Ready] | Response[dict[str, Any]]:
    """Ask every part; 503 names those that are down."""
    parts = await readiness.parts()
    down = [name for name, answers in parts.items() if not answers]
    if not down:
        return Response(Ready(status="ok", parts=dict.fromkeys(parts, "ok")))
    return problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "not_ready",
        f"Down: {', '.join(down)}.",
        context={"parts": {name: "ok" if answers else "down" for name, answers in parts.items()}},
        headers={"Retry-After": str(RETRY_AFTER_S)},
    )


async def _answers(check: Check) -> bool:
    try:
        async with asyncio.timeout(PATIENCE_S):
            await check()
    except (PartUnavailable, TimeoutError):
        return False
    return True


@get("/metrics", opt=PUBLIC | UNCOUNTED, include_in_schema=False)
async def metrics(backlog: NamedDependency[BacklogGauges]) -> Response[bytes]:
    """Everything counted, in Prometheus' text format."""
    await backlog.refresh()
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:  # one of several processes: for all of them
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


router = Router(
    "/health", route_handlers=[live, ready], opt={**PUBLIC, **UNCOUNTED}, tags=["operations"]
)
