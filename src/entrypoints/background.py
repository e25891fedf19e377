"""What runs beside the API in one process, or in a worker: thumbnails and the sweep."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Coroutine
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    ExitStack,
    asynccontextmanager,
)
from typing import Any

from mediaport import __version__
from mediaport.adapters.sql.clock import DatabaseClock
from mediaport.adapters.telemetry import spans
from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.entrypoints.container import Container

log = logging.getLogger(__name__)

READ_TIME_EVERY_S = 30.0
READ_AGAIN_S = 1.0
FLUSH_S = 2.0


@asynccontextmanager
async def beside_the_api(container: Container) -> AsyncIterator[None]:
    """Make thumbnails and sweep until the block ends, unless workers do; then close all parts."""
    async with telling("API"), using_parts(container), AsyncExitStack() as stack:
        if container.settings().redis_url:
            # The API alone counts, and listens.
            stack.push_async_callback(container.redis_rate_limiter().close)
            await stack.enter_async_context(_beside(container.redis_media_events().listen()))
        else:
            await stack.enter_async_context(making_thumbnails(container))
            await stack.enter_async_context(_sweeping(container))
        yield


async def work(container: Container) -> None:
    """What a worker does until it is cancelled: jobs from Redis, and what the sweep finds owed."""
    settings = container.settings()
    worker = container.redis_worker()  # before it is said that it works: a setting may not fit
    with ExitStack() as stack:
        if settings.worker_metrics_port:
            # Imported here: most workers have none.
            from mediaport.entrypoints.worker_port import answering  # noqa: PLC0415

            stack.enter_context(answering(settings.host, settings.worker_metrics_port))
        async with (
            telling("worker"),
            using_parts(container),
            making_thumbnails(container),
            _sweeping(container),
        ):
            await worker.run()


@asynccontextmanager
async def telling(role: str) -> AsyncIterator[None]:
    """Say that a process begins and ends its work; then send the spans that wait."""
    log.info("Started", extra={"role": role, "version": __version__, "pid": os.getpid()})
    try:
        yield
    finally:
        log.info("Stopped", extra={"role": role, "pid": os.getpid()})
        if tracer := spans.used():
            await asyncio.to_thread(tracer.close, patience_s=FLUSH_S)


@asynccontextmanager
async def closing_parts(container: Container) -> AsyncIterator[None]:
    """Close every connection, and end every decoder, at the end of the block."""
    settings = container.settings()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(container.database().close)
        stack.push_async_callback(container.decoders().close)
        if settings.s3_bucket:
            stack.push_async_callback(container.s3_store().close)
        if settings.redis_url:
            stack.push_async_callback(container.redis_queue().close)
            stack.push_async_callback(container.redis_media_events().close)
        yield


@asynccontextmanager
async def using_parts(container: Container) -> AsyncIterator[None]:
    """Go by the database's clock, and close every part at the end of the block.

    A SQLite file has no clock but the host's. While PostgreSQL has not told the time, it counts as
    down.
    """
    async with closing_parts(container):
        if not container.settings().database_url:
            yield
            return
        clock = container.database_clock()
        pause_s = await _read(clock)
        async with _beside(_read_for_ever(clock, pause_s)):
            yield


async def _read_for_ever(clock: DatabaseClock, pause_s: float) -> None:
    while True:
        await asyncio.sleep(pause_s)
        pause_s = await _read(clock)


async def _read(clock: DatabaseClock) -> float:
    """Ask for the time; when to ask again, in seconds."""
    try:
        await clock.read()
    except PartUnavailable as error:
        log.warning("The time could not be read. %s", error)
        return READ_AGAIN_S
    except Exception:
        log.exception("The time could not be read")
        return READ_AGAIN_S
    return READ_TIME_EVERY_S


def making_thumbnails(container: Container) -> AbstractAsyncContextManager[None]:
    """Make the thumbnails that this process is asked for, until the block ends."""
    return _beside(_start_decoders(container), container.own_queue().run())


def _sweeping(container: Container) -> AbstractAsyncContextManager[None]:
    """Sweep now and then, until the block ends."""
    return _beside(_sweep_for_ever(container))


async def _start_decoders(container: Container) -> None:
    try:
        await container.decoders().start()
    except PartUnavailable as error:
        log.warning("The first thumbnails have to wait. %s", error)


@asynccontextmanager
async def _beside(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Do some work beside the block. What is under way at its end is given back."""
    tasks = [asyncio.create_task(each) for each in work]
    for task in tasks:
        task.add_done_callback(_tell)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _tell(task: asyncio.Task[None]) -> None:
    """What runs beside ends by being cancelled alone."""
    if not task.cancelled() and (error := task.exception()):
        log.critical("What runs beside has stopped: start again", exc_info=error)


async def _sweep_for_ever(container: Container) -> None:
    settings, sweep = container.settings(), container.sweep()
    interval_s = settings.media_sweep_interval_s
    while True:
        try:
            await sweep()
            if not settings.s3_bucket:
                await asyncio.to_thread(container.folder().remove_half_written)
        except PartUnavailable as error:
            log.warning("The sweep has to wait. %s", error)
        except Exception:
            log.exception("The sweep failed; the next one is in %d s", interval_s)
        await asyncio.sleep(interval_s)
