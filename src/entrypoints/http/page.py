"""The page that `make page` builds: served from memory, at the root and at its own paths."""

import gzip
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import Any

from litestar import HttpMethod, Request, Response, asgi, route
from litestar.exceptions import MethodNotAllowedException, NotFoundException
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath
from litestar.types import Receive, Scope, Send

from mediaport.application.ports.object_store import CACHE_CONTROL, ObjectStore, origin_of
from mediaport.domain.users import USERNAME_PATTERN
from mediaport.entrypoints.http.access import PUBLIC
from mediaport.entrypoints.http.headers import content_policy
from mediaport.entrypoints.http.health import UNMETERED
from mediaport.entrypoints.http.problems import on_http_error
from mediaport.entrypoints.http.rates import UNCOUNTED
from mediaport.entrypoints.http.wire import etag_of, is_known

AnyRequest = Request[Any, Any, Any]

FOLDER = Path(__file__).parent / "page"
# What it shows at each is its own matter. `/@{username}`, which Litestar cannot say, is below.
PATHS = ["/", "/login", "/register", "/p/{post_id:int}"]
_METHODS = [HttpMethod.GET, HttpMethod.HEAD]
_PROFILE = re.compile(USERNAME_PATTERN)
# The machine's own table may say otherwise.
_TYPES = MappingProxyType(
    {
        ".css": "text/css",
        ".html": "text/html",
        ".js": "text/javascript",
        ".svg": "image/svg+xml",
        ".webp": "image/webp",
        ".woff2": "font/woff2",
    }
)
_COMPRESSED = frozenset({".css", ".js", ".svg"})
_TAKES_GZIP = re.compile(r"(?:^|[,\s])gzip\s*(?:$|,|;\s*q=(?!0(?:\.0*)?\s*(?:$|,)))", re.IGNORECASE)
_NOT_BUILT = b"""\
<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>Mediaport</title>
    <link rel="icon" href="data:,">
  </head>
  <body>
    <h1>Mediaport is running</h1>
    <p>Its page is not built here. In a checkout, with Node.js 20.19 or later:
      <code>make page</code>, then start the server again.</p>
    <p>The API needs no page: <a href="/docs">read and try it</a>.</p>
  </body>
</html>
"""


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    compressed: bytes | None
    media_type: str

    @classmethod
    def read(cls, path: Path) -> "_File":
        body = path.read_bytes()
        compressed = gzip.compress(body, mtime=0) if path.suffix in _COMPRESSED else None
        return cls(body, compressed, _TYPES.get(path.suffix, "application/octet-stream"))


class Page:
    """The built files, read once: a request names one of them, or nothing."""

    def __init__(self, folder: Path = FOLDER) -> None:
        index = folder / "index.html"
        self._index = index.read_bytes() if index.is_file() else _NOT_BUILT
        self._tag = etag_of(self._index)
        self._assets: Mapping[str, _File] = {
            path.name: _File.read(path) for path in folder.glob("assets/*") if path.is_file()
        }

    def index(self, request: AnyRequest) -> Response[bytes | None]:
        """The document, which names its assets; 304 for whoever has this one."""
        headers = {"Cache-Control": "no-cache", "ETag": self._tag}
        if is_known(request, self._tag):
            return Response(None, status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return Response(self._index, headers=headers, media_type="text/html")

    def nowhere(self, headers: Mapping[str, str]) -> Response[bytes]:
        """The document, at an address where it has nothing to show."""
        status = HTTPStatus.NOT_FOUND
        return Response(self._index, status_code=status, headers=headers, media_type="text/html")

    def asset(self, name: str, request: AnyRequest) -> Response[bytes]:
        """A script, style or picture, for ever: its name holds a hash of what is in it.

        Raises:
            NotFoundException: No build has made it.
        """
        found = self._assets.get(name)
        if found is None:
            raise NotFoundException
        body, headers = found.body, {"Cache-Control": CACHE_CONTROL}
        if found.compressed is not None:
            headers["Vary"] = "Accept-Encoding"
            if _TAKES_GZIP.search(request.headers.get("accept-encoding", "")):
                body, headers["Content-Encoding"] = found.compressed, "gzip"
        return Response(body, headers=headers, media_type=found.media_type)


def is_built() -> bool:
    """Whether there is a page to serve."""
    return (FOLDER / "index.html").is_file()


def policy(store: ObjectStore) -> str:
    """What the page may load: its own files, the API, and the two places where pictures are."""
    public_origin = origin_of(store.public_base_url)
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        f"img-src 'self' blob: data: {public_origin}; "
        f"connect-src 'self' {store.upload_origin}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


def on_not_found(page: Page, store: ObjectStore) -> Callable[..., Response[Any]]:
    """Shows a browser that is led nowhere the page, which says so; others get a problem."""
    headers = {"Content-Security-Policy": policy(store)}

    def answer(request: AnyRequest, error: NotFoundException) -> Response[Any]:
        if request.method in _METHODS and "text/html" in request.headers.get("accept", ""):
            return page.nowhere(headers)
        return on_http_error(request, error)

    return answer


def handlers(page: Page, store: ObjectStore) -> Iterator[BaseRouteHandler]:
    """The page's routes. They cost as little as a refusal: no rate counts them."""
    opt = {**PUBLIC, **UNCOUNTED, UNMETERED: True}
    page_opt = {**opt, **content_policy(policy(store))}

    @route(PATHS, http_method=_METHODS, opt=page_opt, include_in_schema=False, sync_to_thread=False)
    def document(request: AnyRequest) -> Response[bytes | None]:
        return page.index(request)

    @route(
        "/assets/{name:str}",
        http_method=_METHODS,
        opt=opt,
        include_in_schema=False,
        sync_to_thread=False,
    )
    def asset(request: AnyRequest, name: FromPath[str]) -> Response[bytes]:
        return page.asset(name, request)

    @asgi("/@", is_mount=True, opt=page_opt, copy_scope=True)
    async def profile(scope: Scope, receive: Receive, send: Send) -> None:
        if not _PROFILE.fullmatch(scope["path"].strip("/")):
            raise NotFoundException
        request = AnyRequest(scope)
        if request.method not in _METHODS:
            raise MethodNotAllowedException(headers={"Allow": ", ".join(sorted(_METHODS))})
        answer = page.index(request).to_asgi_response(request=request, app=None)
        await answer(scope, receive, send)

    yield from (document, asset, profile)
