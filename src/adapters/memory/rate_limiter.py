"""Rates in memory, by a clock that is moved."""

from datetime import datetime, timedelta

from mediaport.application.ports.clock import Clock
from mediaport.application.ports.rate_limiter import Rate, RateLimiter
from mediaport.domain.errors import RateExceeded


class MemoryRateLimiter(RateLimiter):
    """Counts in a dictionary."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._windows: dict[tuple[Rate, str], tuple[datetime, int]] = {}

    async def hit(self, rate: Rate, key: str) -> None:
        """Count one more time in the window that is open, or in a new one."""
        now = self._clock.now()
        ends_at, count = self._windows.get((rate, key), (now, 0))
        if ends_at <= now:
            ends_at, count = now + timedelta(seconds=rate.window_s), 0
        self._windows[rate, key] = ends_at, count + 1
        if count >= rate.limit:
            wait_s = int((ends_at - now).total_seconds())
            raise RateExceeded(
                rate.name, limit=rate.limit, window_s=rate.window_s, retry_after_s=max(1, wait_s)
            )
