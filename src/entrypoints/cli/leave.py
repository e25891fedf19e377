"""The end of a process."""

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Never

import click

from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.entrypoints.settings import SettingError


async def until_told(work: Coroutine[Any, Any, None]) -> bool:
    """Do the work, unless SIGTERM or Ctrl-C cancel it; whether it came to its end."""
    working = asyncio.ensure_future(work)
    is_told = False

    def stop() -> None:
        nonlocal is_told
        if not is_told:  # told twice, it would not end well what it is ending
            working.cancel()
        is_told = True

    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop)
    try:
        await working
    except asyncio.CancelledError:
        if not is_told:
            raise
    return not is_told


@contextmanager
def ending_in_one_line() -> Iterator[None]:
    """End the process where the user can mend what stops it."""
    try:
        yield
    except (SettingError, PartUnavailable) as error:
        click.echo(f"mediaport: {error}", err=True)
        sys.exit(2 if isinstance(error, SettingError) else 1)


def leave(status: int = 0) -> Never:
    """End well, without waiting for threads whose call to a store hangs: nobody hears of it now."""
    click.echo("Stopped.")
    end(status)


def end(status: int) -> Never:
    """End without a word, and without waiting."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
