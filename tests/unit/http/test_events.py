"""`GET /media/events`: what a browser hears, and for how long."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import msgspec
import pytest
from litestar import Litestar
from prometheus_client import REGISTRY

from mediaport.domain.media import MediaId
from mediaport.domain.users import UserId
from mediaport.entrypoints.http import events
from mediaport.entrypoints.http.app import STREAMS, create_app
from mediaport.entrypoints.http.event_streams import MAX_PER_USER
from tests.unit.http.listener import PATH, PATIENCE_S, Event, Listener
from tests.unit.http.test_headers import assert_guarded
from tests.unit.http.test_media import Headers, assert_problem, ready, upload
from tests.world import World

Listen = Callable[[Headers], Awaitable[Listener]]


@pytest.fixture
async def listen(app: Litestar, world: World) -> AsyncIterator[Listen]:
    """Opens streams, and hangs up at the end."""
    listeners: list[Listener] = []

    async def opened(headers: Headers) -> Listener:
        listener = Listener(app, headers)
        listeners.append(listener)
        assert (await listener.answer()).status_code == 200
        assert (await listener.hear() or {})[""] == "open"
        return listener

    yield opened
    for listener in listeners:
        await listener.hang_up()
    assert world.events.subscriptions == []
    assert open_streams() == 0


def open_streams() -> float | None:
    return REGISTRY.get_sample_value("mediaport_event_streams")


def media_of(event: Event | None) -> dict[str, Any]:
    assert event
    assert event.keys() == {"event", "data"}
    assert event["event"] == "media"
    media: dict[str, Any] = msgspec.json.decode(event["data"])
    return media


async def test_a_stream_is_for_no_cache_and_no_buffer(app: Litestar, ada: Headers) -> None:
    listener = Listener(app, ada)

    answer = await listener.answer()

    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == "text/event-stream"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-accel-buffering"] == "no"
    assert_guarded(answer)
    await listener.hang_up()


async def test_it_tells_when_media_is_ready_and_when_its_thumbnails_are(
    http: httpx.AsyncClient, world: World, ada: Headers, listen: Listen
) -> None:
    listener = await listen(ada)
    media = await ready(http, world, ada)

    assert media_of(await listener.hear()) == media
    await world.work()
    told = media_of(await listener.hear())

    assert told["thumbnails_status"] == "ready"
    assert told == (await http.get(f"/media/{media['id']}", headers=ada)).json()


async def test_it_tells_that_thumbnails_have_failed(
    http: httpx.AsyncClient, world: World, ada: Headers, listen: Listen
) -> None:
    media = await ready(http, world, ada)
    world.store.objects.clear()
    listener = await listen(ada)

    await world.work()

    assert media_of(await listener.hear())["thumbnails_status"] == "failed"
    assert media["thumbnails_status"] == "pending"


async def test_nobody_hears_of_the_media_of_others(
    http: httpx.AsyncClient, world: World, ada: Headers, bob: Headers, listen: Listen
) -> None:
    of_ada, of_bob = await listen(ada), await listen(bob)

    adas, bobs = await ready(http, world, ada), await ready(http, world, bob)

    assert media_of(await of_ada.hear()) == adas
    assert media_of(await of_bob.hear()) == bobs


async def test_a_hint_about_media_of_others_shows_nothing(
    http: httpx.AsyncClient, world: World, ada: Headers, bob: Headers, listen: Listen
) -> None:
    adas = await ready(http, world, ada)
    of_bob = await listen(bob)
    bob_id = UserId((await http.get("/users/me", headers=bob)).json()["id"])

    world.events.tell(MediaId(adas["id"]), owner_id=bob_id)
    bobs = await ready(http, world, bob)

    assert media_of(await of_bob.hear()) == bobs


async def test_nothing_is_told_of_what_is_gone(
    http: httpx.AsyncClient, world: World, ada: Headers, listen: Listen
) -> None:
    gone, kept = await upload(http, world, ada), await upload(http, world, ada)
    listener = await listen(ada)

    await http.delete(f"/media/{gone}", headers=ada)
    for media_id in (gone, kept):
        world.events.tell(MediaId(media_id), owner_id=UserId(1))

    assert media_of(await listener.hear())["id"] == kept


async def test_comments_show_that_it_is_open(
    ada: Headers, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.001)

    listener = await listen(ada)

    for _ in range(3):
        assert await listener.hear() == {"": "still open"}


async def test_it_ends_when_its_time_is_over(
    ada: Headers, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "LASTS_S", 0)

    listener = await listen(ada)

    assert await listener.hear() is None


async def test_it_ends_with_the_token(
    http: httpx.AsyncClient, world: World, ada: Headers, listen: Listen
) -> None:
    media_id = await upload(http, world, ada)
    listener = await listen(ada)

    world.clock.advance(seconds=3600)
    world.events.tell(MediaId(media_id), owner_id=UserId(1))

    assert await listener.hear() is None


async def test_it_ends_where_events_were_missed(world: World, ada: Headers, listen: Listen) -> None:
    listener = await listen(ada)

    world.events.end_subscriptions()

    assert await listener.hear() is None


async def test_it_ends_in_one_line_when_the_database_is_down(
    http: httpx.AsyncClient,
    world: World,
    ada: Headers,
    listen: Listen,
    caplog: pytest.LogCaptureFixture,
) -> None:
    listener = await listen(ada)

    world.tables.is_down = True
    world.events.tell(MediaId(1), owner_id=UserId(1))

    assert await listener.hear() is None
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


async def test_who_hangs_up_is_forgotten_at_once(
    world: World, ada: Headers, listen: Listen, caplog: pytest.LogCaptureFixture
) -> None:
    listener = await listen(ada)
    assert (len(world.events.subscriptions), open_streams()) == (1, 1)

    await listener.hang_up()

    assert (len(world.events.subscriptions), open_streams()) == (0, 0)
    assert caplog.records == []


async def test_so_is_who_hangs_up_without_ever_having_read(
    app: Litestar, world: World, ada: Headers
) -> None:
    listener = Listener(app, ada, reads=False)
    async with asyncio.timeout(PATIENCE_S):
        while not listener.keeps_the_server_waiting:
            await asyncio.sleep(0)
    assert len(world.events.subscriptions) == 1

    await listener.hang_up()

    assert (len(world.events.subscriptions), open_streams()) == (0, 0)


async def test_429_for_too_many_streams_of_all_users(
    app: Litestar, ada: Headers, bob: Headers, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.state[STREAMS], "_max_open", 1)
    listener = await listen(ada)

    assert_problem(await Listener(app, bob).answer(), 429, "too_many_streams")

    await listener.hang_up()
    await listen(bob)


async def test_429_for_too_many_streams_of_one_user(
    app: Litestar, ada: Headers, bob: Headers, listen: Listen
) -> None:
    listeners = [await listen(ada) for _ in range(MAX_PER_USER)]
    await listen(bob)

    refused = await Listener(app, ada).answer()
    problem = assert_problem(refused, 429, "too_many_streams")
    assert problem["max_streams"] == MAX_PER_USER
    assert refused.headers["retry-after"] == str(problem["retry_after_s"])

    await listeners[0].hang_up()
    await listen(ada)


async def test_a_server_that_stops_ends_all_streams_and_those_to_come(
    world: World, ada: Headers
) -> None:
    app = create_app(world.use)
    before = Listener(app, ada)
    assert (await before.answer()).status_code == 200
    assert (await before.hear() or {})[""] == "open"

    app.state[STREAMS].stop()
    after = Listener(app, ada)

    assert await before.hear() is None
    assert (await after.answer()).status_code == 200
    assert (await after.hear() or {})[""] == "open"
    assert await after.hear() is None


async def test_streams_are_no_slow_requests_in_the_metrics(
    http: httpx.AsyncClient, ada: Headers, listen: Listen
) -> None:
    listener = await listen(ada)
    await listener.hang_up()

    metrics = (await http.get("/metrics")).text

    assert f'method="GET",path="{PATH}"' not in metrics
    assert "mediaport_event_streams 0.0" in metrics


async def test_the_schema_says_what_a_stream_is(http: httpx.AsyncClient) -> None:
    operation = (await http.get("/openapi.json")).json()["paths"][PATH]["get"]

    assert operation["responses"]["200"]["content"] == {
        "text/event-stream": {"schema": {"type": "string"}}
    }
    assert {"401", "429"} <= operation["responses"].keys()
    assert operation["security"] == [{"bearer": []}]
    assert "parameters" not in operation
