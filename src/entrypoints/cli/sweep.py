"""`mediaport sweep`: clean now, to the end, instead of bit by bit beside the server or a worker."""

import asyncio
import json
import sys

import click

from mediaport.application.media.sweep import Swept
from mediaport.entrypoints.cli.leave import leave, until_told
from mediaport.entrypoints.cli.logs import start_logging
from mediaport.entrypoints.cli.migrate import require_migrated
from mediaport.entrypoints.settings import Settings, load

ASK_AGAIN_S = 1


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print what was done as one JSON object.")
def sweep(*, as_json: bool) -> None:
    """Remove what has expired or was never shown, and make the thumbnails that are owed.

    Servers and workers do the same every MEDIA_SWEEP_INTERVAL_S, some at a time. Where one of them
    is cleaning, this waits for its turn. Stopped anywhere, the next sweep goes on from there.
    """
    settings, _ = load()
    start_logging(settings)
    require_migrated(settings)
    done: list[Swept] = []
    is_done = asyncio.run(until_told(_sweep(settings, done)))
    total = _total(done)
    if as_json:
        click.echo(json.dumps(total))
    else:
        click.echo(
            f"{total['uploads_expired']} uploads expired, {total['unattached_removed']} unattached "
            f"media removed, {total['objects_removed']} objects removed, "
            f"{total['thumbnails_asked_for']} thumbnails asked for."
        )
    if not is_done:
        leave(1)


async def _sweep(settings: Settings, done: list[Swept]) -> None:
    from mediaport.entrypoints.background import (  # noqa: PLC0415 - slow to import
        making_thumbnails,
        using_parts,
    )
    from mediaport.entrypoints.container import Container  # noqa: PLC0415 - slow to import
    from mediaport.entrypoints.fail_points import arm  # noqa: PLC0415 - slow to import

    container = Container(settings=settings)
    arm(container)
    async with using_parts(container), making_thumbnails(container):
        clean, queue = container.sweep(), container.own_queue()
        owed_before = sys.maxsize
        while True:
            swept = await clean()
            done.append(swept)
            await queue.until_idle()
            if not swept.is_our_turn:
                await asyncio.sleep(ASK_AGAIN_S)
            elif not swept.cleaned and swept.thumbnails_asked_for in {0, owed_before}:
                return  # what is still owed cannot be made now
            owed_before = swept.thumbnails_asked_for


def _total(done: list[Swept]) -> dict[str, int]:
    counts = (
        "uploads_expired",
        "unattached_removed",
        "objects_removed",
        "thumbnails_asked_for",
    )
    return {name: sum(getattr(swept, name) for swept in done) for name in counts}
