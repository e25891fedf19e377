"""What was measured, and ratios of it."""

import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.api.wrk import Sample


@dataclass(frozen=True)
class Spread:
    """A median, between its quartiles."""

    low: float
    median: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f}..{self.high:.2f})"

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Of some rounds."""
        if len(values) == 1:
            return cls(values[0], values[0], values[0])
        low, median, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(low, median, high)


@dataclass
class Figures:
    """Samples by kind of load and contender, one of each round."""

    rounds: int
    load_before: float
    machine: dict[str, object] = field(default_factory=dict)
    samples: dict[tuple[str, str], list[Sample]] = field(default_factory=lambda: defaultdict(list))

    @property
    def kinds(self) -> list[str]:
        """The loads, in the order of the run."""
        return list(dict.fromkeys(kind for kind, _ in self.samples))

    def contenders(self, kind: str) -> list[str]:
        """Who had that load."""
        return [name for each, name in self.samples if each == kind]

    def typical(self, kind: str, name: str, measure: str) -> float:
        """The median over rounds."""
        values: list[float] = [getattr(it, measure) for it in self.samples[kind, name]]
        return statistics.median(values)

    def ratio(self, kind: str, name: str, over: str, measure: str = "per_s") -> Spread | None:
        """One over another, round by round."""
        mine, theirs = self.samples.get((kind, name)), self.samples.get((kind, over))
        if not mine or not theirs:
            return None
        pairs = zip(mine, theirs, strict=True)
        return Spread.of(
            [getattr(one, measure) / max(getattr(other, measure), 1e-9) for one, other in pairs]
        )
