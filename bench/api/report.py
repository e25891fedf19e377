"""The table, and the figures as JSON."""
# ruff: noqa: T201 - a command prints

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec

from bench.api.contenders import OURS
from bench.api.figures import Figures, Spread
from bench.goals import Goal, print_goals

MEASURES = ("per_s", "cpu_ms", "database_cpu_ms", "p50_ms", "p99_ms")


def print_tables(figures: Figures, goals: Sequence[Goal]) -> None:
    """Load by load, then the goals."""
    print(f"\n{'':<22} {'':>8} {'CPU ms':>8} {'database':>8} {'p50':>7} {'p99':>7}   ours over it")
    print(
        f"{'':<22} {'/s':>8} {'/request':>8} {'CPU ms':>8} {'ms':>7} {'ms':>7}   "
        f"{'/s (quartiles)':<20} {'CPU':>5}"
    )
    for kind in figures.kinds:
        for name in figures.contenders(kind):
            per_s, cpu, database, p50, p99 = (
                figures.typical(kind, name, measure) for measure in MEASURES
            )
            print(
                f"{kind + ', ' + name:<22} {per_s:>8.0f} {cpu:>8.2f} {database:>8.2f} "
                f"{p50:>7.1f} {p99:>7.1f}   {_over(figures, kind, name)}"
            )
    print_goals(goals)


def _over(figures: Figures, kind: str, name: str) -> str:
    if name == OURS:
        return ""
    speed, cpu = (figures.ratio(kind, OURS, name, measure) for measure in ("per_s", "cpu_ms"))
    return f"{speed or ''!s:<20} {cpu.median if cpu else 0:>5.2f}"


def write_json(figures: Figures, goals: Sequence[Goal], path: Path) -> None:
    """Everything that the table says, and what it was made from."""
    found = {
        "machine": figures.machine,
        "load_before": round(figures.load_before, 2),
        "rounds": figures.rounds,
        "goals": [goal.as_json for goal in goals],
        "loads": {kind: _load(figures, kind) for kind in figures.kinds},
    }
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(found, indent=2) + "\n")


def _load(figures: Figures, kind: str) -> dict[str, Any]:
    return {
        name: {
            **{measure: round(figures.typical(kind, name, measure), 3) for measure in MEASURES},
            "ours_over_it": _spread(figures.ratio(kind, OURS, name)),
            "samples": msgspec.to_builtins(figures.samples[kind, name]),
        }
        for name in figures.contenders(kind)
    }


def _spread(spread: Spread | None) -> dict[str, float]:
    return {name: round(value, 3) for name, value in asdict(spread).items()} if spread else {}
