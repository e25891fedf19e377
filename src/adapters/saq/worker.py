"""The worker's side of the queue: takes jobs from Redis and makes thumbnails."""

import asyncio
import logging
import signal
import socket
import time
from contextlib import suppress
from typing import Any
from uuid import uuid4

from redis.asyncio import Redis
from redis.exceptions import RedisError
from saq.job import Job
from saq.queue.redis import RedisQueue
from saq.types import WorkerInfo
from saq.worker import Worker
from structlog.contextvars import bound_contextvars

from mediaport.adapters.saq.thumbnail_queue import ASKED_BY, JOB
from mediaport.application.media.make_next_thumbnails import MakeNextThumbnails
from mediaport.application.ports.unavailable import PartUnavailable

log = logging.getLogger(__name__)

HOST = "host"  # the name under which a worker says where it runs
DEQUEUE_TIMEOUT_S = 5
REDIS_TIMEOUT_S = 2 * DEQUEUE_TIMEOUT_S
PAUSE_S = 1
REPORT_S = 5
REPORT_LASTS_S = 3 * REPORT_S
SWEEP_S = 15
SAY_AGAIN_S = 60
CANCEL_S = 5
GOODBYE_S = 1


class SaqWorker:
    """Works off jobs, some at a time, until it is cancelled.

    What is under way then is given back: the claim to the database, the job to Redis.
    """

    def __init__(
        self, redis_url: str, *, name: str, make_next: MakeNextThumbnails, concurrency: int
    ) -> None:
        self._make_next = make_next
        # A Redis that is frozen or gone shows by its silence: hence the timeout.
        redis: Redis = Redis.from_url(redis_url, socket_timeout=REDIS_TIMEOUT_S)
        self._queue = _Queue(redis, name=name)
        logging.getLogger("saq").addFilter(_in_one_line)
        self._worker = _Worker(
            self._queue,
            [(JOB, self._work)],
            # In a container every process has the same number.
            id=f"{socket.gethostname()}-{uuid4().hex[:8]}",
            concurrency=concurrency,
            dequeue_timeout=DEQUEUE_TIMEOUT_S,
            timers={"schedule": 1, "worker_info": REPORT_S, "sweep": SWEEP_S, "abort": 1},
            cancellation_hard_deadline_s=CANCEL_S,
            metadata={HOST: socket.gethostname()},
        )

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            await self._worker.start()
        finally:
            with suppress(RedisError, TimeoutError):  # Redis may be gone, or hang
                async with asyncio.timeout(GOODBYE_S):
                    await self._forget_report()
                    await self._queue.disconnect()

    async def _forget_report(self) -> None:
        report = self._queue.namespace(f"worker_info:{self._worker.id}")
        await self._queue.redis.zrem(self._queue.namespace("stats"), report)

    async def _work(self, context: dict[str, Any], *, media_id: int) -> None:
        """Take a turn. `media_id` has asked for it; whose it is says the database."""
        asked_by = context["job"].meta.get(ASKED_BY)
        with bound_contextvars(asked_for=media_id, asked_by=asked_by):
            await self._make_next()


class _Queue(RedisQueue):
    """SAQ's queue, with a pause where Redis is gone: its worker would ask again at once."""

    async def dequeue(  # SAQ's own signature
        self,
        timeout: float = 0.0,  # noqa: ASYNC109
        poll_interval: float = 0.0,
    ) -> Job | None:
        """The next job."""
        try:
            return await super().dequeue(timeout, poll_interval)
        except RedisError:
            await asyncio.sleep(PAUSE_S)
            raise


class _Worker(Worker[Any]):
    """SAQ's worker, leaving signals to the process that runs it."""

    SIGNALS: list[signal.Signals] = []  # noqa: RUF012 - as the parent declares it

    async def process(self) -> bool:
        """Work off a job; Redis may be gone before it hears of that."""
        try:
            return await super().process()
        except RedisError as error:
            log.warning("Redis does not know what became of a job. %s", error)
            await asyncio.sleep(PAUSE_S)
            return True

    async def worker_info(self, ttl: int = REPORT_LASTS_S) -> WorkerInfo:  # noqa: ARG002
        """Say that this worker lives. What SAQ asks for lasts hardly until the next report."""
        return await super().worker_info(REPORT_LASTS_S)


def _in_one_line(record: logging.LogRecord) -> bool:
    """Say that a part is down in one line, not by a traceback a second; keep stops silent."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, RedisError | PartUnavailable):
        record.msg, record.args = f"{record.msg.partition(' %')[0]}. {error}", ()
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        record.exc_info = None
        if time.monotonic() < _said.get(record.msg, 0) + SAY_AGAIN_S:
            return False
        _said.clear()  # it is to hold what is said now, not all that ever was
        _said[record.msg] = time.monotonic()
    return "shutdown grace period" not in record.msg


_said: dict[str, float] = {}
