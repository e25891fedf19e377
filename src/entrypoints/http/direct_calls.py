"""Calls the handlers, without what the framework does for kinds of them that we have not.

For each request it opens a stack of contexts, collects parts that want to be cleaned up, and makes
a response that cookies and hooks could still change. That cost as much as all that stands in front
of a handler. What reads and checks parameters is the framework's own, here as there.
"""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.response import Response
from litestar.routes import BaseRoute, HTTPRoute
from litestar.types import ASGIApp, Empty, Receive, Scope, Send

from mediaport.entrypoints.http.event_streams import is_stream
from mediaport.entrypoints.http.json_request import JsonRequest
from mediaport.entrypoints.http.layer import Layer
from mediaport.entrypoints.http.problems import answer_to


class DirectCalls(Layer):
    """Calls each handler that does its work before it answers; the framework calls the others."""

    def __init__(self) -> None:
        self._calls: dict[BaseRouteHandler, _Call] = {}

    def learn(self, routes: Iterable[BaseRoute]) -> None:
        """Find out which handlers there are, and what they ask for."""
        for route in routes:
            if isinstance(route, HTTPRoute):
                for handler, model in route.route_handler_map.values():
                    if _is_plain(handler):
                        self._calls[handler] = _Call(handler, model)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Call the handler, and send what it says, or what there is to say of an error."""
        call = self._calls.get(scope["route_handler"])
        if call is None:
            await next_app(scope, receive, send)
            return
        try:
            answer = await call(JsonRequest(scope, receive, send))
        except Exception as error:
            answer = answer_to(error, scope)
        await answer(scope, receive, send)


class _Call:
    """A handler, with all that it asks for."""

    def __init__(self, handler: HTTPRouteHandler, model: Any) -> None:
        self._handler, self._model = handler, model
        wanted = [part for batch in model.dependency_batches for part in batch]
        self._parts = [(part.key, _giver(part.provide)) for part in wanted]

    async def __call__(self, request: JsonRequest) -> ASGIApp:
        handler = self._handler
        values = await self._model.to_kwargs(connection=request)
        if values.get("data") is Empty:  # there is no body
            del values["data"]
        for name, give in self._parts:
            values[name] = give(request)
        fitting = handler.signature_model.parse_values_from_connection_kwargs(request, values)
        answer = await handler.fn(**fitting)
        if answer is None or isinstance(answer, Response):
            return await handler.to_response(app=request.app, data=answer, request=request)
        return _JsonAnswer(handler.status_code, msgspec.json.encode(answer))


def _is_plain(handler: HTTPRouteHandler) -> bool:
    """Whether it asks for nothing that only the framework does: guards, hooks, a cache, a task."""
    asked_for = (
        handler.has_sync_callable,
        is_stream(handler.opt),
        handler.resolve_guards(),
        handler.resolve_before_request(),
        handler.resolve_after_response(),
        handler.cache,
        handler.background,
    )
    return not any(asked_for)


def _giver(provide: Provide) -> Callable[[JsonRequest], Any]:
    """What gives a part: some ask for the request, and for nothing else."""
    give = provide.dependency
    return give if provide.signature_model._fields else lambda _: give()


class _JsonAnswer:
    """An answer that nobody changes any more."""

    __slots__ = ("_body", "_status")

    def __init__(self, status: int, body: bytes) -> None:
        self._status, self._body = status, body

    async def __call__(self, _: Scope, __: Receive, send: Send) -> None:
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(self._body)),
        ]
        await send({"type": "http.response.start", "status": self._status, "headers": headers})
        await send({"type": "http.response.body", "body": self._body, "more_body": False})
