"""`mediaport serve`: the API, with the embedded worker unless there is Redis."""

import asyncio
import errno
import logging
import os
import shutil
import socket
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from msgspec.structs import replace

from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.entrypoints.cli.lean import begin, import_parts, lean_imports
from mediaport.entrypoints.cli.logs import start_logging
from mediaport.entrypoints.cli.migrate import require_migrated, run_migrations
from mediaport.entrypoints.descriptors import raise_limit
from mediaport.entrypoints.settings import (
    MAX_WORKERS,
    SettingError,
    Settings,
    load,
    without_password,
)

log = logging.getLogger(__name__)


@click.command()
@click.option("--migrate", "migrate_first", is_flag=True, help="Migrate the database first.")
@click.option("--check", is_flag=True, help="Only ask the server that runs here whether it is up.")
@click.option("--workers", type=click.IntRange(1, MAX_WORKERS), help="Instead of API_WORKERS.")
def serve(*, migrate_first: bool, check: bool, workers: int | None) -> None:
    """Serve the API; without REDIS_URL, make thumbnails in the same process."""
    settings, _ = load()
    if check:
        _check(settings)
        return
    if workers:
        settings = replace(settings, api_workers=workers)
    begin()
    with lean_imports():
        start_logging(settings)
    counts = counting(settings)  # before anything that counts is imported
    import_parts(settings)
    raise_limit()
    listening = _listen(settings)
    if migrate_first:
        run_migrations(settings)
    else:
        require_migrated(settings)
    connections = asyncio.run(_connections(settings))

    def greet() -> None:
        click.echo(_welcome(settings, connections))

    # Imported here: the other commands do without what these need, and start faster.
    from mediaport.entrypoints.cli.serving import serve_alone, serve_together  # noqa: PLC0415

    if counts is None:
        serve_alone(settings, listening[0], greet=greet)
    serve_together(settings, listening, counts=counts, greet=greet)


def counting(settings: Settings) -> TemporaryDirectory[str] | None:
    """Where several processes count together, so that any of them answers for all."""
    if settings.api_workers == 1:
        return None
    folder = TemporaryDirectory(prefix="mediaport-metrics-")
    # The library looks for this once, when it is imported.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder.name
    return folder


async def _connections(settings: Settings) -> str:
    """How many connections the API may open, for those who start it."""
    from mediaport.entrypoints.connection_budget import connection_budget  # noqa: PLC0415
    from mediaport.entrypoints.parts import database as make_database  # noqa: PLC0415

    if not settings.database_url:
        return ""
    database = make_database(settings)
    try:
        budget = await connection_budget(settings, database)
    except PartUnavailable:  # it answered just now, and may do so again
        return ""
    finally:
        await database.close()
    if budget and not budget.fits:
        log.warning("Too few connections to the database: %s. %s", budget, budget.mend)
    return f"\n{'':17}{budget}" if budget else ""


def _check(settings: Settings) -> None:
    import httpx  # noqa: PLC0415

    url = f"{settings.address}/health/live"
    try:
        httpx.get(url, timeout=3, trust_env=False).raise_for_status()  # no proxy leads here
    except httpx.HTTPError as error:
        raise click.ClickException(f"{url} does not answer: {error}") from error
    click.echo(f"{url} answers")


def _listen(settings: Settings) -> list[socket.socket]:
    """A socket for each process, or one clear line about why there is none."""
    alone = _bind(settings)
    if settings.api_workers == 1:
        return [alone]
    alone.close()  # that the port was free is known: sockets that share it would not have asked
    return [_bind(settings, shared=True) for _ in range(settings.api_workers)]


def _bind(settings: Settings, *, shared: bool = False) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        listening.close()
        problem = f"cannot listen on {settings.host}:{settings.port}: {error.strerror}"
        if error.errno in {errno.EADDRINUSE, errno.EACCES}:
            raise SettingError("PORT", problem, str(settings.port % 65535 + 1)) from error
        raise SettingError("HOST", problem, "127.0.0.1") from error
    return listening


def _welcome(settings: Settings, connections: str) -> str:
    from mediaport.entrypoints.http.page import is_built  # noqa: PLC0415

    here = settings.reached_at
    command = Path(sys.argv[0]).name
    if shutil.which(command) != sys.argv[0]:
        command = sys.argv[0]
    bucket, redis = settings.s3_bucket, settings.redis_url
    return f"""
  Mediaport is running

    Processes    {settings.api_workers}
    Database     {settings.database_place}{connections}
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
