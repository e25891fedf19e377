"""All hosts go by one clock: that of the database."""

import logging
from datetime import UTC, datetime, timedelta

import pytest

from mediaport.adapters.sql import clock as clock_module
from mediaport.adapters.sql.clock import DatabaseClock
from mediaport.adapters.sql.database import Database
from mediaport.application.ports.unavailable import PartUnavailable

A_MOMENT = timedelta(seconds=10)  # machines that test are slow


@pytest.fixture
def monotonic_s(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the monotonic clock tells, one after the other; the last one for ever."""
    told = [0.0]
    monkeypatch.setattr(
        clock_module, "_monotonic_s", lambda: told.pop(0) if len(told) > 1 else told[0]
    )
    return told


async def test_it_tells_the_time_of_the_database(postgresql: Database) -> None:
    clock = DatabaseClock(postgresql)
    with pytest.raises(PartUnavailable, match="not told the time"):
        clock.now()

    await clock.read()

    assert abs(clock.now() - datetime.now(UTC)) < A_MOMENT  # row 52


async def test_between_two_looks_time_goes_by_the_monotonic_clock(
    postgresql: Database, monotonic_s: list[float]
) -> None:
    clock = DatabaseClock(postgresql)
    await clock.read()
    before = clock.now()

    monotonic_s[:] = [60.0]

    assert clock.now() - before == timedelta(seconds=60)


async def test_an_answer_that_took_long_is_not_used(
    postgresql: Database, monotonic_s: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    clock = DatabaseClock(postgresql)
    await clock.read()
    before = clock.now()

    monotonic_s[:] = [100.0, 103.0, 103.0]
    with caplog.at_level(logging.WARNING):
        await clock.read()

    assert clock.now() - before == timedelta(seconds=103)
    assert "after 3.0 s" in caplog.text


async def test_a_database_that_is_down_says_so() -> None:
    clock = DatabaseClock(Database("postgresql+asyncpg://postgres@127.0.0.1:1/none"))

    with pytest.raises(PartUnavailable):
        await clock.read()
