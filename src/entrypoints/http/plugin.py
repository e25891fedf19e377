"""Mediaport as a part of a Litestar app that has users, pages and a login of its own.

    uploads = Mediaport(settings, authenticate=user_of, path="/uploads")
    app = Litestar(route_handlers=[...], plugins=[uploads])

Its routes are an app of their own, in front of which stands what stands in front of the product's:
nothing of it touches the host's routes. What the host does with media it does by the methods here.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec
from litestar import Litestar
from litestar.config.app import AppConfig
from litestar.openapi.spec import Server
from litestar.plugins import InitPlugin
from litestar.types import ExceptionHandlersMap

from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.domain.attachments import Place
from mediaport.domain.errors import DomainError
from mediaport.domain.media import MediaId
from mediaport.domain.policy import Kind
from mediaport.domain.users import UserId
from mediaport.entrypoints.background import beside_the_api
from mediaport.entrypoints.cli.migrate import require_migrated
from mediaport.entrypoints.container import Container
from mediaport.entrypoints.http import docs
from mediaport.entrypoints.http.app import assemble, media_objects_of, media_routes
from mediaport.entrypoints.http.host import AuthenticateUser, HostAuthentication, mounted
from mediaport.entrypoints.http.media_object import MediaObject
from mediaport.entrypoints.http.problems import on_domain_error, on_part_unavailable
from mediaport.entrypoints.settings import Settings

PROBLEMS: ExceptionHandlersMap = {
    DomainError: on_domain_error,
    PartUnavailable: on_part_unavailable,
}
"""`exception_handlers` for those handlers of the host that call the methods of `Mediaport`."""


class Mediaport(InitPlugin):
    """Adds the media routes at a path, and what makes thumbnails and sweeps beside the app."""

    def __init__(
        self, settings: Settings, *, authenticate: AuthenticateUser, path: str = "/uploads"
    ) -> None:
        """Mediaport as the settings have it; `BASE_URL` is where browsers reach the host.

        Raises:
            SettingError: A setting does not fit.
            ValueError: The path is none, such as `/uploads`.
        """
        if not re.fullmatch(r"(/[A-Za-z0-9._~-]+)+", path):
            raise ValueError(f"path {path!r} does not fit. Wanted: one such as /uploads")
        here = msgspec.structs.replace(settings, base_url=f"{settings.reached_at}{path}")
        self._path, self._authenticate = path, authenticate
        self._container = Container(settings=here)
        self._media_objects = media_objects_of(self._container)
        for part in (self._container.store, self._container.queue, self._container.rate_limiter):
            part()  # made now, so that a setting that does not fit stops the start

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        """Add the routes, and what runs beside them."""
        container = self._container
        ours = assemble(
            container,
            [*media_routes(container), docs.schema],
            authentication=HostAuthentication(self._authenticate, container.recent_owners()),
            openapi_config=docs.openapi_config(servers=[Server(url=self._path)]),
        )
        app_config.route_handlers.append(mounted(self._path, ours))
        app_config.lifespan = [*app_config.lifespan, self._beside]
        return app_config

    @asynccontextmanager
    async def _beside(self, _: Litestar) -> AsyncIterator[None]:
        await asyncio.to_thread(require_migrated, self._container.settings())
        async with beside_the_api(self._container):
            yield

    async def attach(
        self, media_id: int | None, *, at: str, kind: str, by: int
    ) -> MediaObject | None:
        """Show ready media of `by` at a place of the host's, or nothing; purge what it showed.

        Whether `by` may change the place is the host's to know.

        Raises:
            MediaNotFound: There is no such media of theirs.
            WrongKind: It is of another kind.
            MediaNotReady: It was not completed.
            MediaAlreadyAttached: Another place shows it.
            PartUnavailable: The database does not answer.
        """
        media = await self._container.attach_media()(
            None if media_id is None else MediaId(media_id),
            at=Place(at),
            kind=Kind(kind),
            by=UserId(by),
        )
        return self._media_objects.of(media) if media else None

    async def attached(self, places: Sequence[str]) -> dict[str, MediaObject]:
        """What some places show: those that show nothing are left out.

        Raises:
            PartUnavailable: The database does not answer.
        """
        shown = await self._container.attachments().at([Place(place) for place in places])
        return {place: self._media_objects.of(media) for place, media in shown.items()}
