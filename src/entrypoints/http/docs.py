"""`/docs` and `/openapi.json`: the API's own description, without internet."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from litestar import Request, Response, Router, get
from litestar.enums import OpenAPIMediaType
from litestar.exceptions import NotFoundException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme, Server
from litestar.params import FromPath

from mediaport import __version__
from mediaport.entrypoints.http.access import PUBLIC
from mediaport.entrypoints.http.headers import content_policy

_ASSETS = Path(__file__).parent / "swagger_ui"
_TYPES = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}
_DESCRIPTION = """\
Image uploads, straight from the browser to the object store.

1. `POST /media/presign`: say what you upload, get a signed URL.
2. `PUT` the bytes to `upload.url` with exactly `upload.headers`.
3. `POST /media/{id}/complete`: it is verified and published; thumbnails follow within moments.
   `GET /media/events` tells when.
4. `POST /posts/` or `PUT /users/me/avatar` with its `media_id`.

Errors are `application/problem+json` (RFC 9457) with a stable `code`.
"""

# Scripts and styles of ours, no inline ones. Swagger UI's icons are data: URLs in its style sheet.
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE = b"""\
<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Mediaport</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/docs/assets/swagger-ui.css">
    <script src="/docs/assets/swagger-ui-bundle.js" defer></script>
    <script src="/docs/start.js" defer></script>
  </head>
  <body><div id="swagger-ui"></div></body>
</html>
"""
_START = """\
SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  showExtensions: true,
  showCommonExtensions: true,
});
"""


@get(
    "/openapi.json",
    opt=PUBLIC,
    include_in_schema=False,
    media_type=OpenAPIMediaType.OPENAPI_JSON,
    sync_to_thread=False,
)
def schema(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """The API's schema, OpenAPI 3.1."""
    return request.app.openapi_schema.to_schema()


@get("/docs/assets/{name:str}", opt=PUBLIC, include_in_schema=False, sync_to_thread=False)
def asset(name: FromPath[str]) -> Response[bytes]:
    """Swagger UI's own files, which are kept compressed."""
    if name not in _TYPES:
        raise NotFoundException
    headers = {"Content-Encoding": "gzip", "Cache-Control": "public, max-age=86400"}
    return Response((_ASSETS / f"{name}.gz").read_bytes(), headers=headers, media_type=_TYPES[name])


@get(
    "/docs/start.js",
    opt=PUBLIC,
    include_in_schema=False,
    media_type="text/javascript",
    sync_to_thread=False,
)
def start() -> str:
    """What makes Swagger UI show the schema: inline, the page's policy would not let it run."""
    return _START


class SwaggerPage(OpenAPIRenderPlugin):
    """Swagger UI, of which the page loads every script and style from here."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:  # noqa: ARG002 - the page asks for the schema
        """The page, the same for everyone."""
        return _PAGE


def openapi_config(servers: Sequence[Server] = ()) -> OpenAPIConfig:
    """What the schema says of the API as a whole, and the page that shows it.

    `servers`: where its paths begin, if not at /: then no page shows it.
    """
    return OpenAPIConfig(
        servers=list(servers or [Server(url="/")]),
        title="Mediaport",
        version=__version__,
        description=_DESCRIPTION,
        components=Components(
            security_schemes={
                "bearer": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")
            }
        ),
        openapi_router=Router(
            "/docs",
            route_handlers=[],
            opt={**PUBLIC, **content_policy(_PAGE_POLICY)},
            include_in_schema=False,
        ),
        render_plugins=[] if servers else [SwaggerPage(path="/")],
    )


handlers = [schema, asset, start]
