"""What was measured, and the ratios that are read from it."""

import os
import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from bench.images.contenders import OURS, Contender
from bench.images.photos import Photo


class Measure(StrEnum):
    """What is compared file by file. Values of one file come one a round, a size or a try."""

    WALL = "wall_s"  # a round
    CPU = "cpu_s"  # a round
    BYTES = "bytes"  # a size
    DISTANCE = "one_minus_ssim"  # a size
    PEAK = "peak_mb"  # a fresh process
    PEAK_ALL = "peak_mb_of_all_its_processes"  # a fresh process


Values = dict[tuple[str, str], list[float]]


@dataclass
class Figures:
    """All figures of a run. Keys are names of files and contenders."""

    photos: list[Photo]
    contenders: list[Contender]
    rounds: int
    # Processes of others that wanted a core: with any, two threads are no faster than one.
    load_before: float = field(default_factory=lambda: os.getloadavg()[0])
    versions: dict[str, str] = field(default_factory=dict)
    values: dict[Measure, Values] = field(default_factory=lambda: {each: {} for each in Measure})
    # Files per second with two at once, a batch each.
    speeds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    refusals_s: dict[tuple[str, str], float] = field(default_factory=dict)

    @property
    def large_jpegs(self) -> list[Photo]:
        """Those that the goals about JPEGs are about."""
        return [photo for photo in self.photos if photo.is_large_jpeg]

    @property
    def others(self) -> list[Photo]:
        """PNG and WebP."""
        return [photo for photo in self.photos if photo.format != "JPEG"]

    def of(self, measure: Measure, photo: Photo, contender: Contender) -> list[float]:
        """The values of one file; none where that was not measured."""
        return self.values[measure].get((photo.path.name, contender.name), [])

    def add(self, measure: Measure, photo: Photo, contender: Contender, *values: float) -> None:
        """One more round, size or try."""
        self.values[measure].setdefault((photo.path.name, contender.name), []).extend(values)

    def ratios(
        self, measure: Measure, photo: Photo, peer: Contender, of: Contender = OURS
    ) -> list[float]:
        """One contender's over a peer's, value by value: noise of a round is in both."""
        values, theirs = self.of(measure, photo, of), self.of(measure, photo, peer)
        return [a / b for a, b in zip(values, theirs, strict=True)] if values and theirs else []

    def ratio(
        self, measure: Measure, photos: Sequence[Photo], peer: Contender, of: Contender = OURS
    ) -> float | None:
        """The median of all ratios of these files."""
        ratios = [each for photo in photos for each in self.ratios(measure, photo, peer, of)]
        return statistics.median(ratios) if ratios else None

    def worst(self, measure: Measure, photos: Sequence[Photo], peer: Contender) -> float | None:
        """The mean ratio of the file where it is the highest."""
        files = [ratios for photo in photos if (ratios := self.ratios(measure, photo, peer))]
        return max(map(statistics.mean, files), default=None)

    def typical(
        self, measure: Measure, photos: Sequence[Photo], contender: Contender
    ) -> float | None:
        """The mean over the files: of their bytes in all, else of their medians."""
        of_a_file = sum if measure is Measure.BYTES else statistics.median
        files = [of_a_file(it) for each in photos if (it := self.of(measure, each, contender))]
        return statistics.mean(files) if files else None
