"""`mediaport demo`: the main job, walked by a client over real HTTP."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from mediaport.entrypoints.settings import load


@click.command()
@click.argument("photos", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--url", help="The server; by default the one that the settings describe.")
def demo(photos: Sequence[Path], url: str | None) -> None:
    """Register, upload, complete, wait for thumbnails, post, and set an avatar.

    Each step prints what came back. With no PHOTO it draws its own picture. The exit status is 0
    only if every step was as promised.
    """
    # Imported here: the other commands do without these, and start faster.
    import httpx  # noqa: PLC0415

    from mediaport.entrypoints.cli.walk import BrokenPromise, Walk, draw  # noqa: PLC0415

    base = url or load()[0].reached_at
    pictures = [(photo.name, photo.read_bytes()) for photo in photos] or [("drawn.jpg", draw())]
    with httpx.Client(base_url=base, timeout=30) as http:
        try:
            Walk(http).run(pictures)
        except BrokenPromise as broken:
            click.echo(f"\n  NOT AS PROMISED: {broken}", err=True)
            sys.exit(1)
        except httpx.UnsupportedProtocol:
            click.echo(f"\n  {base!r} is no URL such as http://127.0.0.1:8000", err=True)
            sys.exit(1)
        except httpx.TransportError as error:
            click.echo(f"\n  {base} does not answer ({error}). Start it: make run", err=True)
            sys.exit(1)
        except (ValueError, KeyError) as error:
            click.echo(f"\n  {base} answers, but not as Mediaport does: {error!r}", err=True)
            sys.exit(1)
