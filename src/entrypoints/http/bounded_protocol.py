"""HTTP with an end to everything that a client can draw out: uvicorn has none for most of it.

A connection costs memory and a file, however little its client does. So there are bounds to how
many there are, to the size of a head, to how slowly a request may come and an answer be read.
"""

import asyncio
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from mediaport.entrypoints.descriptors import max_connections
from mediaport.entrypoints.http.joined_writes import UNREAD_S, JoinedWrites

# As much as other servers take. It also bounds trailers and extensions of chunks.
MAX_HEAD_BYTES = 64 * 1024
# As Apache's mod_reqtimeout has them: a request comes within 20 s, and 1 s more for 500 bytes.
REQUEST_S = 20.0
MIN_BYTES_PER_S = 500
# For as long one that is refused can hear it, while not too many others do.
REFUSED_S = 1.0
TOLD = 16
# For as long what a client has sent already can still come when the server stops.
LINGER_S = 0.5

_BODY = (
    b'{"type":"urn:mediaport:problem:too_many_connections","title":"Too many connections",'
    b'"status":503,"detail":"Too many connections are open.","code":"too_many_connections"}'
)
TOO_MANY = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\n"
    b"Retry-After: 5\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(_BODY), _BODY)
)
TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class BoundedHttpProtocol(HttpToolsProtocol):
    """Ends a connection that is one too many, or that takes too much, or too long."""

    _unread_bytes = 0
    _is_refused = False
    _is_coming = False
    _is_last = False
    _began_at = 0.0
    _came_bytes = 0
    _watch: asyncio.TimerHandle | None = None
    _reader_watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take it, if there is room, and join what is written to it."""
        super().connection_made(cast("asyncio.Transport", JoinedWrites(transport, self.loop)))
        if len(self.connections) > max_connections():
            self._refuse(len(self.connections) - max_connections())
            return
        # One that never says anything is as idle as one that was answered.
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        for timer in (self._watch, self._reader_watch, self.timeout_keep_alive_task):
            if timer:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Hand bytes to the parser, and count those of which nothing has come."""
        if self._is_refused:
            return
        self._unread_bytes += len(data)
        self._came_bytes += len(data)
        self._is_coming = True
        super().data_received(data)
        if self._unread_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")
        self._watch_what_is_coming()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._unread_bytes = 0
        self._is_coming = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Its head is over."""
        self._unread_bytes = 0
        super().on_headers_complete()
        if self._is_last:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """A part of its body came."""
        self._unread_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """It is over."""
        self._unread_bytes = self._came_bytes = 0
        self._is_coming = False
        super().on_message_complete()

    def pause_writing(self) -> None:
        """The client reads more slowly than we write."""
        super().pause_writing()
        self._reader_watch = self.loop.call_later(UNREAD_S, self.transport.abort)

    def resume_writing(self) -> None:
        """It has read."""
        super().resume_writing()
        if self._reader_watch:
            self._reader_watch.cancel()

    def shutdown(self) -> None:
        """Answer one more request, if it is on its way: uvicorn closes on it."""
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            super().shutdown()
            return
        self._is_last = True
        self.loop.call_later(LINGER_S, super().shutdown)

    def timeout_keep_alive_handler(self) -> None:
        """Nothing has come for long."""
        self._end()

    def _watch_what_is_coming(self) -> None:
        """Most requests come at once, and need no timer."""
        if self._is_coming and not self._watch:
            self._began_at = self.loop.time()
            self._watch = self.loop.call_later(REQUEST_S, self._end_if_late)
        elif self._watch and not self._is_coming:
            self._watch.cancel()
            self._watch = None

    def _end_if_late(self) -> None:
        left_s = self._began_at + REQUEST_S + self._came_bytes / MIN_BYTES_PER_S - self.loop.time()
        cycle: RequestResponseCycle | None = self.cycle
        is_answered = cycle is not None and not cycle.response_complete and not cycle.more_body
        if self.flow.read_paused or is_answered:  # it is we who do not read, or are at work
            left_s, self._began_at = REQUEST_S, self.loop.time()
        if left_s > 0:
            self._watch = self.loop.call_later(left_s, self._end_if_late)
            return
        is_silent = cycle is None or cycle.response_complete or not cycle.response_started
        self._end(TOO_SLOW if is_silent else b"")

    def _end(self, last_words: bytes = b"") -> None:
        """Close it; at once, where that would wait until the client reads."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
            return
        self.transport.write(last_words)
        self.transport.close()

    def _refuse(self, too_many: int) -> None:
        """Say so, then wait a moment: to close on what is unread would take the answer back."""
        self._is_refused = True
        if too_many > max_connections() // TOLD:
            self.transport.abort()
            return
        self.transport.write(TOO_MANY)
        self.transport.write_eof()
        self._watch = self.loop.call_later(REFUSED_S, self.transport.abort)
