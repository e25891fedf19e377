"""`mediaport serve` beside its peer and its floor. See bench/README.md.

From the environment: `QUICK=1` for three short rounds of the loads that have goals; `ONLY`, loads
with commas between them. Either is a trial, which prints and keeps nothing.
"""
# ruff: noqa: T201 - a command prints

import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.api import dataset, feed_query, latency, rest, wrk
from bench.api.figures import Figures
from bench.api.goals import goals
from bench.api.loads import Loads
from bench.api.machine import describe
from bench.api.parts import parts
from bench.api.plot import draw
from bench.api.report import print_tables, write_json
from bench.api.rounds import COMPLETE, LOADS, USUAL, WITH_GOALS, Rounds, names, posts_of
from bench.goals import Goal
from tests.servers.found import ROOT

RESULTS = ROOT / "bench" / "results" / "api.json"
PLOT = ROOT / "docs" / "images" / "bench-api.svg"
BUSY = 0.5
# What else is measured, each with goals of its own.
BESIDE = (feed_query, rest, latency)


def main() -> None:
    """Measure, print the table, keep the figures."""
    wrk.require()
    quick, only = bool(os.environ.get("QUICK")), os.environ.get("ONLY")
    kinds = only.split(",") if only else [*(WITH_GOALS if quick else LOADS)]
    if unknown := {*kinds} - {*LOADS}:
        sys.exit(f"ONLY may name {', '.join(LOADS)}; not {', '.join(unknown)}")
    load_before = os.getloadavg()[0]
    if load_before > BUSY:
        print(f"others use this machine (load {load_before:.1f}): trust CPU, not requests/s")
    figures = Figures(rounds=3 if quick else 10, load_before=load_before)
    measure(figures, kinds, quick=quick)
    found = [*goals(figures), *([] if only else extra_goals(quick=quick))]
    print_tables(figures, found)
    if not (quick or only):
        write_json(figures, found, RESULTS)
        draw(figures, PLOT)


def measure(figures: Figures, kinds: Sequence[str], *, quick: bool) -> None:
    """Start all, and put them under these loads."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        servers = stack.enter_context(parts())
        figures.machine = describe()
        contenders, databases = {}, {}
        for name in names(kinds, quick=quick):
            posts = posts_of(name)
            if posts not in databases:
                databases[posts] = dataset.database(servers.postgresql, posts)
            contenders[name] = servers.start(name, databases[posts], folder)
            stack.callback(contenders[name].stop)
        loads = {posts: Loads(folder, url, posts) for posts, url in databases.items()}
        rounds = Rounds(figures, contenders, loads, seconds=2 if quick else 3)
        for kind in kinds:
            if kind == COMPLETE:
                rounds.measure_completions(servers, databases[USUAL], count=200 if quick else 400)
            else:
                rounds.measure(kind)


def extra_goals(*, quick: bool) -> list[Goal]:
    """What is measured beside loads, with nobody else there."""
    with parts() as servers:
        url = dataset.database(servers.postgresql, USUAL)
        return [goal for it in BESIDE for goal in it.goals(servers, url, quick=quick)]


if __name__ == "__main__":
    main()
