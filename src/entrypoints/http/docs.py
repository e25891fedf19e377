"""`/docs` and `/openapi.json`: the API's own description, without internet."""

from pathlib import Path
from typing import Any

from litestar import Request, Response, Router, get
from litestar.enums import OpenAPIMediaType
from litestar.exceptions import NotFoundException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import SwaggerRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.params import FromPath
from litestar.response import Redirect

from mediaport import __version__
from mediaport.entrypoints.http.access import PUBLIC
from mediaport.entrypoints.http.security_headers import SHOWS_DOCS

_ASSETS = Path(__file__).parent / "swagger_ui"
_TYPES = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}
_DESCRIPTION = """\
Image uploads, straight from the browser to the object store.

1. `POST /media/presign`: say what you upload, get a signed URL.
2. `PUT` the bytes to `upload.url` with exactly `upload.headers`.
3. `POST /media/{id}/complete`: it is verified and published; thumbnails follow within moments.
4. `POST /posts/` or `PUT /users/me/avatar` with its `media_id`.

Errors are `application/problem+json` (RFC 9457) with a stable `code`.
"""


@get("/", opt=PUBLIC, include_in_schema=False, sync_to_thread=False)
def home() -> Redirect:
    """Lead to what there is to look at."""
    return Redirect("/docs")


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


def openapi_config() -> OpenAPIConfig:
    """What the schema says of the API as a whole, and the page that shows it."""
    return OpenAPIConfig(
        title="Mediaport",
        version=__version__,
        description=_DESCRIPTION,
        components=Components(
            security_schemes={
                "bearer": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")
            }
        ),
        openapi_router=Router(
            "/docs", route_handlers=[], opt={**PUBLIC, **SHOWS_DOCS}, include_in_schema=False
        ),
        render_plugins=[
            SwaggerRenderPlugin(
                path="/",
                js_url="/docs/assets/swagger-ui-bundle.js",
                css_url="/docs/assets/swagger-ui.css",
                standalone_preset_js_url="/docs/assets/swagger-ui-bundle.js",
                favicon="<link rel='icon' href='data:,'>",
            )
        ],
    )


handlers = [home, schema, asset]
