"""`/media/events`: a browser that shows a picture learns that its thumbnails are ready."""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Router, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.response import ServerSentEvent, ServerSentEventMessage

from mediaport.application.media.show_media import ShowMedia
from mediaport.application.ports.media_events import Changes
from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.domain.errors import MediaNotFound
from mediaport.domain.media import MediaId
from mediaport.domain.users import User
from mediaport.entrypoints.http.access import SECURITY, Login
from mediaport.entrypoints.http.event_streams import EVENT_STREAM, changes_of
from mediaport.entrypoints.http.health import UNMETERED
from mediaport.entrypoints.http.media_object import MediaObjects
from mediaport.entrypoints.http.problems import documented

log = logging.getLogger(__name__)

MEDIA_TYPE = "text/event-stream"
# Proxies give up on what is silent for a minute, and some for half of one.
HEARTBEAT_S = 15.0
# So that clients spread anew over the processes, and nothing that went wrong stays for ever.
LASTS_S = 600.0
RETRY_MS = 1000, 3000

HEARTBEAT = ServerSentEventMessage(data=None, comment="still open")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventStream:
    """What one client hears. While it waits, it holds no connection to anything."""

    changes: Changes
    user: User
    login: Login
    show_media: ShowMedia
    media_objects: MediaObjects

    async def messages(self) -> AsyncGenerator[ServerSentEventMessage, None]:
        """Media as they change, and heartbeats, until the time or the login is over."""
        now = asyncio.get_running_loop().time
        ends_at = now() + LASTS_S
        # Many that end at once shall not come back at once.
        retry_ms = random.randint(*RETRY_MS)  # noqa: S311 - nobody gains by guessing it
        yield ServerSentEventMessage(data=None, comment="open", retry=retry_ms)
        while now() < ends_at:
            try:
                async with asyncio.timeout(min(HEARTBEAT_S, ends_at - now())):
                    media_id = await anext(self.changes)
                message = await self._message(media_id)
            except StopAsyncIteration:
                return
            except TimeoutError:
                message = HEARTBEAT
            except MediaNotFound:
                continue  # it was deleted
            except PartUnavailable as error:
                log.warning("An event stream ends. %s", error)
                return
            if not self.login.holds():
                return
            yield message

    async def _message(self, media_id: MediaId) -> ServerSentEventMessage:
        media = await self.show_media(media_id, by=self.user.id)
        data = msgspec.json.encode(self.media_objects.of(media))
        return ServerSentEventMessage(event="media", data=data)


@get(
    "/events",
    opt={**EVENT_STREAM, UNMETERED: True},  # it would count as the slowest of all requests
    security=SECURITY,
    media_type=MEDIA_TYPE,
    summary="Hear when media of yours are ready",
    responses={
        HTTPStatus.OK: ResponseSpec(
            str, generate_examples=False, description="Events, as they come", media_type=MEDIA_TYPE
        ),
        **documented(HTTPStatus.UNAUTHORIZED),
    },
)
async def stream_events(
    request: Request[User, str, Any],
    user: NamedDependency[User],
    login: NamedDependency[Login],
    show_media: NamedDependency[ShowMedia],
    media_objects: NamedDependency[MediaObjects],
) -> ServerSentEvent:
    """Send an event `media`, with the media object as its data, when one of yours is ready.

    It comes again once its thumbnails are made or have failed. Events may get lost,
    so look at the media you wait for when a stream has opened, and now and then. A stream ends
    after ten minutes, with the token, or where events were missed: open another one some seconds
    later. Comments show that it is open. 429 `too_many_streams` beyond 10 of one user.
    """
    stream = EventStream(
        changes=changes_of(request),
        user=user,
        login=login,
        show_media=show_media,
        media_objects=media_objects,
    )
    return ServerSentEvent(stream.messages(), headers={"Cache-Control": "no-store"})


router = Router("/media", route_handlers=[stream_events], tags=["media"])
