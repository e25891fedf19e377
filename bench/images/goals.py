"""The goals for thumbnails. One that a run did not measure is not in the list."""

import statistics
from collections.abc import Sequence

from bench.goals import Goal
from bench.images.contenders import BEST, IDIOMATIC, OURS, PARALLEL_FLOOR
from bench.images.figures import Figures, Measure
from bench.images.photos import Photo


def goals(figures: Figures) -> list[Goal]:
    """All that this run measured. Ratios are medians over files and rounds."""
    jpegs, others, everything = figures.large_jpegs, figures.others, figures.photos
    ratio, wall, cpu = figures.ratio, Measure.WALL, Measure.CPU
    wanted: list[tuple[str, float | None, float]] = [
        ("wall, JPEG, over sharp best", ratio(wall, jpegs, BEST), 0.95),
        ("wall, JPEG, over sharp idiomatic", ratio(wall, jpegs, IDIOMATIC), 0.85),
        ("wall, JPEG, over the parallel floor", ratio(wall, jpegs, PARALLEL_FLOOR), 1.25),
        ("CPU, JPEG, over sharp best", ratio(cpu, jpegs, BEST), 1.05),
        ("CPU, PNG and WebP, over sharp best", ratio(cpu, others, BEST), 1.20),
        ("1 - SSIM, over sharp best", ratio(Measure.DISTANCE, everything, BEST), 1.02),
        ("1 - SSIM, worst file", figures.worst(Measure.DISTANCE, everything, BEST), 1.10),
        ("bytes out, over sharp best", ratio(Measure.BYTES, everything, BEST), 1.02),
        ("peak memory, baseline JPEG, MB", _peak_mb(figures, _baseline(jpegs)), 64),
        ("peak memory, any file, MB", _peak_mb(figures, everything), 100),
        ("peak memory, JPEG, over sharp best", ratio(Measure.PEAK, jpegs, BEST), 0.75),
        *[
            (f"{bomb} refused, s", took_s, 0.05)
            for (bomb, contender), took_s in figures.refusals_s.items()
            if contender == OURS.name
        ],
    ]
    found = [Goal(name, value, goal) for name, value, goal in wanted if value is not None]
    if figures.speeds:
        throughput = _speed_ratio(figures)
        found.append(
            Goal("throughput, two at once, over sharp best", throughput, 1.0, at_least=True)
        )
    return found


def _baseline(photos: Sequence[Photo]) -> list[Photo]:
    return [photo for photo in photos if not photo.is_progressive]


def _peak_mb(figures: Figures, photos: Sequence[Photo]) -> float | None:
    peaks = [it for photo in photos if (it := figures.of(Measure.PEAK, photo, OURS))]
    return max(map(statistics.median, peaks), default=None)


def _speed_ratio(figures: Figures) -> float:
    pairs = zip(figures.speeds[OURS.name], figures.speeds[BEST.name], strict=True)
    return statistics.median(ours / theirs for ours, theirs in pairs)
