"""Head and body of an answer in one write: uvicorn and uvloop make a system call of each.

On a busy server those are the largest part of a short answer.
"""

import asyncio
from typing import Any

# As long as nginx waits (send_timeout) until a client takes some of an answer.
UNREAD_S = 60.0


class JoinedWrites:
    """A transport that writes once in each turn of the event loop, or when it is closed."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Write it with what else is written in this turn."""
        if not self._held:
            self._loop.call_soon(self.flush)
        self._held.append(data)

    def flush(self) -> None:
        """Write what is held, now."""
        if self._held:
            data, self._held = b"".join(self._held), []
            if not self._transport.is_closing():  # the client is gone
                self._transport.write(data)

    def close(self) -> None:
        """Close it, after all that was written is read; but not for ever."""
        self.flush()
        self._transport.close()
        if self._transport.get_write_buffer_size():
            self._loop.call_later(UNREAD_S, self._transport.abort)

    def write_eof(self) -> None:
        """Say that nothing follows on what was written."""
        self.flush()
        self._transport.write_eof()

    def is_closing(self) -> bool:
        """Whether it is closed, or about to be: uvicorn asks after each answer."""
        return self._transport.is_closing()

    def get_write_buffer_size(self) -> int:
        """How much the client has not taken."""
        self.flush()
        return self._transport.get_write_buffer_size()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
