"""`mediaport worker`: makes thumbnails that are asked for over Redis, and sweeps."""

import asyncio
import socket

import click

from mediaport.entrypoints.cli.lean import begin, import_parts, lean_imports, settle
from mediaport.entrypoints.cli.leave import leave, until_told
from mediaport.entrypoints.cli.logs import start_logging
from mediaport.entrypoints.cli.migrate import require_migrated
from mediaport.entrypoints.settings import Settings, load, redis_url_of, without_password


@click.command()
@click.option("--check", is_flag=True, help="Only ask whether a worker runs on this host.")
def worker(*, check: bool) -> None:
    """Make thumbnails and sweep, beside the API. Start as many as there is work for."""
    settings, _ = load()
    redis_url = redis_url_of(settings)
    if check:
        asyncio.run(_check(settings))
        return
    begin()
    with lean_imports():
        start_logging(settings)
    import_parts(settings)
    require_migrated(settings)
    click.echo(
        f"Making thumbnails, {settings.thumbnail_workers} at a time, for the queue "
        f"{settings.queue_name} in {without_password(redis_url)}"
    )
    asyncio.run(until_told(_work(settings)))
    leave()


async def _work(settings: Settings) -> None:
    from mediaport.entrypoints.background import work  # noqa: PLC0415 - slow to import
    from mediaport.entrypoints.container import Container  # noqa: PLC0415 - slow to import
    from mediaport.entrypoints.fail_points import arm  # noqa: PLC0415 - slow to import
    from mediaport.entrypoints.parts import start_tracing  # noqa: PLC0415 - slow to import

    container = Container(settings=settings)
    arm(container)
    start_tracing(settings)
    settle()
    await work(container)


async def _check(settings: Settings) -> None:
    from mediaport.adapters.saq.worker import HOST  # noqa: PLC0415 - slow to import
    from mediaport.entrypoints.parts import redis_queue  # noqa: PLC0415 - slow to import

    queue, host = redis_queue(settings), socket.gethostname()
    try:
        workers = await queue.workers()
    finally:
        await queue.close()
    if host not in {worker.get(HOST) for worker in workers.values()}:
        raise click.ClickException(f"of {len(workers)} workers that live, none is on host {host}")
    click.echo(f"A worker is alive on host {host}")
