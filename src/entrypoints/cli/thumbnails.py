"""`mediaport thumbnails`: what has to be done for pictures that are there already."""

import asyncio
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
import msgspec

from mediaport.application.media.remake_thumbnails import Outcome, Tell
from mediaport.application.ports.remake_repository import Remake, Stretch
from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.domain.media import MediaId
from mediaport.entrypoints.cli.graph import graph_of
from mediaport.entrypoints.cli.leave import leave, until_told
from mediaport.entrypoints.settings import MAX_WORKERS, load

if TYPE_CHECKING:
    from mediaport.entrypoints.container import Container

# Where there is no terminal, one line for so many media.
LINE_EVERY = 100


@click.group()
def thumbnails() -> None:
    """Thumbnails of pictures that are there already."""


@thumbnails.command()
@click.option(
    "--missing/--all",
    default=True,
    help="Only what pictures lack (the default), or all thumbnails of all pictures.",
)
@click.option("--restart", is_flag=True, help="With --all: begin anew instead of going on.")
@click.option(
    "--concurrency",
    type=click.IntRange(1, MAX_WORKERS),
    help="Pictures at the same time; by default THUMBNAIL_WORKERS.",
)
def remake(*, missing: bool, restart: bool, concurrency: int | None) -> None:
    """Make thumbnails anew, after their sizes or their quality have changed.

    Runs beside servers and workers, with the same settings as theirs. Stopped with Ctrl-C, it can
    go on: --missing sees what is still lacking, --all keeps where it stands.
    """
    if restart and missing:
        raise click.UsageError("--restart goes with --all")
    settings, _ = load()
    if concurrency:
        settings = msgspec.structs.replace(settings, thumbnail_workers=concurrency)
    container = graph_of(settings)
    counts: Counter[Outcome] = Counter()
    again = f"mediaport thumbnails remake {'--missing' if missing else '--all'}"
    try:
        is_done = asyncio.run(
            until_told(_remake(container, counts, missing=missing, restart=restart))
        )
    except PartUnavailable:
        click.echo(f"{_summary(counts)} To go on: {again}")
        raise
    if not is_done:
        click.echo(f"{_summary(counts)} To go on: {again}")
        leave(1)
    click.echo(_summary(counts))
    sys.exit(1 if counts[Outcome.UNDONE] else 0)


async def _remake(
    container: "Container", counts: Counter[Outcome], *, missing: bool, restart: bool
) -> None:
    from mediaport.entrypoints.background import using_parts  # noqa: PLC0415 - slow to import

    remakes, workers = container.remakes(), container.settings().thumbnail_workers
    async with using_parts(container):
        remake_thumbnails = container.remake_thumbnails()
        if missing:
            stretch = await remakes.ahead(after=MediaId(0))
            with _shown(stretch, counts) as tell:
                await remake_thumbnails.missing(stretch, concurrency=workers, tell=tell)
            return
        run = await _begun(container, restart=restart)
        stretch = await remakes.ahead(after=run.last_media_id)
        with _shown(stretch, counts) as tell:
            await remake_thumbnails.everything(run, stretch, concurrency=workers, tell=tell)


async def _begun(container: "Container", *, restart: bool) -> Remake:
    """The run to go on with, or a new one: also where what was begun was for other thumbnails."""
    from mediaport.entrypoints.parts import thumbnail_recipe  # noqa: PLC0415 - slow to import

    remakes, recipe = container.remakes(), thumbnail_recipe(container.settings())
    begun = await remakes.unfinished()
    if begun and not restart:
        named = f"the run begun at {begun.started_at:%Y-%m-%d %H:%M:%S} UTC"
        if begun.recipe == recipe:
            click.echo(f"Going on after media {begun.last_media_id} with {named}.")
            return begun
        click.echo(f"Beginning anew: {named} was for {begun.recipe}.")
    return await remakes.begin(recipe=recipe, now=container.clock().now())


@contextmanager
def _shown(stretch: Stretch, counts: Counter[Outcome]) -> Iterator[Tell]:
    """Count what came of each media item, and show how far it is."""
    every = 1 if sys.stdout.isatty() else LINE_EVERY
    with click.progressbar(length=stretch.count, label=f"0 of {stretch.count} media") as bar:

        def tell(outcome: Outcome) -> None:
            counts[outcome] += 1
            if counts.total() % every == 0:
                bar.label = f"{counts.total()} of {stretch.count} media"
            bar.update(1)

        yield tell


def _summary(counts: Counter[Outcome]) -> str:
    summary = (
        f"{counts[Outcome.MADE]} made, {counts[Outcome.BROKEN]} left as they were because the "
        f"picture is broken or lost, {counts[Outcome.GONE]} gone meanwhile"
    )
    undone = counts[Outcome.UNDONE]
    return f"{summary}, {undone} put off to another run." if undone else f"{summary}."
