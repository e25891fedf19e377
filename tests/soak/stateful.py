"""The whole product in any order of events, on fakes or on a real database, as long as you like.

    python -m tests.soak.stateful --on postgresql --examples 500 --steps 80

Other than the test in tests/unit, each run plays what no other run has played, unless it is given
the `--seed` that an earlier one printed. What it finds is made as small as can be, and printed.
"""

import asyncio
import logging
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from mediaport.adapters.sql.database import Database
from mediaport.adapters.sql.migrations import upgrade
from mediaport.adapters.sql.postgresql import postgresql_url
from tests.servers.postgresql import start_postgresql
from tests.stateful.machine import ProductMachine

MakeDatabase = Callable[[], Database]


@contextmanager
def _sqlite() -> Iterator[MakeDatabase]:
    folder = Path(tempfile.mkdtemp(prefix="mediaport-soak-"))
    url = f"sqlite+aiosqlite:///{folder}/mediaport.db"
    upgrade(url)
    try:
        yield lambda: Database(url)
    finally:
        shutil.rmtree(folder)


@contextmanager
def _postgresql() -> Iterator[MakeDatabase]:
    server = start_postgresql()
    try:
        asyncio.run(server.make_template())
        server.migrate_template()
        url = postgresql_url(asyncio.run(server.database()))
        yield lambda: Database(url)
    finally:
        server.stop()


@contextmanager
def _fakes() -> Iterator[None]:
    yield None


DATABASES = {"fakes": _fakes, "sqlite": _sqlite, "postgresql": _postgresql}


@click.command()
@click.option("--on", type=click.Choice(list(DATABASES)), default="fakes", show_default=True)
@click.option("--examples", default=1000, show_default=True)
@click.option("--steps", default=80, show_default=True)
@click.option("--seed", "number", type=int, default=None, help="Play what was played before.")
def main(on: str, examples: int, steps: int, number: int | None) -> None:
    """Play, print what was played, and fail with the smallest example of what is wrong."""
    logging.disable(logging.CRITICAL)
    number = random.randrange(2**32) if number is None else number
    click.echo(f"seed {number}")
    started = time.monotonic()
    with DATABASES[on]() as make_database:

        class Machine(ProductMachine):
            """On that database."""

            database = make_database

        run_state_machine_as_test(
            seed(number)(Machine),
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    took_s = time.monotonic() - started
    click.echo(
        f"on {on}: {Machine.examples} examples of at most {steps} steps, {Machine.acts} acts, "
        f"{Machine.kills} kills, {took_s:.0f} s: nothing is wrong"
    )


if __name__ == "__main__":
    sys.exit(main())
