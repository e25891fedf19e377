"""The goals that loads are measured by. One that a run did not measure is not in the list."""

from bench.api.contenders import FLOOR, OURS, PEER
from bench.api.figures import Figures, Spread
from bench.goals import Goal

SMALL = f"{OURS}, 10k"


def goals(figures: Figures) -> list[Goal]:
    """All that this run measured: medians of the rounds' ratios."""
    ratio = figures.ratio
    wanted: list[tuple[str, Spread | None, float, bool]] = [
        ("presign, requests/s over the peer", ratio("presign", OURS, PEER), 4, True),
        ("presign, peer's CPU over ours", ratio("presign", PEER, OURS, "cpu_ms"), 4, True),
        ("presign, requests/s over the floor", ratio("presign", OURS, FLOOR), 0.65, True),
        ("newest, requests/s over the peer", ratio("newest", OURS, PEER), 6, True),
        ("newest, peer's CPU over ours", ratio("newest", PEER, OURS, "cpu_ms"), 6, True),
        ("newest, requests/s over the floor", ratio("newest", OURS, FLOOR), 0.70, True),
        ("feed, requests/s over the peer", ratio("feed", OURS, PEER), 6, True),
        ("feed, peer's CPU over ours", ratio("feed", PEER, OURS, "cpu_ms"), 6, True),
        ("feed, requests/s over the floor", ratio("feed", OURS, FLOOR), 0.70, True),
        ("feed, page time at 1M over 10k", ratio("feed", SMALL, OURS), 1.3, False),
        ("complete, requests/s over the peer", ratio("complete", OURS, PEER), 3, True),
        ("complete, p99 over the peer", ratio("complete", OURS, PEER, "p99_ms"), 1, False),
    ]
    return [Goal(name, it.median, goal, at_least) for name, it, goal, at_least in wanted if it]
