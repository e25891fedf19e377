"""The event streams that are open in this process: how many, whose, and until when."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from litestar import Request
from litestar.types import ASGIApp, Receive, Scope, Send
from prometheus_client import Gauge

from mediaport.application.ports.media_events import Changes, MediaEvents
from mediaport.domain.errors import TooManyStreams
from mediaport.domain.users import User, UserId
from mediaport.entrypoints.descriptors import max_connections
from mediaport.entrypoints.http.layer import Layer

# A browser holds one for each tab, a phone one.
MAX_PER_USER = 10
RETRY_AFTER_S = 30

_CHANGES = "changes"
_IS_STREAM = "is_event_stream"
EVENT_STREAM = {_IS_STREAM: True}
"""The `opt` of a route that answers by streaming the changes of its user's media."""

_OPEN = Gauge("mediaport_event_streams", "Event streams that are open", multiprocess_mode="livesum")


def is_stream(opt: Mapping[str, Any]) -> bool:
    """Whether a route with this `opt` answers so."""
    return _IS_STREAM in opt


def changes_of(request: Request[User, str, Any]) -> Changes:
    """What a stream is to tell."""
    changes: Changes = request.state[_CHANGES]
    return changes


class EventStreams(Layer):
    """Subscribes whoever asks for a stream, for exactly as long as it is answered.

    A generator would not do: one that was never begun, or waits for a slow client, does not end
    when the client hangs up, but whenever it is collected.
    """

    def __init__(self, events: MediaEvents) -> None:
        self._events = events
        self._max_open = max_connections() // 2  # requests have the other half
        self._open: Counter[UserId] = Counter()
        self._is_stopping = False

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Subscribe, then pass on.

        Raises:
            TooManyStreams: The user has as many as they may, or the process as it can.
        """
        if not is_stream(scope["route_handler"].opt):
            await next_app(scope, receive, send)
            return
        user_id = scope["user"].id
        with self._admitted(user_id), self._events.subscribe(user_id) as changes:
            if self._is_stopping:
                self._events.end_subscriptions()
            scope["state"][_CHANGES] = changes
            await next_app(scope, receive, send)

    def stop(self) -> None:
        """End all streams, and those to come: the server waits for them."""
        self._is_stopping = True
        self._events.end_subscriptions()

    @contextmanager
    def _admitted(self, user_id: UserId) -> Iterator[None]:
        for is_open, limit in (
            (self._open[user_id], MAX_PER_USER),
            (self._open.total(), self._max_open),
        ):
            if is_open >= limit:
                raise TooManyStreams(max_streams=limit, retry_after_s=RETRY_AFTER_S)
        self._open[user_id] += 1
        try:
            with _OPEN.track_inprogress():
                yield
        finally:
            self._open[user_id] -= 1
            if not self._open[user_id]:
                del self._open[user_id]
