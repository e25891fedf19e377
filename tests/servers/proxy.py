"""A way to a server that can be cut, blocked, watched, and killed at."""

import contextlib
import re
import socket
import struct
import threading
from collections.abc import Callable
from enum import Enum, auto

CHUNK = 64 * 1024
STALL_S = 20


class Way(Enum):
    """What the proxy does with a connection."""

    OPEN = auto()
    RESET = auto()
    """Connections, old and new, end at once."""
    BLACK_HOLE = auto()
    """Connections are taken, and nothing is ever passed on, in neither direction."""
    STALL = auto()
    """Everything is passed on, but so late that nobody should have waited for it."""


class TcpProxy:
    """Passes bytes to a port of this machine, from a port of its own, until told otherwise."""

    def __init__(self, target_port: int, *, keeps_sent: bool = False) -> None:
        self._target = ("127.0.0.1", target_port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.way = Way.OPEN
        self.sent: list[bytearray] = []
        """By connection, all that clients have sent, if it is kept."""
        self._keeps_sent = keeps_sent
        self._turned = threading.Event()
        self._before: list[tuple[re.Pattern[bytes], Callable[[], object]]] = []
        self._after: list[tuple[re.Pattern[bytes], Callable[[], object]]] = []
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """Its address, for HTTP."""
        return f"http://127.0.0.1:{self.port}"

    def before(self, pattern: bytes, act: Callable[[], object]) -> None:
        """Call `act` once, when a request that matches was sent, before the server sees it."""
        self._before.append((re.compile(pattern, re.DOTALL), act))

    def after(self, pattern: bytes, act: Callable[[], object]) -> None:
        """Call `act` once, when the server has answered such a request, before the client knows."""
        self._after.append((re.compile(pattern, re.DOTALL), act))

    def turn(self, way: Way) -> None:
        """Treat connections so from now on; a black hole and a reset end what is under way."""
        self.way = way
        self._turned.set()  # what was stalled goes on
        self._turned = threading.Event()
        if way is Way.RESET:
            for pair in self._pairs:
                for end in pair:
                    _reset(end)
            self._pairs.clear()

    def close(self) -> None:
        """Take no more connections, and end those that are there."""
        self.turn(Way.RESET)
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            if self.way is Way.RESET:
                _reset(client)
                continue
            try:
                server = socket.create_connection(self._target)
            except OSError:
                _reset(client)
                continue
            self._pairs.append((client, server))
            answered: list[Callable[[], object]] = []
            asked = bytearray() if self._keeps_sent else None
            if asked is not None:
                self.sent.append(asked)
            for arguments in (
                (client, server, answered, None, asked),
                (server, client, None, answered, None),
            ):
                threading.Thread(target=self._pass, args=arguments, daemon=True).start()

    def _pass(
        self,
        source: socket.socket,
        target: socket.socket,
        asks: list[Callable[[], object]] | None,
        answers: list[Callable[[], object]] | None,
        kept: bytearray | None,
    ) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(CHUNK):
                if kept is not None:
                    kept += chunk
                if self.way is Way.BLACK_HOLE:
                    continue
                if asks is not None:
                    for act in _matching(self._before, chunk):
                        act()
                    asks.extend(_matching(self._after, chunk))
                while answers:
                    answers.pop()()
                if self.way is Way.STALL:
                    self._turned.wait(STALL_S)
                if self.way is not Way.RESET:
                    target.sendall(chunk)
        with contextlib.suppress(OSError):  # a client that was killed ends with a reset, as often
            target.shutdown(socket.SHUT_WR)


def _matching(
    watched: list[tuple[re.Pattern[bytes], Callable[[], object]]], chunk: bytes
) -> list[Callable[[], object]]:
    found = [entry for entry in watched if entry[0].search(chunk)]
    for entry in found:
        watched.remove(entry)
    return [act for _, act in found]


def _reset(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        end.shutdown(socket.SHUT_RDWR)
    end.close()
