"""Our thumbnails beside sharp's, pyvips', naive Pillow's and the floor. See bench/README.md.

From the environment: `PHOTOS`, a folder, or "made" for photos that it makes; `ROUNDS`; `ONLY`,
contenders with commas between them, and `FILES`, a part of the files' names: with either of these
it times, compares and prints, and keeps nothing.
"""
# ruff: noqa: T201 - a command prints

import os
import statistics
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import TypeVar

from bench.images.contenders import BEST, CONTENDERS, OURS, Contender, Running
from bench.images.figures import Figures, Measure
from bench.images.photos import make_bombs, make_photos, photos_in
from bench.images.plot import draw
from bench.images.quality import distances
from bench.images.report import print_tables, write_json

ROUNDS, MEMORY_TRIES, BOMB_TRIES, IN_FLIGHT = 8, 3, 5, 2
BUSY = 0.5
CORPUS = Path("../shared/corpus/photos")
RESULTS = Path(__file__).parents[1] / "results"
T = TypeVar("T")


def main() -> None:
    """Measure, print the tables, keep the figures."""
    setting = os.environ.get
    figures = Figures(
        photos=[
            photo
            for photo in photos_in(_folder(setting("PHOTOS")))
            if setting("FILES", "") in photo.path.name
        ],
        contenders=_contenders(setting("ONLY")),
        rounds=int(setting("ROUNDS") or ROUNDS),
    )
    if not figures.photos:
        sys.exit("no JPEG, PNG or WebP larger than its largest thumbnail there")
    if figures.load_before > BUSY:
        print(f"others use this machine (load {figures.load_before:.1f}): trust CPU, not wall")
    is_trial = bool(setting("ONLY") or setting("FILES"))
    with ExitStack() as started:
        running = [started.enter_context(Running(each)) for each in figures.contenders]
        measure(figures, running)
        if not is_trial:
            two = [each for each in running if each.contender in {OURS, BEST}]
            measure_two_at_once(figures, two)
            measure_refusals(figures, two)
    if not is_trial:
        measure_memory(figures)
    print_tables(figures)
    if not is_trial:
        write_json(figures, RESULTS / "images.json")
        draw(figures, RESULTS / "images.svg")


def _folder(named: str | None) -> Path:
    if named and named != "made":
        return Path(named)
    return CORPUS if CORPUS.is_dir() and not named else make_photos()


def _contenders(only: str | None) -> list[Contender]:
    names = only.split(",") if only else [each.name for each in CONTENDERS]
    if unknown := {*names} - {each.name for each in CONTENDERS}:
        sys.exit(f"ONLY may name {', '.join(each.name for each in CONTENDERS)}; not {unknown}")
    return [each for each in CONTENDERS if each.name in names]


def measure(figures: Figures, running: Sequence[Running]) -> None:
    """Warm up, look at what comes out, then take the times: each file by all, in turn."""
    for each in running:
        figures.versions |= each.versions
    figures.versions["scikit-image"] = version("scikit-image")
    for photo in figures.photos:
        print(f"{photo.path.name}, {photo.kind}", file=sys.stderr)
        for each in running:
            bodies = each.make(photo.path, keep=True).bodies
            if not each.contender.is_floor:
                figures.add(Measure.BYTES, photo, each.contender, *map(len, bodies))
                figures.add(Measure.DISTANCE, photo, each.contender, *distances(photo, bodies))
    for number in range(figures.rounds):
        print(f"round {number + 1} of {figures.rounds}", file=sys.stderr)
        for place, photo in enumerate(figures.photos):
            for each in _rotated(running, number + place):
                answer = each.make(photo.path)
                figures.add(Measure.WALL, photo, each.contender, answer.wall_s)
                figures.add(Measure.CPU, photo, each.contender, answer.cpu_s)


def measure_two_at_once(figures: Figures, running: Sequence[Running]) -> None:
    """Files per second with two in flight, batch by batch in turn."""
    files = 2 * [photo.path for photo in figures.large_jpegs]
    for number in range(figures.rounds if files else 0):
        for each in _rotated(running, number):
            took_s = each.batch_s(files, in_flight=IN_FLIGHT)
            figures.speeds[each.contender.name].append(len(files) / took_s)


def measure_refusals(figures: Figures, running: Sequence[Running]) -> None:
    """Seconds from the call with a bomb to its refusal."""
    for name, bomb in make_bombs().items():
        for each in running:
            answers = [each.attempt(bomb) for _ in range(BOMB_TRIES)]
            if not all(answer.refusal for answer in answers):
                sys.exit(f"{each.contender.name} took the {name} for a picture")
            took_s = statistics.median(answer.wall_s for answer in answers)
            figures.refusals_s[name, each.contender.name] = took_s


def measure_memory(figures: Figures) -> None:
    """Peaks of fresh processes that have made the thumbnails of one file."""
    for contender in figures.contenders:
        if contender.is_floor:
            continue
        for photo in figures.photos:
            for _ in range(MEMORY_TRIES):
                with Running(contender) as fresh:
                    answer = fresh.make(photo.path)
                figures.add(Measure.PEAK, photo, contender, answer.peak_mb)
                figures.add(Measure.PEAK_ALL, photo, contender, answer.peak_all_mb)


def _rotated(items: Sequence[T], by: int) -> Iterator[T]:
    start = by % len(items)
    return islice([*items, *items], start, start + len(items))


if __name__ == "__main__":
    main()
