"""`mediaport urls`: where media are served."""

import asyncio
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from mediaport.entrypoints.cli.graph import graph_of
from mediaport.entrypoints.cli.leave import end, until_told
from mediaport.entrypoints.settings import load

if TYPE_CHECKING:
    from mediaport.application.media.rewrite_urls import Bases
    from mediaport.entrypoints.container import Container

AGAIN = "mediaport urls rewrite"


@click.group()
def urls() -> None:
    """The URLs that media are served at."""


@urls.command()
@click.option("--from", "old", metavar="BASE", help="Only URLs that begin with BASE and a slash.")
@click.option("--dry-run", is_flag=True, help="Tell which bases there are, and change nothing.")
def rewrite(*, old: str | None, dry_run: bool) -> None:
    """Give stored URLs the public base that is set now.

    Media keep the URL that they were given when they were uploaded. Where another base serves them
    from now on, such as a CDN in S3_PUBLIC_BASE_URL, run this once all servers and workers have the
    new setting, and as long as the old base still answers.

    Runs beside them, some media at a time. Stopped anywhere, run it again: what is right stays.
    Media in other buckets are left alone.

    The exit status is 0 when all is done, 1 when it was stopped, and 2 when no URL begins with the
    base of --from.
    """
    container = graph_of(load()[0])
    statuses: list[int] = []
    old = old.rstrip("/") if old else None
    if not asyncio.run(until_told(_rewrite(container, statuses, old=old, dry_run=dry_run))):
        click.echo(f"Stopped. To go on: {AGAIN}{f' --from {old}' if old else ''}")
        end(1)
    sys.exit(statuses[0])


async def _rewrite(
    container: "Container", statuses: list[int], *, old: str | None, dry_run: bool
) -> None:
    from mediaport.application.media.rewrite_urls import BaseUnknown  # noqa: PLC0415
    from mediaport.entrypoints.background import using_parts  # noqa: PLC0415 - slow to import

    base = container.store().public_base_url
    done = 0

    def tell(media: int) -> None:
        nonlocal done
        done += media

    async with using_parts(container):
        rewrite_urls = container.rewrite_urls()
        bases = await rewrite_urls.bases()
        for line in _told(bases, base):
            click.echo(line)
        try:
            if old is not None:
                bases.require(old)
            if not dry_run:
                await rewrite_urls(bases, old=old, tell=tell)
                click.echo(f"{done} media rewritten to {base}/")
        except BaseUnknown as error:
            click.echo(f"mediaport: {error}. Nothing was changed.", err=True)
            statuses.append(2)
            return
    statuses.append(0)


def _told(bases: "Bases", base: str) -> Iterator[str]:
    yield f"{base}/ is set."
    for each, count in sorted(bases.counts.items()):
        yield f"{count:>9} media at {each}/"
    if bases.elsewhere:
        yield f"{bases.elsewhere:>9} media in other buckets, which are left alone"
