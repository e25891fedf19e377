"""`mediaport reconcile`: compare database and bucket, both ways, and bring them together."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from mediaport.application.ports.inventory import Extent
from mediaport.entrypoints.cli.graph import graph_of
from mediaport.entrypoints.cli.leave import end, until_told
from mediaport.entrypoints.settings import load

if TYPE_CHECKING:
    from mediaport.application.media.compare_bucket import Compared
    from mediaport.entrypoints.cli.findings import Told
    from mediaport.entrypoints.container import Container


@click.command()
@click.option("--dry-run", is_flag=True, help="Tell what differs, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print all findings as one JSON document.")
def reconcile(*, dry_run: bool, as_json: bool) -> None:
    """Compare database and bucket, both ways, and bring them together.

    Objects that no row knows are removed once they are over 48 hours old. Thumbnails whose objects
    were lost are owed again, and workers make them. Originals that were lost are only told. Run it
    with --dry-run first: what two databases keep in one bucket are strays to each other.

    It looks at keys under S3_INCOMING_PREFIX, and under media/ in S3_PUBLIC_PREFIX. Runs beside
    servers and workers, with the same settings as theirs, and may be stopped and started again.

    The exit status is 0 when both agree, or all was put right, and 1 when something is left that
    someone must look at, with --dry-run also what a run would put right.
    """
    container = graph_of(load()[0])
    from mediaport.entrypoints.cli.findings import Document, Lines  # noqa: PLC0415 - slow to import

    told = (Document if as_json else Lines)(container.store().bucket, dry_run=dry_run)
    try:
        is_done = asyncio.run(until_told(_reconcile(container, told)))
    finally:
        told.end()
    if not is_done:
        end(1)  # told.end() has said so
    sys.exit(1 if told.needs_someone else 0)


async def _reconcile(container: "Container", told: "Told") -> None:
    from mediaport.entrypoints.background import using_parts  # noqa: PLC0415 - slow to import

    async with using_parts(container):
        inventory, use_case = container.inventory(), container.reconcile()
        extent = await inventory.extent(told.bucket)
        told.is_of_bucket = extent.is_of_bucket
        with _shown(extent, told):
            await (use_case.look if told.dry_run else use_case.mend)(told)
        told.debts = await inventory.debts()


@contextmanager
def _shown(extent: Extent, told: "Told") -> Iterator[None]:
    """Show how far it is, where there is someone to see it."""
    is_seen = sys.stderr.isatty()
    with click.progressbar(
        length=extent.media, label="0 objects", file=sys.stderr, hidden=not is_seen
    ) as bar:

        def advance(stretch: "Compared") -> None:
            bar.label = f"{told.objects} objects"
            bar.update(stretch.media)

        told.advance = advance
        yield
