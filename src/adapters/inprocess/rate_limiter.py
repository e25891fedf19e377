"""Counting requests in this process alone.

The memory store of the library `limits` looks at every key with every hit: 15 ms at 100 000 keys,
which anyone with as many addresses could make it hold. This one looks at those that are over.
"""

import math
import time
from collections.abc import Callable

from mediaport.application.ports.rate_limiter import Rate, RateLimiter

# How many were taken in a window, and when it ends.
Window = tuple[int, float]


class InProcessRateLimiter(RateLimiter):
    """Exact for one process; together, processes take as many times the limit.

    Windows of one rate end in the order in which they began, which is a dict's own order: those
    that are over stand in front.
    """

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._windows: dict[Rate, dict[str, Window]] = {}

    async def hit(self, rate: Rate, key: str) -> None:
        """Count, with nothing between reading and writing that waits."""
        windows = self._windows.setdefault(rate, {})
        now = self._now()
        _drop_what_is_over(windows, now)
        taken, ends_at = windows.get(key, (0, now + rate.window_s))
        if taken >= rate.limit:
            raise rate.exceeded(retry_after_s=math.ceil(ends_at - now))
        windows[key] = (taken + 1, ends_at)

    def __len__(self) -> int:
        """How many windows are kept."""
        return sum(len(windows) for windows in self._windows.values())


def _drop_what_is_over(windows: dict[str, Window], now: float) -> None:
    while windows:
        first = next(iter(windows))
        if windows[first][1] > now:
            return
        del windows[first]
