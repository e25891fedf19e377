"""A goal, and whether it holds."""
# ruff: noqa: T201 - a command prints

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Goal:
    """What is wanted, at most or at least, and what there is."""

    name: str
    value: float
    goal: float
    at_least: bool = False

    @property
    def holds(self) -> bool:
        """As measured, not as rounded."""
        return self.value >= self.goal if self.at_least else self.value <= self.goal

    @property
    def wanted(self) -> str:
        """The goal with its direction."""
        return f"{'>=' if self.at_least else '<='} {self.goal:g}"

    @property
    def as_json(self) -> dict[str, Any]:
        """As the results keep it."""
        value = round(self.value, 4)
        return {"name": self.name, "value": value, "goal": self.wanted, "holds": self.holds}


def print_goals(goals: Sequence[Goal]) -> None:
    """A table of what is wanted and what there is."""
    print(f"\n{'goal':<47} {'value':>8} {'wanted':>8}")
    for goal in goals:
        verdict = "holds" if goal.holds else "MISSED"
        print(f"{goal.name:<47} {goal.value:>8.3f} {goal.wanted:>8}  {verdict}")
