"""Who is under which load, and the rounds in which they take turns."""
# ruff: noqa: T201 - a command prints

import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from bench.api import bare_store, uploads, wrk
from bench.api.contenders import FLOOR, OURS, PEER, RATED, Contender, Parts
from bench.api.fairness import check
from bench.api.figures import Figures
from bench.api.loads import Loads

CONNECTIONS = 32
TRIO = (OURS, PEER, FLOOR)
# A size after a name is of another database than the usual one.
SIZES = {"10k": 10_000, "100k": 100_000}
USUAL, SLOW = 1_000_000, "100k"
COMPLETE = "complete"
LOADS: Mapping[str, Sequence[str]] = {
    "presign": (*TRIO, RATED),
    "feed": (*TRIO, f"{OURS}, 10k", f"{OURS}, 100k"),
    COMPLETE: TRIO,
    "newest": TRIO,
    "profile": TRIO,
    "publish": TRIO,
    "mixed": TRIO,
}
WITH_GOALS = ("presign", "feed", COMPLETE)


def posts_of(name: str) -> int:
    """How many posts the database of a contender has."""
    return SIZES.get(name.rpartition(", ")[2], USUAL)


def names(kinds: Sequence[str], *, quick: bool) -> list[str]:
    """Whom these loads are for, each once."""
    found = dict.fromkeys(name for kind in kinds for name in LOADS[kind])
    return [name for name in found if not (quick and name.endswith(SLOW))]


class Rounds:
    """Drives the contenders in turn, in an order that rotates."""

    def __init__(
        self,
        figures: Figures,
        contenders: Mapping[str, Contender],
        loads: Mapping[int, Loads],
        *,
        seconds: int,
    ) -> None:
        self._figures, self._contenders, self._loads = figures, contenders, loads
        self._seconds = seconds

    def measure(self, kind: str) -> None:
        """One load: compare the answers, warm up, then take the times."""
        running = [self._contenders[name] for name in LOADS[kind] if name in self._contenders]
        files = {size: loads.of(kind) for size, loads in self._loads.items()}
        same = [each for each in running if posts_of(each.name) == USUAL]
        check(same, files[USUAL], uploads=kind == "presign")
        for number, name in self._turns([each.name for each in running], kind):
            seconds = self._seconds if number else 1
            sample = wrk.drive(
                self._contenders[name],
                files[posts_of(name)],
                seconds=seconds,
                connections=CONNECTIONS,
            )
            if number:
                self._figures.samples[kind, name].append(sample)

    def measure_completions(self, parts: Parts, database_url: str, count: int) -> None:
        """Uploads that lie there are completed, each once. The floor is the store alone."""
        loads = self._loads[USUAL]
        for number, name in self._turns(LOADS[COMPLETE], COMPLETE):
            if name == FLOOR:
                sample = bare_store.drive(parts.s3, count, connections=CONNECTIONS)
            else:
                media = uploads.make(parts.s3, database_url, loads.owners(count))
                load = loads.completions(COMPLETE, media)
                contender = self._contenders[name]
                sample = wrk.drive(contender, load, connections=CONNECTIONS, once=True)
            if number:
                self._figures.samples[COMPLETE, name].append(sample)

    def _turns(self, running: Sequence[str], kind: str) -> Iterator[tuple[int, str]]:
        """Rounds by number; the first, 0, warms up."""
        for name in running:
            self._figures.samples[kind, name] = []
        for number in range(self._figures.rounds + 1):
            print(f"{kind}, round {number} of {self._figures.rounds}", file=sys.stderr)
            start = number % len(running)
            for each in islice([*running, *running], start, start + len(running)):
                yield number, each
