"""`/metrics` and `/health/live` of a worker, on a port of its own.

A thread answers, so that a worker whose event loop hangs can still be seen to hang.
"""

import asyncio
import logging
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from mediaport.entrypoints.settings import SettingError

log = logging.getLogger(__name__)

PATIENCE_S = 2.0  # before a loop that does not turn counts as stuck
UNREAD_S = 5.0


@contextmanager
def answering(host: str, port: int) -> Iterator[int]:
    """Answer while the block lasts; the port, which the system chooses where 0 is asked for.

    Raises:
        SettingError: The port cannot be listened on.
    """
    loop = asyncio.get_running_loop()

    class Answers(_Answers):
        def is_alive(self) -> bool:
            turned = asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop)
            try:
                turned.result(PATIENCE_S)
            except (TimeoutError, asyncio.CancelledError):
                turned.cancel()
                return False
            return True

    try:
        server = _Server((host, port), Answers)
    except OSError as error:
        problem = f"cannot listen on {host}:{port}: {error.strerror}"
        raise SettingError("WORKER_METRICS_PORT", problem, str(port % 65535 + 1)) from error
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, at: tuple[str, int], answers: type[BaseHTTPRequestHandler]) -> None:
        self.address_family = socket.AF_INET6 if ":" in at[0] else socket.AF_INET
        super().__init__(at, answers)

    def handle_error(self, *_: object) -> None:
        """Write nothing of who hangs up: that is what some probes do."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            log.error("The worker's port could not answer", exc_info=error)


class _Answers(BaseHTTPRequestHandler):
    timeout = UNREAD_S

    def is_alive(self) -> bool:
        """Whether the worker's event loop turns."""
        raise NotImplementedError

    def do_GET(self) -> None:
        """Answer to the two paths that there are."""
        path = self.path.partition("?")[0]
        if path == "/metrics":
            self._answer(HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest())
        elif path != "/health/live":
            self._answer(HTTPStatus.NOT_FOUND, "application/json", b'{"status":"not_found"}')
        elif self.is_alive():
            self._answer(HTTPStatus.OK, "application/json", b'{"status":"ok"}')
        else:
            stuck = HTTPStatus.SERVICE_UNAVAILABLE
            self._answer(stuck, "application/json", b'{"status":"stuck"}')

    def log_message(self, *_: object) -> None:
        """Write nothing: who scrapes does so every few seconds."""

    def _answer(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
