"""The Litestar app: routes, error handlers and access."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from litestar import Litestar, asgi
from litestar.config.cors import CORSConfig
from litestar.datastructures import MutableScopeHeaders, State
from litestar.di import Provide
from litestar.exceptions import NotFoundException
from litestar.handlers import ASGIRouteHandler
from litestar.middleware import DefineMiddleware
from litestar.plugins.prometheus import PrometheusConfig
from litestar.routes import HTTPRoute
from litestar.types import Message, Receive, Scope, Send

from mediaport.entrypoints.container import Container
from mediaport.entrypoints.http import (
    auth,
    comments,
    docs,
    events,
    health,
    media,
    page,
    posts,
    users,
)
from mediaport.entrypoints.http.access import (
    PUBLIC,
    BearerAuthentication,
    HostCheck,
    current_user,
)
from mediaport.entrypoints.http.event_streams import EventStreams
from mediaport.entrypoints.http.headers import MOUNTED, SecurityHeaders
from mediaport.entrypoints.http.health import UNMETERED
from mediaport.entrypoints.http.json_request import JsonRequest
from mediaport.entrypoints.http.media_object import MediaObjects, MediaObjectSchema
from mediaport.entrypoints.http.problems import HANDLERS, AnswerRefusals
from mediaport.entrypoints.http.rates import UNCOUNTED, AddressRate, RequestRates, UserRate

Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]

# Far below any image: image bytes never pass through the API.
MAX_BODY_BYTES = 64 * 1024
STREAMS = "event_streams"  # where, in the app's state, the server finds what it must end
# The parts of the object graph that handlers ask for, by these names.
PROVIDED = (
    "policy",
    "authenticate",
    "posts",
    "users",
    "presign_upload",
    "complete_upload",
    "show_media",
    "describe_media",
    "delete_media",
    "create_post",
    "delete_post",
    "list_feed",
    "like_post",
    "comment_on_post",
    "list_comments",
    "register_user",
    "log_in_user",
    "set_avatar",
)


def create_app(
    container: Container, *, lifespan: Sequence[Lifespan] = (), page_folder: Path = page.FOLDER
) -> Litestar:
    """The app over an object graph; `lifespan` is what runs beside it, from start to stop."""
    settings = container.settings()
    media_objects = MediaObjects(container.policy().thumbnail_sizes)
    readiness = health.Readiness(
        database=container.media().check,
        object_store=container.store().check,
        thumbnail_queue=container.queue().check,
    )
    spa = page.Page(page_folder)
    streams = EventStreams(container.media_events())
    rates = RequestRates.of(settings, container.rate_limiter())
    headers = SecurityHeaders(is_https=settings.reached_at.startswith("https://"))
    return Litestar(
        route_handlers=[
            auth.router,
            media.router,
            events.router,
            posts.router,
            posts.user_posts_router,
            comments.router,
            users.router,
            health.router,
            health.Metrics,
            *_mounts(container),
            *docs.handlers,
            *page.handlers(spa, container.store()),
        ],
        dependencies={
            "user": Provide(current_user, sync_to_thread=False),
            "media_objects": Provide(lambda: media_objects, sync_to_thread=False),
            "readiness": Provide(lambda: readiness, sync_to_thread=False),
            "rates": Provide(lambda: rates, sync_to_thread=False),
            **{name: provided(getattr(container, name)) for name in PROVIDED},
        },
        middleware=[
            HostCheck(),
            PrometheusConfig(
                app_name="mediaport", prefix="mediaport", group_path=True, exclude_opt_key=UNMETERED
            ).middleware,
            AnswerRefusals(),
            AddressRate(rates, trusts_proxies=bool(settings.trusted_proxies)),
            DefineMiddleware(BearerAuthentication, authenticate=container.authenticate()),
            UserRate(rates),
            streams,
        ],
        exception_handlers={
            **HANDLERS,
            NotFoundException: page.on_not_found(spa, container.store()),
        },
        cors_config=CORSConfig(
            allow_origins=[*settings.cors_origins, *settings.own_origins],
            allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["*"],
            expose_headers=["ETag", "Retry-After", "Content-Range", "Accept-Ranges"],
        ),
        before_send=[list_methods, headers.add],
        request_class=JsonRequest,
        request_max_body_size=MAX_BODY_BYTES,
        openapi_config=docs.openapi_config(),
        plugins=[MediaObjectSchema(media_objects)],
        state=State({STREAMS: streams}),
        lifespan=[*lifespan],
        logging_config=None,
    )


def _mounts(container: Container) -> Iterator[ASGIRouteHandler]:
    """Apps of others: the embedded object store, and the pages about the queue."""
    settings = container.settings()
    if not settings.s3_bucket:
        yield _mount("/storage", container.disk_store_server().app)
    if settings.queue_web:
        pages = container.queue_pages()
        yield _mount(pages.path, pages)


def _mount(path: str, app: Any) -> ASGIRouteHandler:
    opt = {**PUBLIC, **UNCOUNTED, **MOUNTED, UNMETERED: True}

    @asgi(path, is_mount=True, opt=opt, copy_scope=True)
    async def mounted(scope: Scope, receive: Receive, send: Send) -> None:
        # Litestar mounts prefixes: without this, /storagex would be the store, too.
        if not scope["raw_path"].startswith(f"{path}/".encode()):
            raise NotFoundException
        await app(scope, receive, send)

    return mounted


async def list_methods(message: Message, scope: Scope) -> None:
    """Let OPTIONS name every method of a path; Litestar names those of one handler."""
    if message["type"] != "http.response.start" or scope.get("method") != "OPTIONS":
        return
    for route in scope["litestar_app"].routes:
        if isinstance(route, HTTPRoute) and route.path_format == scope.get("path_template"):
            headers = MutableScopeHeaders.from_message(message)
            headers["Allow"] = ", ".join(sorted(route.methods))


def provided(part: Callable[[], Any]) -> Provide:
    """A part of the object graph, for handlers to ask for."""

    def give() -> Any:
        return part()

    return Provide(give, sync_to_thread=False)
