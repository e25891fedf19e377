"""`mediaport serve`: the API with its embedded worker."""

import errno
import logging
import signal
import socket
import sys

import click

from mediaport.entrypoints.cli.migrate import require_migrated, run_migrations
from mediaport.entrypoints.settings import SettingError, Settings, load, set_in_vain

log = logging.getLogger(__name__)

GRACE_S = 10


@click.command()
@click.option("--migrate", "migrate_first", is_flag=True, help="Migrate the database first.")
def serve(*, migrate_first: bool) -> None:
    """Serve the API, the object store and the thumbnail worker in one process."""
    # Imported here: the other commands do without these, and start faster.
    import uvicorn  # noqa: PLC0415

    from mediaport.entrypoints.container import Container  # noqa: PLC0415
    from mediaport.entrypoints.embedded import embedded_worker  # noqa: PLC0415
    from mediaport.entrypoints.http.app import create_app  # noqa: PLC0415

    settings, _ = load()
    logging.basicConfig(
        level=settings.log_level, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s"
    )
    _quieten_libraries()
    listening = _listen(settings)
    if migrate_first:
        run_migrations(settings)
    else:
        require_migrated(settings)
    for name in set_in_vain():
        log.warning("%s is set, but this version runs on its embedded parts alone", name)
    container = Container(settings=settings)
    app = create_app(container, lifespan=[lambda _: embedded_worker(container)])
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    # uvicorn stops on SIGTERM, then raises it again: that shall not look like a failure.
    signal.signal(signal.SIGTERM, lambda *_: None)
    click.echo(_welcome(settings))
    try:
        uvicorn.Server(config).run(sockets=[listening])
    except KeyboardInterrupt:
        click.echo("Stopped.")


def _listen(settings: Settings) -> socket.socket:
    """The listening socket, or one clear line about why there is none."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        listening.close()
        problem = f"cannot listen on {settings.host}:{settings.port}: {error.strerror}"
        if error.errno in {errno.EADDRINUSE, errno.EACCES}:
            raise SettingError("PORT", problem, str(settings.port % 65535 + 1)) from error
        raise SettingError("HOST", problem, "127.0.0.1") from error
    listening.set_inheritable(True)
    return listening


def _welcome(settings: Settings) -> str:
    here = settings.reached_at
    demo = "mediaport" if sys.argv[0] == "mediaport" else sys.argv[0]
    return f"""
  Mediaport is running, with its data in {settings.data_path}

    Read and try the API   {here}/docs
    Its schema             {here}/openapi.json
    See the main job       {demo} demo [PHOTO...]   (in another terminal)
    Check its health       curl {here}/health/ready
    See every setting      {demo} settings

  Stop it with Ctrl-C.
"""


def _quieten_libraries() -> None:
    """Libraries that write URLs, and so signatures, at their lower levels."""
    for name in ("aiosqlite", "httpx", "httpcore", "multipart", "PIL"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
