"""Counts that tests can read, by a clock that tests can move."""

import math
from datetime import datetime, timedelta

from mediaport.application.ports.clock import Clock
from mediaport.application.ports.rate_limiter import Rate, RateLimiter


class MemoryRateLimiter(RateLimiter):
    """Keeps the times of all that was taken.

    Attributes:
        taken: When, by the rate's name and the key.
    """

    def __init__(self, clock: Clock) -> None:
        self.taken: dict[tuple[str, str], list[datetime]] = {}
        self._clock = clock

    async def hit(self, rate: Rate, key: str) -> None:
        """Count those since the first one of the window."""
        now, lasts = self._clock.now(), timedelta(seconds=rate.window_s)
        taken = self.taken.setdefault((rate.name, key), [])
        if taken and now >= taken[0] + lasts:
            taken.clear()
        if len(taken) >= rate.limit:
            left_s = (taken[0] + lasts - now).total_seconds()
            raise rate.exceeded(retry_after_s=math.ceil(left_s))
        taken.append(now)
