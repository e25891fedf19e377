"""What is counted, and what came of it."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from prometheus_client import REGISTRY

from mediaport.adapters.memory.images import picture
from mediaport.adapters.telemetry.object_store import MeasuredStore
from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.domain.errors import DomainError
from mediaport.domain.media import MediaId
from mediaport.domain.policy import AVATAR, POST_IMAGE, Kind
from tests.world import World


@pytest.fixture
def world() -> World:
    world = World()
    world.use.store.override(MeasuredStore(world.store))
    return world


def now(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"mediaport_{name}", labels) or 0


@contextmanager
def counting(name: str, by: float = 1, **labels: str) -> Iterator[None]:
    """What happens within is counted."""
    before = now(name, **labels)
    yield
    assert now(name, **labels) == before + by


async def test_presigns_are_counted_by_kind(world: World) -> None:
    ada = await world.user()

    with counting("presigns_total", kind="avatar", outcome="ok"):
        await world.uploaded(ada, AVATAR)


async def test_a_presign_that_is_refused_is_counted_by_its_code(world: World) -> None:
    ada = await world.user()

    with (
        counting("presigns_total", kind="post_image", outcome="content_type_not_allowed"),
        pytest.raises(DomainError),
    ):
        await world.use.presign_upload()(
            kind=POST_IMAGE, content_type="image/gif", size_bytes=9, by=ada
        )


async def test_kinds_that_clients_make_up_are_counted_as_one(world: World) -> None:
    ada = await world.user()

    for made_up in ("a", "b"):
        with (
            counting("presigns_total", kind="unknown", outcome="kind_unknown"),
            pytest.raises(DomainError),
        ):
            await world.use.presign_upload()(
                kind=Kind(made_up), content_type="image/jpeg", size_bytes=9, by=ada
            )


async def test_a_completion_counts_once_with_its_bytes(world: World) -> None:
    ada = await world.user()
    media_id, size = await world.uploaded(ada), len(picture())

    with counting("completes_total", outcome="ok"), counting("published_bytes_total", by=size):
        await world.use.complete_upload()(media_id, by=ada)
        await world.use.complete_upload()(media_id, by=ada)


@pytest.mark.parametrize("body", [b"<script>", None])
async def test_a_completion_that_is_refused_is_counted_by_its_code(
    world: World, body: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "mediaport")
    ada = await world.user()
    media_id = await world.uploaded(ada, body=body) if body else MediaId(404)
    code = "not_an_image" if body else "media_not_found"

    with counting("completes_total", outcome=code), pytest.raises(DomainError):
        await world.use.complete_upload()(media_id, by=ada)

    assert [(line.message, vars(line)["code"]) for line in caplog.records] == [
        ("Upload refused", code)
    ]


async def test_thumbnails_are_counted_with_their_time(world: World) -> None:
    await world.ready(await world.user())

    with counting("thumbnails_total", outcome="ok"), counting("thumbnails_duration_seconds_count"):
        await world.work()


async def test_thumbnails_that_fail_are_counted_by_the_reason(world: World) -> None:
    await world.ready(await world.user(), body=picture(broken=True))

    with counting("thumbnails_total", outcome="truncated"):
        await world.work()


async def test_a_job_that_a_part_stops_is_counted_by_the_part(world: World) -> None:
    await world.ready(await world.user())
    world.store.is_down = True

    with (
        counting("thumbnails_total", outcome="object_store_unavailable"),
        counting(
            "store_duration_seconds_count", operation="read", outcome="object_store_unavailable"
        ),
        pytest.raises(PartUnavailable),
    ):
        await world.work()


async def test_the_sweep_counts_its_runs_and_what_it_removes(world: World) -> None:
    await world.uploaded(await world.user())
    world.clock.advance(seconds=2 * 3600)

    with counting("sweep_runs_total", outcome="ok"), removed("uploads"), removed("media", by=0):
        await world.use.sweep()()


def removed(what: str, by: float = 1) -> AbstractContextManager[None]:
    return counting("sweep_removed_total", by=by, what=what)


async def test_a_sweep_that_fails_is_counted_by_the_part(world: World) -> None:
    world.tables.is_down = True

    with (
        counting("sweep_runs_total", outcome="database_unavailable"),
        pytest.raises(PartUnavailable),
    ):
        await world.use.sweep()()


async def test_calls_to_the_store_are_measured_by_their_kind(world: World) -> None:
    ada = await world.user()

    with (
        counting("store_duration_seconds_count", operation="stat_and_read", outcome="ok"),
        counting("store_duration_seconds_count", operation="put", outcome="ok"),
    ):
        await world.ready(ada)
