"""Every request has an id: the caller's, if it names one. Answers, logs and jobs carry it."""

import re
from random import getrandbits

from litestar.types import ASGIApp, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, get_contextvars, unbind_contextvars

from mediaport.entrypoints.http.layer import header_of

HEADER = b"x-request-id"
# What proxies and clients make: UUIDs, ULIDs, AWS's Root=1-..., base64. Nothing that ends a line.
_SANE = re.compile(r"[A-Za-z0-9._:;/+=@-]{1,128}")
_KEY = "request_id"


def with_request_id(app: ASGIApp) -> ASGIApp:
    """The app, with an id for whatever it is asked."""

    async def name(scope: Scope, receive: Receive, send: Send) -> None:
        given = header_of(scope, HEADER)
        # It is to tell requests apart, nothing more: nobody has to be unable to guess it.
        request_id = given if given and _SANE.fullmatch(given) else f"{getrandbits(64):016x}"
        scope.setdefault("state", {})[_KEY] = request_id
        unbind_contextvars("user_id")  # of a request before it, which came in one piece with it
        bind_contextvars(request_id=request_id)
        await app(scope, receive, send)

    return name


def request_id_of(scope: Scope) -> str:
    """The id of a request."""
    request_id: str = scope["state"][_KEY]
    return request_id


def current_request_id() -> str | None:
    """The id of the request that is being answered, if one is."""
    return get_contextvars().get(_KEY)
