"""Asking for thumbnails by jobs in Redis."""

import asyncio
import time
from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from saq.queue.redis import RedisQueue
from structlog.contextvars import get_contextvars

from mediaport.application.ports.media_repository import THUMBNAILS_CLAIM_LASTS
from mediaport.application.ports.thumbnail_queue import Backlog, ThumbnailQueue
from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.domain.media import MediaId

T = TypeVar("T")

JOB = "make_thumbnails"
# When a job is cut off, its claim has run out by itself: so the start counts.
JOB_TIMEOUT_S = 2 * int(THUMBNAILS_CLAIM_LASTS.total_seconds())
JOB_TRIES = 3
RETRY_DELAY_S = 1.0
ASKED_BY = "asked_by"  # the request that a job comes from


class SaqThumbnailQueue(ThumbnailQueue):
    """Puts one job per media item into Redis, unless it waits there already.

    Redis may freeze, forget or double a job: the database says what is owed, and the sweep makes
    that. So nothing here waits for longer than `timeout_s`.

    Raises:
        ValueError: The URL is none.
        TypeError: It has a parameter that redis-py does not know.
    """

    def __init__(self, redis_url: str, *, name: str, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._redis: Redis = Redis.from_url(
            redis_url,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            retry=Retry(NoBackoff(), 1),  # once, for a connection that a restart has cut
        )
        # One that is thrown away: parameters that do not fit show now, not at the first request.
        self._redis.connection_pool.make_connection()  # type: ignore[no-untyped-call]  # redis-py types it not
        self.jobs = RedisQueue(self._redis, name=name)

    async def enqueue(self, media_id: MediaId) -> None:
        """Add a job; SAQ takes no second one under the same key."""
        await self._in_time(
            self.jobs.enqueue(
                JOB,
                media_id=media_id,
                key=f"{JOB}:{media_id}",
                # For the worker's log alone.
                meta={ASKED_BY: get_contextvars().get("request_id")},
                timeout=JOB_TIMEOUT_S,
                retries=JOB_TRIES,
                retry_delay=RETRY_DELAY_S,
                retry_backoff=True,
            )
        )

    async def backlog(self) -> Backlog:
        """Ask for two lengths, and for the job that waits first."""
        return await self._in_time(self._backlog())

    async def _backlog(self) -> Backlog:
        queued, active = self.jobs.namespace("queued"), self.jobs.namespace("active")
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.llen(queued)
            pipe.llen(active)
            pipe.lindex(queued, 0)
            waiting, in_hand, first = await pipe.execute()
        job = await self.jobs.job(self.jobs.job_key_from_id(first.decode())) if first else None
        age_s = time.time() - job.queued / 1000 if job else 0
        return Backlog(queued=waiting, active=in_hand, age_s=max(age_s, 0))

    async def check(self) -> None:
        """Ping Redis."""
        await self._in_time(self._redis.ping())

    async def workers(self) -> Mapping[str, Mapping[str, Any]]:
        """What each living worker said of itself, by its id.

        Raises:
            PartUnavailable: Redis does not answer.
        """
        info = await self._in_time(self.jobs.info())
        return {name: worker["metadata"] or {} for name, worker in info["workers"].items()}

    async def close(self) -> None:
        """Close every connection. SAQ's own `disconnect` would first open one."""
        await self._redis.aclose()
        await self._redis.connection_pool.disconnect()

    async def _in_time(self, work: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await work
        except (RedisError, OSError) as error:  # a TimeoutError is an OSError, too
            cause = str(error) or f"no answer in {self._timeout_s} s"
            raise PartUnavailable("thumbnail_queue", cause) from error
