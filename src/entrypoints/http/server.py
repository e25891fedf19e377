"""The HTTP server, which stops so that nobody who had reached it hears nothing."""

import asyncio
from socket import socket

import uvicorn

from mediaport.entrypoints.http.deaf import deafen
from mediaport.entrypoints.http.event_streams import EventStreams

# Within that, the loop takes all connections that are there already.
TAKEN_S = 0.05


class Server(uvicorn.Server):
    """Takes who has knocked, ends the event streams, and answers what is on its way."""

    def __init__(self, config: uvicorn.Config, streams: EventStreams) -> None:
        super().__init__(config)
        self._streams = streams

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Stop, gracefully: uvicorn waits for all that is being answered."""
        for each in sockets or ():
            deafen(each)
        await asyncio.sleep(TAKEN_S)
        self._streams.stop()
        await super().shutdown(sockets)
