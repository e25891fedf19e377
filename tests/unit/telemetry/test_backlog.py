"""What is still to be done, as a scrape shows it."""

import asyncio
from math import isnan

import pytest
from prometheus_client import REGISTRY

from mediaport.application.ports.thumbnail_queue import Backlog
from mediaport.entrypoints.http import backlog
from mediaport.entrypoints.http.backlog import BacklogGauges
from tests.world import World


@pytest.fixture
def gauges(world: World) -> BacklogGauges:
    return BacklogGauges(inventory=world.use.inventory(), queue=world.queue, clock=world.clock)


def shown(name: str, **labels: str) -> float:
    value = REGISTRY.get_sample_value(f"mediaport_{name}", labels)
    assert value is not None
    return value


async def test_what_is_owed_is_shown_with_its_age(world: World, gauges: BacklogGauges) -> None:
    ada = await world.user()
    await world.ready(ada)
    world.clock.advance(seconds=60)
    await world.ready(ada)

    await gauges.refresh()

    assert shown("thumbnails_owed") == 2
    assert shown("thumbnails_owed_age_seconds") == 60
    assert shown("queue_jobs", state="queued") == 2
    assert shown("queue_jobs", state="active") == 0


async def test_nothing_owed_is_zero(gauges: BacklogGauges) -> None:
    await gauges.refresh()

    assert shown("thumbnails_owed") == shown("thumbnails_owed_age_seconds") == 0
    assert shown("objects_to_remove") == shown("queue_age_seconds") == 0


async def test_what_a_part_that_is_down_would_know_is_not_a_number(
    world: World, gauges: BacklogGauges
) -> None:
    world.queue.is_down = world.tables.is_down = True

    await gauges.refresh()

    assert isnan(shown("thumbnails_owed"))
    assert isnan(shown("queue_jobs", state="queued"))


async def test_a_part_that_hangs_holds_nobody_up(
    world: World, gauges: BacklogGauges, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang() -> Backlog:
        await asyncio.sleep(3600)
        raise AssertionError

    monkeypatch.setattr(backlog, "PATIENCE_S", 0.01)
    monkeypatch.setattr(world.queue, "backlog", hang)

    async with asyncio.timeout(5):
        await gauges.refresh()

    assert isnan(shown("queue_age_seconds"))
    assert shown("thumbnails_owed") == 0


async def test_a_defect_is_told_and_keeps_nobody_from_the_rest(
    world: World,
    gauges: BacklogGauges,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail() -> Backlog:
        raise KeyError

    monkeypatch.setattr(world.queue, "backlog", fail)

    await gauges.refresh()

    assert isnan(shown("queue_age_seconds"))
    assert [record.exc_info is not None for record in caplog.records] == [True]


async def test_who_asks_at_once_or_again_soon_is_answered_by_one_look(
    world: World, gauges: BacklogGauges
) -> None:
    looks = 0
    look = world.queue.backlog

    async def count() -> Backlog:
        nonlocal looks
        looks += 1
        return await look()

    world.queue.backlog = count  # type: ignore[method-assign]

    await asyncio.gather(*(gauges.refresh() for _ in range(20)))
    await gauges.refresh()

    assert looks == 1
