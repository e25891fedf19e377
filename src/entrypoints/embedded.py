"""The embedded worker: thumbnails and the sweep, inside the API process."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mediaport.adapters.disk.folder import ObjectFolder
from mediaport.application.media.sweep import Sweep
from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.entrypoints.container import Container

log = logging.getLogger(__name__)


@asynccontextmanager
async def embedded_worker(container: Container) -> AsyncIterator[None]:
    """Make thumbnails and sweep until the block ends; what is under way is given back then."""
    interval_s = container.settings().media_sweep_interval_s
    tasks = [
        asyncio.create_task(container.queue().run()),
        asyncio.create_task(_sweep(container.sweep(), container.folder(), interval_s)),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await container.database().close()


async def _sweep(sweep: Sweep, folder: ObjectFolder, interval_s: int) -> None:
    while True:
        try:
            await sweep()
            await asyncio.to_thread(folder.remove_half_written)
        except PartUnavailable as error:
            log.warning("The sweep has to wait. %s", error)
        except Exception:
            log.exception("The sweep failed; the next one is in %d s", interval_s)
        await asyncio.sleep(interval_s)
