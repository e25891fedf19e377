"""`mediaport sweep`: clean now, to the end, instead of bit by bit beside the server or a worker."""

import asyncio
import json
import sys
from typing import TYPE_CHECKING

import click

from mediaport.application.media.sweep import Swept
from mediaport.domain.media import MediaId
from mediaport.entrypoints.cli.graph import graph_of
from mediaport.entrypoints.cli.leave import end, until_told
from mediaport.entrypoints.settings import load

if TYPE_CHECKING:
    from mediaport.entrypoints.container import Container

ASK_AGAIN_S = 1
COUNTS = ("uploads_expired", "unattached_removed", "objects_removed")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print what was done as one JSON object.")
def sweep(*, as_json: bool) -> None:
    """Remove what has expired or was never shown, and make the thumbnails that are owed.

    Servers and workers do the same every MEDIA_SWEEP_INTERVAL_S, some at a time. Where one of them
    is cleaning, this waits for its turn. Stopped anywhere, the next sweep goes on from there.

    The exit status is 0 when all that was due is done, and 1 when something is left: objects that
    the store did not remove, or thumbnails that could not be made just now.
    """
    container = graph_of(load()[0])
    done: list[Swept] = []
    is_done = asyncio.run(until_told(_sweep(container, done)))
    asked_for = {media_id for swept in done for media_id in swept.asked_for}
    total = {name: sum(getattr(swept, name) for swept in done) for name in COUNTS}
    total["thumbnails_asked_for"] = len(asked_for)
    click.echo(json.dumps(total) if as_json else _in_words(total))
    if not is_done:
        end(1)
    sys.exit(1 if done[-1].objects_left or done[-1].asked_for else 0)


async def _sweep(container: "Container", done: list[Swept]) -> None:
    from mediaport.entrypoints.background import (  # noqa: PLC0415 - slow to import
        making_thumbnails,
        using_parts,
    )
    from mediaport.entrypoints.fail_points import arm  # noqa: PLC0415 - slow to import

    arm(container)
    async with using_parts(container), making_thumbnails(container):
        clean, queue = container.sweep(), container.own_queue()
        owed_before: set[MediaId] = set()
        is_told = False
        while True:
            swept = await clean()
            done.append(swept)
            await queue.until_idle()
            if not swept.is_our_turn:
                if not is_told:
                    click.echo("Another process is cleaning: waiting for it.", err=True)
                is_told = True
                await asyncio.sleep(ASK_AGAIN_S)
                continue
            owed = set(swept.asked_for)
            if not swept.cleaned and owed <= owed_before:
                return  # what is still owed cannot be made now
            owed_before = owed


def _in_words(total: dict[str, int]) -> str:
    return (
        f"{total['uploads_expired']} uploads expired, {total['unattached_removed']} unattached "
        f"media removed, {total['objects_removed']} objects removed, "
        f"{total['thumbnails_asked_for']} thumbnails asked for."
    )
