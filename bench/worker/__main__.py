"""How fast are thumbnails there, and does anyone wait for others? See bench/README.md.

The whole product on PostgreSQL, Redis and an S3 store of its own, all of them on the same cores.
What decoders do by themselves is measured right before, round after round: the ratio counts.
"""
# ruff: noqa: T201 - a command prints

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import click
from dependency_injector import providers

from bench.worker.decoders import WatchedDecoders, decode
from bench.worker.figures import Figures
from bench.worker.product import (
    SETTLED,
    Ask,
    completed,
    count,
    draining,
    memory_mb,
    photo,
    settling,
    upload_burst,
)
from mediaport.entrypoints.background import work
from mediaport.entrypoints.container import Container
from mediaport.entrypoints.settings import load
from tests.integration.crew import NOWHERE, Crew
from tests.integration.server import Server, User, Worker
from tests.soak.parts import started_parts

RESULTS = Path(__file__).parent.parent / "results" / "worker.json"
ALONE, ONES, IDLE = 24, 4, 4


@dataclass(frozen=True, kw_only=True)
class Bench:
    """The product on real parts, without a worker, and what is uploaded to it."""

    figures: Figures
    crew: Crew
    settings: dict[str, str]
    api: Server
    ask: Ask
    body: bytes

    async def occupied(self, of: int) -> None:
        """How busy decoders are while a burst is worked off, by a worker in this process."""
        await self._upload(of)
        self.figures.decoders_per_s.append(ALONE / await decode(self.body, images=ALONE, at_once=2))
        decoders = WatchedDecoders(2)
        async with self._worker_here(decoders):
            drained = await draining(self.ask)
        self.figures.drained_per_s.append(drained.per_s)
        self.figures.occupied.append(decoders.occupied(drained.since, drained.until))

    async def one_among_many(self, worker: Worker, of: int) -> None:
        """One user's burst, and others with one upload each while it lasts."""
        await self._upload(of)
        worker.start()
        for _ in range(ONES):
            one = await completed(self.crew.user(self.api), self.body)
            before = await count(self.ask, SETTLED)
            self.figures.one_among_many_s.append(await settling(one, self.ask))
            after = await count(self.ask, SETTLED)
            self.figures.made_before_the_one.append(after - before - 1)
        await draining(self.ask)
        self.figures.worker_mb.append(memory_mb(worker.pid))
        peaks = [memory_mb(decoder, "VmHWM") for decoder in worker.children]
        self.figures.decoder_mb.append(max(peaks))

    async def shared(self, of: int) -> None:
        """The same burst by one worker and by two, of one decoder each."""
        for number, rates in self.figures.by_workers_per_s.items():
            await self._upload(of)
            workers = [self.worker(decoders=1) for _ in range(number)]
            for worker in workers:
                worker.start()
            rates.append((await draining(self.ask)).per_s)
            for worker in workers:
                worker.stop()

    def worker(self, decoders: int) -> Worker:
        """One that is not started yet."""
        return self.crew.worker_to_be(**{**self.settings, "THUMBNAIL_WORKERS": str(decoders)})

    async def _upload(self, size: int) -> None:
        await asyncio.to_thread(upload_burst, self.crew.user(self.api), self.body, size)

    @asynccontextmanager
    async def _worker_here(self, decoders: WatchedDecoders) -> AsyncIterator[None]:
        container = Container(settings=load(self.settings, env_file=NOWHERE)[0])
        container.decoders.override(providers.Object(decoders))
        working = asyncio.create_task(work(container))
        try:
            yield
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)


async def idle(user: User, body: bytes, ask: Ask) -> list[float]:
    """One upload at a time, each beside the decoding of one image by itself."""
    await settling(await completed(user, body), ask)  # now its decoders are warm
    beyond = []
    for _ in range(IDLE):
        took_s = await settling(await completed(user, body), ask)
        beyond.append(took_s - await decode(body, images=1, at_once=1))
    return beyond


async def embedded(crew: Crew, body: bytes) -> list[float]:
    """The same where the API makes the thumbnails itself."""
    api = crew.api()
    with closing(sqlite3.connect(api.folder / "var" / "mediaport.db")) as database:

        async def ask(query: str) -> object:
            return database.execute(query).fetchone()[0]

        beyond = await idle(crew.user(api), body, ask)
    api.stop()
    return beyond


async def measure(
    figures: Figures, crew: Crew, settings: dict[str, str], body: bytes, *, rounds: int, of: int
) -> None:
    """Everything, round after round."""
    database = await asyncpg.connect(settings["DATABASE_URL"])
    api, ask = crew.api(**settings), database.fetchval
    bench = Bench(figures=figures, crew=crew, settings=settings, api=api, ask=ask, body=body)
    worker = bench.worker(decoders=2)
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", flush=True)
        await bench.occupied(of)
        await bench.one_among_many(worker, of)
        figures.redis_s += await idle(crew.user(api), body, ask)
        worker.stop()
        figures.embedded_s += await embedded(crew, body)
        await bench.shared(of // 2)
    await database.close()


@click.command()
@click.option("--rounds", default=5, show_default=True)
@click.option("--burst", default=100, show_default=True, help="Uploads of one user, each time.")
@click.option("--keep", default=RESULTS, show_default=True, help="Where the figures are written.")
def main(rounds: int, burst: int, keep: Path) -> None:
    """Measure, print the goals, and keep the figures."""
    figures = Figures()
    with started_parts() as (crew, settings):
        settings |= {"MEDIA_MAX_PENDING": str(burst), "THUMBNAIL_WORKERS": "2"}
        asyncio.run(measure(figures, crew, settings, photo(), rounds=rounds, of=burst))
    print(f"{'goal':<42} {'value':>8} {'wanted':>8}")
    for goal in figures.goals():
        verdict = "holds" if goal.holds else "MISSED"
        print(f"{goal.name:<42} {goal.value:>8.3f} {goal.wanted:>8}  {verdict}")
    figures.write(Path(keep))


if __name__ == "__main__":
    main()
