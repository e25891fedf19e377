"""`mediaport serve`: the API, with the embedded worker unless there is Redis."""

import errno
import shutil
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

import click

from mediaport.entrypoints.cli.leave import leave
from mediaport.entrypoints.cli.logs import start_logging
from mediaport.entrypoints.cli.migrate import require_migrated, run_migrations
from mediaport.entrypoints.settings import SettingError, Settings, load, without_password

GRACE_S = 10


@click.command()
@click.option("--migrate", "migrate_first", is_flag=True, help="Migrate the database first.")
@click.option("--check", is_flag=True, help="Only ask the server that runs here whether it is up.")
def serve(*, migrate_first: bool, check: bool) -> None:
    """Serve the API; without REDIS_URL, make thumbnails in the same process."""
    settings, _ = load()
    if check:
        _check(settings)
        return
    # Imported here: the other commands do without these, and start faster.
    import uvicorn  # noqa: PLC0415

    from mediaport.entrypoints.background import beside_the_api  # noqa: PLC0415
    from mediaport.entrypoints.container import Container  # noqa: PLC0415
    from mediaport.entrypoints.fail_points import arm  # noqa: PLC0415
    from mediaport.entrypoints.http.app import STREAMS, create_app  # noqa: PLC0415
    from mediaport.entrypoints.http.bounded_protocol import BoundedHttpProtocol  # noqa: PLC0415
    from mediaport.entrypoints.http.server import Server  # noqa: PLC0415

    start_logging(settings)
    listening = _listen(settings)
    if migrate_first:
        run_migrations(settings)
    else:
        require_migrated(settings)
    container = Container(settings=settings)
    arm(container)
    container.store()  # made now, so that a setting that does not fit stops the start
    container.queue()
    container.rate_limiter()
    container.media_events()
    app = create_app(container, lifespan=[lambda _: beside_the_api(container)])
    config = uvicorn.Config(
        app,
        http=BoundedHttpProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_peers,
        timeout_graceful_shutdown=GRACE_S,
    )
    # uvicorn stops on SIGTERM, then raises it again: that shall not look like a failure.
    signal.signal(signal.SIGTERM, lambda *_: None)
    click.echo(_welcome(settings))
    server = Server(config, app.state[STREAMS])
    with suppress(KeyboardInterrupt):
        server.run(sockets=[listening])
    if server.started:
        leave()
    sys.exit(1)


def _check(settings: Settings) -> None:
    import httpx  # noqa: PLC0415

    url = f"{settings.address}/health/live"
    try:
        httpx.get(url, timeout=3, trust_env=False).raise_for_status()  # no proxy leads here
    except httpx.HTTPError as error:
        raise click.ClickException(f"{url} does not answer: {error}") from error
    click.echo(f"{url} answers")


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
    return listening


def _welcome(settings: Settings) -> str:
    from mediaport.entrypoints.http.page import is_built  # noqa: PLC0415

    here = settings.reached_at
    command = Path(sys.argv[0]).name
    if shutil.which(command) != sys.argv[0]:
        command = sys.argv[0]
    bucket, redis = settings.s3_bucket, settings.redis_url
    return f"""
  Mediaport is running

    Database     {settings.database_place}
    Objects      {f"bucket {bucket}" if bucket else settings.data_path / "objects"}
    Thumbnails   {f"{command} worker, over {without_password(redis)}" if redis else "made here"}

    Open the page          {here}{"" if is_built() else "   (not built: `make page`)"}
    Read and try the API   {here}/docs
    Its schema             {here}/openapi.json
    See the main job       {command} demo [PHOTO...]   (in another terminal)
    Check its health       curl {here}/health/ready
    Prove its settings     {command} doctor
    See every setting      {command} settings

  Stop it with Ctrl-C.
"""
