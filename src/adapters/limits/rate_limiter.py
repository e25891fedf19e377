"""Counting requests in Redis, and beside it while Redis does not answer."""

import asyncio
import logging
import math
import time

from limits import RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from mediaport.application.ports.rate_limiter import Rate, RateLimiter

log = logging.getLogger(__name__)

# Every request waits for an answer: a Redis that is slower than this is as good as none.
TIMEOUT_S = 0.25
# A count takes a fraction of a millisecond: few connections carry many requests.
CONNECTIONS = 8
# For how long Redis is left alone after it has not answered.
PAUSE_S = 5.0


class RedisRateLimiter(RateLimiter):
    """Increments a count in Redis, atomically; where that fails, `spare` counts for a while.

    Raises:
        ValueError: The URL is none.
        TypeError: It has a parameter that redis-py does not know.
    """

    def __init__(
        self,
        redis_url: str,
        *,
        name: str,
        spare: RateLimiter,
        timeout_s: float = TIMEOUT_S,
        pause_s: float = PAUSE_S,
    ) -> None:
        self._pool = BlockingConnectionPool.from_url(
            redis_url,
            max_connections=CONNECTIONS,
            timeout=timeout_s,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            retry=Retry(NoBackoff(), 0),
        )
        # One that is thrown away: parameters that do not fit show now, not at the first request.
        self._pool.make_connection()  # type: ignore[no-untyped-call]  # redis-py types it not
        # Of a URL, `limits` would make a client of its own, and of unix:// one for Valkey.
        self._store = RedisStorage(
            "redis://",
            implementation="redispy",
            key_prefix=f"{name}:rates",
            connection_pool=self._pool,  # type: ignore[arg-type]  # typed as if options were plain values
        )
        self._windows = FixedWindowRateLimiter(self._store)
        self._spare = spare
        self._timeout_s, self._pause_s = timeout_s, pause_s
        self._next_try_at: float | None = None  # none while Redis answers

    async def hit(self, rate: Rate, key: str) -> None:
        """Count in Redis, for all processes; in the spare, for this one, while Redis is away."""
        if not self._is_redis_asked():
            await self._spare.hit(rate, key)
            return
        try:
            async with asyncio.timeout(self._timeout_s):
                retry_after_s = await self._retry_after_s(rate, key)
        except (RedisError, OSError) as error:  # a TimeoutError is an OSError, too
            self._leave_redis_alone(str(error) or f"no answer in {self._timeout_s} s")
            await self._spare.hit(rate, key)
            return
        self._next_try_at = None
        if retry_after_s is not None:
            raise rate.exceeded(retry_after_s=retry_after_s)

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.aclose()

    async def _retry_after_s(self, rate: Rate, key: str) -> int | None:
        """None where one more is taken."""
        item = RateLimitItemPerSecond(rate.limit, rate.window_s)
        names = (rate.name, key.encode("unicode_escape").decode())  # halves of surrogates, too
        if await self._windows.hit(item, *names):
            return None
        ends_at = await self._store.get_expiry(item.key_for(*names))
        # Redis rounds to seconds, downwards, too.
        left_s = math.ceil(ends_at - time.time() + 0.5)
        return min(max(left_s, 1), rate.window_s)

    def _is_redis_asked(self) -> bool:
        """Always, while it answers; else by one request after each pause, for all others."""
        now = time.monotonic()
        if self._next_try_at is None:
            return True
        if now < self._next_try_at:
            return False
        self._next_try_at = now + self._pause_s
        return True

    def _leave_redis_alone(self, cause: str) -> None:
        if self._next_try_at is None:
            log.warning("Redis counts no requests, each process does for itself: %s", cause)
        self._next_try_at = time.monotonic() + self._pause_s
