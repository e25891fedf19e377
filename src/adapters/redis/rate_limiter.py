"""Counting requests in Redis, and beside it while Redis does not answer.

To ask Redis with each request costs more than all that the API does outside the database. So a
process takes a hundredth of a limit at a time, and hands that out by itself. What is taken is
counted before it is used: all processes together never let more pass than the limit.
"""

import asyncio
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from cachetools import LRUCache
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from mediaport.application.ports.rate_limiter import Rate, RateLimiter

log = logging.getLogger(__name__)

# A slow Redis holds up one request of a share: slower than this, it is as good as none.
TIMEOUT_S = 0.25
# A share takes a fraction of a millisecond: few connections carry many requests.
CONNECTIONS = 8
# For how long Redis is left alone after it has not answered.
PAUSE_S = 5.0
# What a process has taken and does not need is lost to the others until the window ends: so much
# of the limit, at most, for each. Limits below 200 are taken one by one.
SHARES = 100
# For so many users and addresses a process holds a share. One that is forgotten counts as used.
MAX_HELD = 10_000

# Takes a share, or what is left; says how much that was, and how long the window lasts (ms).
_TAKE = """
local limit, share, window = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local taken = tonumber(redis.call('GET', KEYS[1]) or 0)
share = math.min(share, limit - taken)
if share > 0 then
    redis.call('INCRBY', KEYS[1], share)
    if taken == 0 then redis.call('PEXPIRE', KEYS[1], window) end
end
return {share, redis.call('PTTL', KEYS[1])}
"""


@dataclass(slots=True)
class _Share:
    """What this process may still hand out to one key, or that there is no more, and until when."""

    left: int = 0
    ends_at: float = 0
    refused_until: float = 0
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    def hand_out(self, now: float) -> bool:
        if self.left < 1 or now >= self.ends_at:
            return False
        self.left -= 1
        return True


class RedisRateLimiter(RateLimiter):
    """Takes shares from Redis, atomically; where that fails, `spare` counts for a while.

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
        max_held: int = MAX_HELD,
        now: Callable[[], float] = time.monotonic,
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
        self._take = Redis(connection_pool=self._pool).register_script(_TAKE)
        self._prefix = f"{name}:rates"
        self._shares: LRUCache[tuple[str, str], _Share] = LRUCache(max_held)
        self._spare = spare
        self._timeout_s, self._pause_s, self._now = timeout_s, pause_s, now
        self._next_try_at: float | None = None  # none while Redis answers

    async def hit(self, rate: Rate, key: str) -> None:
        """Count in Redis, for all processes; in the spare, for this one, while Redis is away."""
        share = self._share_of(rate, key)
        if share.hand_out(self._now()):
            return
        self._refuse_again(share, rate)
        async with share.asking:  # once for all who wait for it
            if share.hand_out(self._now()):
                return
            self._refuse_again(share, rate)
            if not self._is_redis_asked():
                await self._spare.hit(rate, key)
                return
            try:
                async with asyncio.timeout(self._timeout_s):
                    retry_after_s = await self._refill(share, rate, key)
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

    def __len__(self) -> int:
        """For how many keys a share is held."""
        return len(self._shares)

    def _refuse_again(self, share: _Share, rate: Rate) -> None:
        """Within a window nothing is given back: who was refused needs not ask Redis for it."""
        left_s = share.refused_until - self._now()
        if left_s > 0:
            raise rate.exceeded(retry_after_s=_whole_s(left_s, rate))

    def _share_of(self, rate: Rate, key: str) -> _Share:
        share = self._shares.get((rate.name, key))
        if share is None:
            share = self._shares[rate.name, key] = _Share()
        return share

    async def _refill(self, share: _Share, rate: Rate, key: str) -> int | None:
        """Take another share, and one of it at once; None where there was one."""
        counted = f"{self._prefix}:{rate.name}:{key}".encode(errors="surrogatepass")
        # By the time before: the window ends here no later than in Redis.
        began_at = self._now()
        answer: tuple[int, int] = await self._take(
            keys=[counted],
            args=[rate.limit, max(rate.limit // SHARES, 1), rate.window_s * 1000],
        )
        taken, lasts_ms = answer
        if taken < 1:
            share.refused_until = began_at + lasts_ms / 1000
            return _whole_s(lasts_ms / 1000, rate)
        share.left, share.ends_at = taken - 1, began_at + lasts_ms / 1000
        return None

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


def _whole_s(seconds: float, rate: Rate) -> int:
    return min(max(math.ceil(seconds), 1), rate.window_s)
