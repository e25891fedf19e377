"""Proves a configuration from outside: tries what must work, and what must be refused."""

from collections.abc import AsyncIterator
from contextlib import suppress

from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.entrypoints.container import Container
from mediaport.entrypoints.doctor.checks import Finding, carry_out
from mediaport.entrypoints.doctor.database import database_checks
from mediaport.entrypoints.doctor.queue import queue_checks
from mediaport.entrypoints.doctor.store import StoreExamination


async def examine(container: Container) -> AsyncIterator[Finding]:
    """Check every part that the settings name, one finding after the other; leave no trace."""
    if container.settings().database_url:
        with suppress(PartUnavailable):  # the checks will say so
            await container.database_clock().read()
    examination = StoreExamination(container)
    async with examination:
        async for finding in carry_out(
            [*database_checks(container), *queue_checks(container), *examination.checks]
        ):
            yield finding
