"""`mediaport demo`: the main job, walked by a client over real HTTP."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Never

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
            _fail(f"NOT AS PROMISED: {broken}")
        except httpx.UnsupportedProtocol:
            _fail(f"{base!r} is no URL such as http://127.0.0.1:8000")
        except httpx.TransportError as error:
            _fail(f"{base} does not answer ({error}). Start it: make run. Or name it: --url")
        except (ValueError, KeyError) as error:
            _fail(f"{base} answers, but not as Mediaport does: {error!r}")


def _fail(problem: str) -> Never:
    click.echo(f"\n  {problem}", err=True)
    sys.exit(1)
