"""The Litestar app: routes, error handlers and access."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from litestar import Litestar, asgi
from litestar.config.cors import CORSConfig
from litestar.datastructures import MutableScopeHeaders, State
from litestar.di import Provide
from litestar.exceptions import NotFoundException
from litestar.handlers import ASGIRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.routes import HTTPRoute
from litestar.types import (
    ASGIApp,
    ControllerRouterHandler,
    Message,
    Receive,
    Scope,
    Send,
)

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
    Authentication,
    BearerAuthentication,
    HostCheck,
    current_user,
)
from mediaport.entrypoints.http.back_pressure import BackPressure
from mediaport.entrypoints.http.backlog import BacklogGauges
from mediaport.entrypoints.http.direct_calls import DirectCalls
from mediaport.entrypoints.http.event_streams import EventStreams
from mediaport.entrypoints.http.headers import MOUNTED, SecurityHeaders
from mediaport.entrypoints.http.health import UNMETERED
from mediaport.entrypoints.http.json_request import MAX_BODY_BYTES, JsonRequest
from mediaport.entrypoints.http.layer import header_of
from mediaport.entrypoints.http.media_object import MediaObject, MediaObjects
from mediaport.entrypoints.http.metrics import Metered
from mediaport.entrypoints.http.post_object import PostPages
from mediaport.entrypoints.http.problems import HANDLERS, AnswerRefusals
from mediaport.entrypoints.http.rates import UNCOUNTED, AddressRate, RequestRates, UserRate
from mediaport.entrypoints.http.request_ids import with_request_id
from mediaport.entrypoints.http.request_log import logged, traced
from mediaport.entrypoints.http.schema_types import SchemaTypes
from mediaport.entrypoints.http.signed_media_objects import SignedMediaObjects

Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]

STREAMS = "event_streams"  # where, in the app's state, the server finds what it must end
# The headers of answers that pages of other origins may read.
READ_BY_PAGES = ("ETag", "Retry-After", "X-Request-ID", "Content-Range", "Accept-Ranges")
# The parts of the object graph that handlers ask for, by these names.
PROVIDED = (
    "policy",
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
    """The product over an object graph; `lifespan` is what runs beside it, from start to stop."""
    spa = page.Page(page_folder)
    handlers = [
        auth.router,
        *media_routes(container),
        posts.router,
        posts.user_posts_router,
        comments.router,
        users.router,
        health.metrics,
        *_queue_pages(container),
        *docs.handlers,
        *page.handlers(spa, container.store()),
    ]
    return assemble(
        container,
        handlers,
        authentication=BearerAuthentication(container.authenticate()),
        exception_handlers={NotFoundException: page.on_not_found(spa, container.store())},
        openapi_config=docs.openapi_config(),
        lifespan=lifespan,
    )


def media_routes(container: Container) -> Iterator[ControllerRouterHandler]:
    """What there is for uploads, in the product and wherever it is built in."""
    yield from (media.router, events.router, health.router)
    if not container.settings().s3_bucket:
        yield mount("/storage", container.disk_store_server().app)


def assemble(
    container: Container,
    handlers: Sequence[ControllerRouterHandler],
    *,
    authentication: Authentication,
    openapi_config: OpenAPIConfig,
    exception_handlers: Mapping[int | type[Exception], Any] = MappingProxyType({}),
    lifespan: Sequence[Lifespan] = (),
) -> Litestar:
    """An app of some routes, with all that stands in front of them."""
    settings = container.settings()
    media_objects = media_objects_of(container)
    post_pages = PostPages(media_objects)
    shown: dict[type, type] = {
        MediaObject: media_objects.type,
        media.PresignRequest: media.presign_request(container.policy().max_bytes),
    }
    readiness = health.Readiness(
        database=container.media().check,
        object_store=container.store().check,
        thumbnail_queue=container.queue().check,
    )
    backlog = BacklogGauges(
        inventory=container.inventory(), queue=container.queue(), clock=container.clock()
    )
    streams = EventStreams(container.media_events())
    calls = DirectCalls()
    rates = RequestRates.of(settings, container.rate_limiter())
    headers = SecurityHeaders(is_https=settings.reached_at.startswith("https://"))
    app = Litestar(
        route_handlers=handlers,
        dependencies={
            "user": Provide(current_user, sync_to_thread=False),
            "login": Provide(authentication.login_of, sync_to_thread=False),
            "media_objects": Provide(lambda: media_objects, sync_to_thread=False),
            "post_pages": Provide(lambda: post_pages, sync_to_thread=False),
            "readiness": Provide(lambda: readiness, sync_to_thread=False),
            "backlog": Provide(lambda: backlog, sync_to_thread=False),
            "rates": Provide(lambda: rates, sync_to_thread=False),
            **{name: provided(getattr(container, name)) for name in PROVIDED},
        },
        middleware=[
            HostCheck(),
            Metered(),
            AnswerRefusals(),
            BackPressure(connections=settings.database_pool_size),
            AddressRate(rates, trusts_proxies=bool(settings.trusted_proxies)),
            authentication,
            UserRate(rates),
            streams,
            calls,
        ],
        exception_handlers={**HANDLERS, **exception_handlers},
        cors_config=CORSConfig(
            allow_origins=[*settings.cors_origins, *settings.own_origins],
            allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["*"],
            expose_headers=[*READ_BY_PAGES],
        ),
        before_send=[list_methods, headers.add],
        request_class=JsonRequest,
        request_max_body_size=MAX_BODY_BYTES,
        openapi_config=openapi_config,
        plugins=[SchemaTypes(shown)],
        state=State({STREAMS: streams}),
        lifespan=[*lifespan],
        logging_config=None,
    )
    calls.learn(app.routes)
    asked = _cors_where_asked(app.asgi_handler)
    if settings.log_requests:
        asked = logged(asked)
    if settings.otel_exporter_otlp_endpoint:
        asked = traced(asked)
    app.asgi_handler = with_request_id(asked)
    return app


def media_objects_of(container: Container) -> MediaObjects:
    """What makes media objects, with the URLs that are kept or with signed ones."""
    sizes = container.policy().thumbnail_sizes
    if container.settings().is_signed:
        return SignedMediaObjects(sizes, container.signed_urls())
    return MediaObjects(sizes)


def _cors_where_asked(cors: Any) -> ASGIApp:
    """Lead past CORS what names no origin: it would parse all headers to find that out."""

    async def lead(scope: Scope, receive: Receive, send: Send) -> None:
        app = cors if header_of(scope, b"origin") else cors.app
        await app(scope, receive, send)

    return lead


def _queue_pages(container: Container) -> Iterator[ASGIRouteHandler]:
    if container.settings().queue_web:
        pages = container.queue_pages()
        yield mount(pages.path, pages)


def mount(path: str, app: Any) -> ASGIRouteHandler:
    """An app of others, at a path and below."""
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
