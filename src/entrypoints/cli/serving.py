"""The API in this process, or in several that share one listening socket."""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from socket import socket
from tempfile import TemporaryDirectory
from typing import Never

import click

from mediaport.entrypoints.cli.lean import lean_imports, settle
from mediaport.entrypoints.cli.leave import end, ending_in_one_line, leave
from mediaport.entrypoints.settings import Settings

GRACE_S = 10
# Longer than proxies keep a connection for their next request (nginx and ALB: 60 s). Were it
# shorter, they would now and then send one on a connection that is just being closed.
IDLE_S = 75

# What runs beside an app, from its start to its stop.
Lifespan = Callable[[object], AbstractAsyncContextManager[None]]


def serve_alone(settings: Settings, listening: socket, *, greet: Callable[[], None]) -> Never:
    """Serve until told to stop."""
    if _serve(settings, listening, greet=greet):
        leave()
    sys.exit(1)


def serve_together(
    settings: Settings,
    listening: Sequence[socket],
    *,
    counts: TemporaryDirectory[str],
    greet: Callable[[], None],
) -> Never:
    """Serve by as many processes as API_WORKERS says, until told to stop.

    They count together in the folder `counts`.
    """
    with counts:
        # Processes inherit what is imported by now, and have it in memory together.
        with lean_imports():
            import mediaport.entrypoints.http.app  # noqa: F401, PLC0415
        from mediaport.entrypoints.cli.processes import Processes, Ties  # noqa: PLC0415
        from mediaport.entrypoints.http.deaf import hear  # noqa: PLC0415

        def work(ties: Ties) -> int:
            with ending_in_one_line():
                own = listening[ties.number].dup()
                hear(own)
                close_all()  # a socket takes connections for as long as anyone has it
                return 0 if _serve(settings, own, beside=[lambda _: ties.held()]) else 1

        def close_all() -> None:
            for each in listening:
                each.close()

        processes = Processes(settings.api_workers, work, grace_s=GRACE_S + 5)
        status = processes.run(on_ready=greet, on_stop=close_all)
    if not status:
        click.echo("Stopped.")
    end(status)


def _serve(
    settings: Settings,
    listening: socket,
    *,
    beside: Sequence[Lifespan] = (),
    greet: Callable[[], None] = lambda: None,
) -> bool:
    """Serve until told to stop; whether it came to that."""
    import uvicorn  # noqa: PLC0415 - slow to import

    with lean_imports():
        from mediaport.entrypoints.http.app import STREAMS, create_app  # noqa: PLC0415
    from mediaport.entrypoints.background import beside_the_api  # noqa: PLC0415
    from mediaport.entrypoints.container import Container  # noqa: PLC0415
    from mediaport.entrypoints.fail_points import arm  # noqa: PLC0415
    from mediaport.entrypoints.http.bounded_protocol import BoundedHttpProtocol  # noqa: PLC0415
    from mediaport.entrypoints.http.server import Server  # noqa: PLC0415
    from mediaport.entrypoints.parts import start_tracing  # noqa: PLC0415

    container = Container(settings=settings)
    arm(container)
    start_tracing(settings)
    container.store()  # made now, so that a setting that does not fit stops the start
    container.queue()
    container.rate_limiter()
    container.media_events()
    app = create_app(container, lifespan=[lambda _: beside_the_api(container), *beside])
    config = uvicorn.Config(
        app,
        http=BoundedHttpProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_peers,
        timeout_keep_alive=IDLE_S,
        timeout_graceful_shutdown=GRACE_S,
    )
    server = Server(config, app.state[STREAMS])
    # uvicorn stops on SIGTERM, then raises it again: that shall not look like a failure.
    signal.signal(signal.SIGTERM, lambda *_: None if server.started else os._exit(0))
    greet()
    settle()
    with suppress(KeyboardInterrupt):
        server.run(sockets=[listening])
    return server.started
