"""The HTTP server, which can stop while event streams are open."""

from socket import socket

import uvicorn

from mediaport.entrypoints.http.event_streams import EventStreams


class Server(uvicorn.Server):
    """Ends the event streams first: uvicorn waits for all that is being answered."""

    def __init__(self, config: uvicorn.Config, streams: EventStreams) -> None:
        super().__init__(config)
        self._streams = streams

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Stop, gracefully."""
        self._streams.stop()
        await super().shutdown(sockets)
