"""Requests in numbers, for Prometheus: how many, how long each took, how many failed.

The names, labels and buckets are those of the framework's plugin, which makes them up anew for
each request: that cost more than the routing did.
"""

from functools import cache
from time import perf_counter
from typing import NamedTuple

from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import Counter, Gauge, Histogram

from mediaport.entrypoints.http.health import UNMETERED
from mediaport.entrypoints.http.layer import Layer

_APP = "mediaport"
_LABELS = ("method", "path", "status_code", "app_name")
_TOTAL = Counter("mediaport_requests_total", "Total requests", _LABELS)
_ERRORS = Counter("mediaport_requests_error_total", "Total errors in requests", _LABELS)
_DURATION = Histogram("mediaport_request_duration_seconds", "Request duration, in seconds", _LABELS)
_IN_PROGRESS = Gauge(
    "mediaport_requests_in_progress",
    "Total requests currently in progress",
    _LABELS,
    multiprocess_mode="livesum",
)


class Metered(Layer):
    """Counts each request by its method, the pattern of its path, and its status."""

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Pass on, and count what is answered."""
        if UNMETERED in scope["route_handler"].opt:
            await next_app(scope, receive, send)
            return
        method, path = scope.get("method", ""), scope["path_template"]
        status, began_at, lasted_s = 500, perf_counter(), 0.0

        async def watch(message: Message) -> None:
            nonlocal status, lasted_s
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                lasted_s = perf_counter() - began_at
            await send(message)

        in_progress = _in_progress(method, path)
        in_progress.inc()
        try:
            await next_app(scope, receive, watch)
        finally:
            in_progress.dec()
            answered = _answered(method, path, status)
            answered.total.inc()
            answered.duration.observe(lasted_s)
            if answered.errors:
                answered.errors.inc()


class _Answered(NamedTuple):
    """What is counted of the answers of one route with one status."""

    total: Counter
    duration: Histogram
    errors: Counter | None


@cache  # routes, methods and statuses are few, whatever is asked for
def _answered(method: str, path: str, status: int) -> _Answered:
    labels = (method, path, status, _APP)
    return _Answered(
        total=_TOTAL.labels(*labels),
        duration=_DURATION.labels(*labels),
        errors=_ERRORS.labels(*labels) if status >= 500 else None,
    )


@cache
def _in_progress(method: str, path: str) -> Gauge:
    return _IN_PROGRESS.labels(method, path, 200, _APP)  # the plugin's word for "not yet known"
