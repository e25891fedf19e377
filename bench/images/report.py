"""The table, and the figures as JSON."""
# ruff: noqa: T201 - a command prints

import json
import os
import platform
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.goals import print_goals
from bench.images.contenders import BEST, Contender
from bench.images.figures import Figures, Measure
from bench.images.goals import goals
from bench.images.photos import Photo

COMPARED = (Measure.WALL, Measure.CPU, Measure.PEAK, Measure.BYTES, Measure.DISTANCE)
# How a figure is shown: what it is multiplied by, and its digits.
SHOWN = {
    Measure.WALL: (1000, 0),
    Measure.CPU: (1000, 0),
    Measure.PEAK: (1, 0),
    Measure.BYTES: (1 / 1000, 1),
    Measure.DISTANCE: (1, 4),
}


def print_tables(figures: Figures) -> None:
    """Contender by contender, then file by file, then the goals."""
    for title, photos in (("JPEG", figures.large_jpegs), ("PNG and WebP", figures.others)):
        if photos:
            _print_contenders(figures, f"{title}, {len(photos)} files", photos)
    if BEST in figures.contenders:
        _print_files(figures)
    print_goals(goals(figures))


def _print_contenders(figures: Figures, title: str, photos: Sequence[Photo]) -> None:
    print(f"\n{title:<16} {'wall':>6} {'CPU':>6} {'peak':>6} {'out':>6} {'':>7}   ours over it")
    print(
        f"{'':<16} {'ms':>6} {'ms':>6} {'MB':>6} {'kB':>6} {'1-SSIM':>7}   "
        f"{'wall':>5} {'CPU':>5} {'peak':>5} {'bytes':>5} {'1-SSIM':>6}"
    )
    for contender in figures.contenders:
        values = [figures.typical(measure, photos, contender) for measure in COMPARED]
        ratios = [figures.ratio(measure, photos, contender) for measure in COMPARED]
        shown = [_shown(*pair) for pair in zip(COMPARED, values, strict=True)]
        wall, cpu, peak, size, distance = shown
        print(
            f"{contender.name:<16} {wall:>6} {cpu:>6} {peak:>6} {size:>6} {distance:>7}   "
            + " ".join(f"{_ratio(ratio):>5}" for ratio in ratios)
        )


def _shown(measure: Measure, value: float | None) -> str:
    factor, digits = SHOWN[measure]
    return "" if value is None else f"{value * factor:.{digits}f}"


def _ratio(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f}"


def _print_files(figures: Figures) -> None:
    title = f"ours over {BEST.name}"
    print(f"\n{title:<24} {'':<20} {'wall':>5} {'CPU':>5} {'peak':>5} {'bytes':>5} {'1-SSIM':>6}")
    for photo in figures.photos:
        ratios = [figures.ratio(measure, [photo], BEST) for measure in COMPARED]
        print(
            f"{photo.path.name[:24]:<24} {photo.kind:<20} "
            + " ".join(f"{_ratio(ratio):>5}" for ratio in ratios)
        )


def write_json(figures: Figures, path: Path) -> None:
    """Everything that the tables say, and what they were made from."""
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), **figures.versions}
    found = {
        "machine": machine,
        "load_before": round(figures.load_before, 2),
        "rounds": figures.rounds,
        "goals": [goal.as_json for goal in goals(figures)],
        "two_jobs_at_once_per_s": {
            name: round(statistics.median(speeds), 2) for name, speeds in figures.speeds.items()
        },
        "refusals_s": {
            f"{bomb}, {name}": round(took_s, 4)
            for (bomb, name), took_s in figures.refusals_s.items()
        },
        "files": [_file(figures, photo) for photo in figures.photos],
    }
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(found, indent=2) + "\n")


def _file(figures: Figures, photo: Photo) -> dict[str, Any]:
    return {
        "name": photo.path.name,
        "kind": photo.kind,
        "width": photo.width,
        "height": photo.height,
        "contenders": {each.name: _measured(figures, photo, each) for each in figures.contenders},
    }


def _measured(figures: Figures, photo: Photo, contender: Contender) -> dict[str, Any]:
    """One value for each size, smallest first, or the median of the rounds."""
    found: dict[str, Any] = {}
    for measure in Measure:
        values = [round(value, 5) for value in figures.of(measure, photo, contender)]
        if values:
            by_size = measure in {Measure.BYTES, Measure.DISTANCE}
            found[measure] = values if by_size else statistics.median(values)
    return found
