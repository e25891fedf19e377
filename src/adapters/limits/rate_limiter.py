"""Rates in fixed windows: a counter for each key, which ends with its window."""

import asyncio
import logging
import math
import time

from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from mediaport.application.ports.rate_limiter import Rate, RateLimiter
from mediaport.domain.errors import RateExceeded

log = logging.getLogger(__name__)

# A request waits no longer for Redis to count it.
TIMEOUT_S = 0.25
# A Redis that failed is left alone for so long: no request after the first one waits for it.
LEFT_ALONE_S = 5.0
FEW_KEYS = 1000


class InProcessRateLimiter(RateLimiter):
    """Counts in this process."""

    def __init__(self) -> None:
        self._windows = FixedWindowRateLimiter(_Counters())

    async def hit(self, rate: Rate, key: str) -> None:
        """Count one more time."""
        await _hit(self._windows, rate, key)


class RedisRateLimiter(RateLimiter):
    """Counts in Redis, for all processes that share it; in this one while Redis is down.

    Raises:
        ValueError: The URL is none.
        TypeError: It has a parameter that redis-py does not know.
    """

    def __init__(self, redis_url: str, *, name: str) -> None:
        self._pool: ConnectionPool = ConnectionPool.from_url(
            redis_url,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
        )
        # The address is the pool's; the library wants one all the same.
        storage = RedisStorage(
            "async+redis://",
            implementation="redispy",
            key_prefix=f"{name}:rates",
            connection_pool=self._pool,  # type: ignore[arg-type]  # it takes one, and types it not
        )
        self._windows = FixedWindowRateLimiter(storage)
        self._own = InProcessRateLimiter()
        self._left_alone_until_s = 0.0

    async def hit(self, rate: Rate, key: str) -> None:
        """Count one more time, in one round trip."""
        if time.monotonic() >= self._left_alone_until_s:
            try:
                async with asyncio.timeout(TIMEOUT_S):
                    await _hit(self._windows, rate, key)
            except (RedisError, OSError) as error:  # a TimeoutError is an OSError, too
                self._left_alone_until_s = time.monotonic() + LEFT_ALONE_S
                log.warning("Rates are counted by each process for now. %r", error)
            else:
                return
        await self._own.hit(rate, key)

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.disconnect()


class _Counters(MemoryStorage):
    """The library's counters, which look at all keys with each request: 14 ms for 100,000 of them.

    These look at all of them only when they have become twice as many.
    """

    def __init__(self) -> None:
        super().__init__()
        self._look_at = FEW_KEYS

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count; nothing here waits, so nobody else counts meanwhile."""
        if len(self.expirations) >= self._look_at:
            now = time.time()
            for old in [each for each, ends_at in self.expirations.items() if ends_at <= now]:
                del self.expirations[old], self.storage[old]
            self._look_at = max(FEW_KEYS, 2 * len(self.expirations))
        if await self.get(key) == 0:
            self.expirations[key] = time.time() + expiry
        self.storage[key] += amount
        return self.storage[key]


async def _hit(windows: FixedWindowRateLimiter, rate: Rate, key: str) -> None:
    window = RateLimitItemPerSecond(rate.limit, rate.window_s, namespace=rate.name)
    if await windows.hit(window, key):
        return
    ends_at_s = (await windows.get_window_stats(window, key)).reset_time
    raise RateExceeded(
        rate.name,
        limit=rate.limit,
        window_s=rate.window_s,
        retry_after_s=min(rate.window_s, max(1, math.ceil(ends_at_s - time.time()))),
    )
