"""SAQ's own pages about the queue, for whoever knows the password."""

import base64
import hmac
from urllib.parse import urlsplit

from redis.exceptions import RedisError
from saq.queue.redis import RedisQueue
from saq.web.starlette import saq_web
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

# Its script takes this off the front of every path: "/queue" would cut into its own "/queues".
PATH = "/saq"


class QueuePages:
    """An ASGI app that asks for the password (HTTP Basic, any user name) before it shows them.

    Attributes:
        path: Where it must be mounted.
    """

    path = PATH

    def __init__(self, jobs: RedisQueue, *, password: str) -> None:
        self._pages = saq_web(PATH, [jobs])
        self._pages.add_exception_handler(RedisError, _fail)
        for unknown in (KeyError, ValueError):  # a queue, a job
            self._pages.add_exception_handler(unknown, _find_nothing)
        self._password = password.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = Headers(scope=scope)
        if not hmac.compare_digest(_password_in(headers), self._password):
            refusal = PlainTextResponse(
                "The password is needed: QUEUE_WEB_PASSWORD",
                401,
                {"WWW-Authenticate": 'Basic realm="Mediaport queue", charset="UTF-8"'},
            )
            await refusal(scope, receive, send)
        elif scope["method"] not in {"GET", "HEAD"} and _is_from_elsewhere(headers):
            # A browser sends the password by itself, also when another site makes it ask.
            await PlainTextResponse("Not from another site", 403)(scope, receive, send)
        elif ".." in scope["path"].split("/"):
            # SAQ's static files look for a compressed one before they look at where that is.
            await PlainTextResponse("Not found", 404)(scope, receive, send)
        else:
            # A framework that mounts adds a slash, which these routes do not have.
            path = scope["path"].rstrip("/") or "/"
            await self._pages({**scope, "path": path, "root_path": ""}, receive, send)


async def _fail(_: Request, error: Exception) -> Response:
    return PlainTextResponse(f"Redis does not answer: {error}", 503, {"Retry-After": "5"})


async def _find_nothing(_: Request, __: Exception) -> Response:
    return PlainTextResponse("Not found", 404)


def _password_in(headers: Headers) -> bytes:
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    try:
        decoded = base64.b64decode(credentials, validate=True)
    except ValueError:  # not ASCII, or no base64
        return b""
    return decoded.partition(b":")[2] if scheme.lower() == "basic" else b""


def _is_from_elsewhere(headers: Headers) -> bool:
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host")
