"""Back-pressure: a bounded number of requests is under way, a bounded number waits, the rest hears.

Without it, whatever is slow behind the API makes the API hold ever more requests, each of which is
answered too late to be of use.
"""

import asyncio
from collections import deque
from http import HTTPStatus
from typing import Any

from litestar import Request
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import Gauge

from mediaport.entrypoints.http.json_request import HELD, MAX_BODY_BYTES
from mediaport.entrypoints.http.layer import Layer
from mediaport.entrypoints.http.problems import RETRY_AFTER_S, problem
from mediaport.entrypoints.http.rates import UNCOUNTED

# A request waits for the database for a part of its time only: some for each connection.
PER_CONNECTION = 8
# A healthy process answers as many in the time that they may wait.
WAITING_PER_CONNECTION = 100
PATIENCE_S = 1.0

BODIES = frozenset({"POST", "PUT", "PATCH"})

_WAITING = Gauge(
    "mediaport_requests_waiting", "Requests that wait for their turn", multiprocess_mode="livesum"
)


class TooBusy(Exception):
    """Raised when there is no turn for a request."""


class BackPressure(Layer):
    """Gives requests turns, in their order.

    A turn is for work alone: it begins when the body is there and ends when the answer begins, so
    that a client who sends or reads slowly takes it from nobody, nor does an open event stream.
    """

    def __init__(self, *, connections: int, patience_s: float = PATIENCE_S) -> None:
        self._turns = asyncio.Semaphore(PER_CONNECTION * connections)
        self._max_waiting = WAITING_PER_CONNECTION * connections
        self._waiting = 0
        self._patience_s = patience_s

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Wait for a turn, a little, then pass on or say that there is none."""
        if UNCOUNTED.items() <= scope["route_handler"].opt.items():  # health, metrics, mounts
            await next_app(scope, receive, send)
            return
        try:
            self._require_room()  # before the body, and again after it
            if scope.get("method") in BODIES:
                receive = await _with_body(scope, receive)
            await self._take_turn()
        except TooBusy:
            await _refuse(scope, receive, send)
            return
        has_turn = True

        def end_turn() -> None:
            nonlocal has_turn
            if has_turn:
                has_turn = False
                self._turns.release()

        async def send_on(message: Message) -> None:
            end_turn()
            await send(message)

        try:
            await next_app(scope, receive, send_on)
        finally:
            end_turn()

    def _require_room(self) -> None:
        if self._waiting >= self._max_waiting:
            raise TooBusy

    async def _take_turn(self) -> None:
        if not self._turns.locked():
            await self._turns.acquire()
            return
        self._require_room()
        self._waiting += 1
        try:
            with _WAITING.track_inprogress():
                async with asyncio.timeout(self._patience_s):
                    await self._turns.acquire()
        except TimeoutError as error:
            raise TooBusy from error
        finally:
            self._waiting -= 1


async def _with_body(scope: Scope, receive: Receive) -> Receive:
    """What hands on a body that has come, or as much of it as is more than any may be."""
    messages: deque[Any] = deque([await receive()])
    size = len(messages[-1].get("body", b""))
    while messages[-1].get("more_body") and size <= MAX_BODY_BYTES:
        messages.append(await receive())
        size += len(messages[-1].get("body", b""))
    if messages[-1]["type"] == "http.request" and size <= MAX_BODY_BYTES:
        scope["state"][HELD] = b"".join(message["body"] for message in messages)

    async def hand_on() -> Any:
        return messages.popleft() if messages else await receive()

    return hand_on


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    answer = problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "too_busy",
        f"Too much is asked at once. Nothing was done; try again in {RETRY_AFTER_S} s.",
        headers={"Retry-After": str(RETRY_AFTER_S)},
    )
    request = Request[Any, Any, Any](scope)
    await answer.to_asgi_response(request=request, app=None)(scope, receive, send)
