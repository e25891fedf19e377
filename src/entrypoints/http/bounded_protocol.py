"""HTTP whose heads have an end: uvicorn keeps what comes of one, however much that is."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# As much as other servers take. It also bounds trailers and extensions of chunks.
MAX_HEAD_BYTES = 64 * 1024


class BoundedHttpProtocol(HttpToolsProtocol):
    """Refuses a connection that sends more than a head may have between two parts of a body."""

    _unread_bytes = 0

    def data_received(self, data: bytes) -> None:
        """Hand bytes to the parser, and count those of which nothing has come."""
        self._unread_bytes += len(data)
        super().data_received(data)
        if self._unread_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")

    def on_message_begin(self) -> None:
        """A request begins."""
        self._unread_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Its head is over."""
        self._unread_bytes = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of its body came."""
        self._unread_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """It is over."""
        self._unread_bytes = 0
        super().on_message_complete()
