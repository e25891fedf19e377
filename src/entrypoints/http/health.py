"""`/health`: whether this process lives, and whether it can do its work."""

from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.plugins.prometheus import PrometheusController

from mediaport.application.ports.media_repository import MediaRepository
from mediaport.application.ports.object_store import ObjectStore
from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.entrypoints.http.access import PUBLIC
from mediaport.entrypoints.http.problems import RETRY_AFTER_S, documented, problem


class Alive(msgspec.Struct, frozen=True):
    """The process answers."""

    status: str = "ok"


class Ready(msgspec.Struct, frozen=True):
    """Every part answers."""

    parts: dict[str, str]
    status: str = "ok"


@get("/live", summary="Is the process alive?", responses=documented())
async def live() -> Alive:
    """Answer, without asking any other part."""
    return Alive()


@get("/ready", summary="Can it do its work?", responses=documented())
async def ready(
    media: NamedDependency[MediaRepository], store: NamedDependency[ObjectStore]
) -> Response[Ready] | Response[dict[str, Any]]:
    """Ask database and object store; 503 names the parts that are down."""
    parts = {}
    for name, part in (("database", media), ("object_store", store)):
        try:
            await part.check()
            parts[name] = "ok"
        except PartUnavailable:
            parts[name] = "down"
    down = [name for name, state in parts.items() if state == "down"]
    if not down:
        return Response(Ready(parts=parts))
    return problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "not_ready",
        f"Down: {', '.join(down)}.",
        context={"parts": parts},
        headers={"Retry-After": str(RETRY_AFTER_S)},
    )


class Metrics(PrometheusController):
    """`/metrics` in Prometheus' text format."""

    opt = PUBLIC
    include_in_schema = False


router = Router("/health", route_handlers=[live, ready], opt=PUBLIC, tags=["operations"])
