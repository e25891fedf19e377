"""What was measured, and whether it is what is wanted."""

import json
import os
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.goals import Goal


@dataclass
class Figures:
    """All rounds. Latencies are in seconds, from the answer to `complete`.

    Attributes:
        decoders_per_s: Images a second that the decoders make by themselves.
        drained_per_s: Thumbnails a second while a burst is worked off, right after that.
        occupied: The part of that time in which a decoder has an image.
        by_workers_per_s: The same, by one worker and by two, of one decoder each.
        redis_s: Latency on an idle system beyond the decoding of one image, measured beside it.
        embedded_s: Likewise, where the API makes the thumbnails.
        one_among_many_s: Latency of one upload while a burst of another user is worked off.
        made_before_the_one: How many others were made in that time.
        worker_mb: What a worker has after each burst.
        decoder_mb: What a decoder has had at most.
    """

    decoders_per_s: list[float] = field(default_factory=list)
    drained_per_s: list[float] = field(default_factory=list)
    occupied: list[float] = field(default_factory=list)
    by_workers_per_s: dict[int, list[float]] = field(default_factory=lambda: {1: [], 2: []})
    redis_s: list[float] = field(default_factory=list)
    embedded_s: list[float] = field(default_factory=list)
    one_among_many_s: list[float] = field(default_factory=list)
    made_before_the_one: list[int] = field(default_factory=list)
    worker_mb: list[float] = field(default_factory=list)
    decoder_mb: list[float] = field(default_factory=list)

    def goals(self) -> list[Goal]:
        """What is wanted of workers. All parts share the cores: decoders get not all of them."""
        drained = _ratios(self.drained_per_s, self.decoders_per_s)
        shared = _ratios(self.by_workers_per_s[2], self.by_workers_per_s[1])
        before = max(self.made_before_the_one)
        growth = self.worker_mb[-1] / self.worker_mb[0]
        return [
            Goal("decoders at work in a burst", median(self.occupied), 0.95, at_least=True),
            Goal("burst, over the decoders alone", median(drained), 0.8, at_least=True),
            Goal("idle, beyond one image, Redis, s", median(self.redis_s), 0.1),
            Goal("idle, beyond one image, embedded, s", median(self.embedded_s), 0.1),
            Goal("made before another user's one, most", before, 6),
            Goal("two workers over one", median(shared), 1.5, at_least=True),
            Goal("worker's memory, last burst over first", growth, 1.2),
        ]

    def write(self, path: Path) -> None:
        """Goals, medians and extremes as JSON."""
        goals = [
            {"name": it.name, "value": round(it.value, 4), "goal": it.wanted, "holds": it.holds}
            for it in self.goals()
        ]
        lists = {name: values for name, values in vars(self).items() if isinstance(values, list)}
        lists |= {f"{n}_workers_per_s": rates for n, rates in self.by_workers_per_s.items()}
        found = {
            "cores": os.cpu_count(),
            "goals": goals,
            "median": {name: round(median(values), 3) for name, values in lists.items()},
            "most": {name: round(max(values), 3) for name, values in lists.items()},
        }
        path.write_text(json.dumps(found, indent=2) + "\n")


def median(figures: Sequence[float]) -> float:
    """The middle one."""
    return float(statistics.median(figures))


def _ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    return [one / other for one, other in zip(ours, theirs, strict=True)]
