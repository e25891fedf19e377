"""`/health`: whether this process lives, and whether it can do its work."""

import asyncio
from collections.abc import Awaitable
from http import HTTPStatus
from typing import Any, Literal

import msgspec
from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.plugins.prometheus import PrometheusController

from mediaport.application.ports.media_repository import MediaRepository
from mediaport.application.ports.object_store import ObjectStore
from mediaport.application.ports.thumbnail_queue import ThumbnailQueue
from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.entrypoints.http.access import PUBLIC
from mediaport.entrypoints.http.problems import RETRY_AFTER_S, documented, problem
from mediaport.entrypoints.http.rates import UNCOUNTED

PATIENCE_S = 3


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


@get("/ready", summary="Can it do its work?", responses=documented())
async def ready(
    media: NamedDependency[MediaRepository],
    store: NamedDependency[ObjectStore],
    queue: NamedDependency[ThumbnailQueue],
) -> Response[Ready] | Response[dict[str, Any]]:
    """Ask every part; 503 names those that are down."""
    checks = {
        "database": media.check(),
        "object_store": store.check(),
        "thumbnail_queue": queue.check(),
    }
    answers = await asyncio.gather(*(_answers(check) for check in checks.values()))
    down = [name for name, answered in zip(checks, answers, strict=True) if not answered]
    if not down:
        return Response(Ready(status="ok", parts=dict.fromkeys(checks, "ok")))
    parts = {name: "down" if name in down else "ok" for name in checks}
    return problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "not_ready",
        f"Down: {', '.join(down)}.",
        context={"parts": parts},
        headers={"Retry-After": str(RETRY_AFTER_S)},
    )


async def _answers(check: Awaitable[None]) -> bool:
    try:
        async with asyncio.timeout(PATIENCE_S):
            await check
    except (PartUnavailable, TimeoutError):
        return False
    return True


class Metrics(PrometheusController):
    """`/metrics` in Prometheus' text format."""

    opt = PUBLIC | UNCOUNTED
    include_in_schema = False


router = Router(
    "/health", route_handlers=[live, ready], opt={**PUBLIC, **UNCOUNTED}, tags=["operations"]
)
