"""A line for each request, where LOG_REQUESTS asks for it; and a span, where a tracer is in use."""

import logging
from collections.abc import MutableMapping
from time import perf_counter
from typing import Any

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from mediaport.adapters.telemetry import spans

log = logging.getLogger(__name__)

CALLERS_TRACE = (b"traceparent", b"tracestate")


def logged(app: ASGIApp) -> ASGIApp:
    """The app, with a line for each answer. The query is not shown: it can hold a signature."""

    async def tell(scope: Scope, receive: Receive, send: Send) -> None:
        began, told = perf_counter(), _asked(scope)
        try:
            await app(scope, receive, _listening(send, told))
        finally:
            fields = {name.rpartition(".")[2]: value for name, value in told.items()}
            took_ms = round(1000 * (perf_counter() - began), 1)
            log.info("Request answered", extra={**fields, "took_ms": took_ms})

    return tell


def traced(app: ASGIApp) -> ASGIApp:
    """The app, with a span for each request, in its caller's trace."""

    async def record(scope: Scope, receive: Receive, send: Send) -> None:
        tracer = spans.used()
        if tracer is None:
            await app(scope, receive, send)
            return
        told = _asked(scope)
        headers = {
            name.decode(): value.decode("latin-1")
            for name, value in scope["headers"]
            if name in CALLERS_TRACE
        }
        with tracer.request(told["http.request.method"], headers=headers, told=told):
            try:
                await app(scope, receive, _listening(send, told))
            finally:
                if route := scope.get("path_template"):
                    told["http.route"] = route

    return record


def _asked(scope: Scope) -> MutableMapping[str, Any]:
    """What is asked, in OpenTelemetry's words."""
    return {"http.request.method": scope.get("method", ""), "url.path": scope["path"]}


def _listening(send: Send, told: MutableMapping[str, Any]) -> Send:
    async def listen(message: Message) -> None:
        if message["type"] == "http.response.start":
            told["http.response.status_code"] = int(message["status"])
        await send(message)

    return listen
