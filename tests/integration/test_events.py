"""Events of running servers: they arrive, also over Redis, and keep nobody from stopping."""

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from tests import pictures
from tests.integration.crew import Crew, on_short_patience
from tests.integration.event_stream import listening
from tests.integration.server import Server, User
from tests.integration.waiting import until
from tests.servers.redis import RedisServer

PICTURE = pictures.picture()
# uvicorn looks ten times a second whether it is to stop; it would wait ten seconds for a stream.
STOPS_WITHIN_S = 5


@pytest.fixture
def bob(product: Server, request: pytest.FixtureRequest) -> Iterator[User]:
    """A user of the product on real parts."""
    user = User(product.url, f"bob_{abs(hash(request.node.nodeid)) % 10**12}")
    yield user
    user.close()


def open_streams(server: Server) -> int:
    metrics = httpx.get(f"{server.url}/metrics").text
    (count,) = re.findall(r"\nmediaport_event_streams ([\d.]+)", metrics)
    return int(float(count))


def completed(user: User) -> int:
    media_id = user.upload(PICTURE)
    user.complete(media_id).raise_for_status()
    return media_id


def test_embedded_thumbnails_are_told(ada: User) -> None:
    with listening(ada) as events:
        media_id = completed(ada)
        told = events.until_thumbnails(media_id)

    assert told == ada.http.get(f"/media/{media_id}").json()
    assert httpx.get(told["thumb_128_url"]).status_code == 200


def test_thumbnails_that_a_worker_has_made_are_told(bob: User) -> None:
    with listening(bob) as one, listening(bob) as other:
        media_id = completed(bob)
        told = one.until_thumbnails(media_id)
        assert other.until_thumbnails(media_id) == told

    assert told["thumbnails_status"] == "ready"
    assert told == bob.http.get(f"/media/{media_id}").json()


def complaints(log: str) -> list[str]:
    """What a log says but of the work that is done."""
    return [line for line in log.splitlines() if '"level":"info"' not in line]


def test_who_hangs_up_is_forgotten_without_a_word(ada: User, server: Server) -> None:
    said = complaints(server.log)
    with ExitStack() as stack:
        for _ in range(10):
            stack.enter_context(listening(ada))
        assert open_streams(server) == 10
        assert ada.http.get("/media/events").status_code == 429

    until(lambda: open_streams(server) == 0)
    assert complaints(server.log) == said


def test_a_server_stops_at_once_while_streams_are_open(own_server: Server) -> None:
    own_server.start()
    users = [User(own_server.url, name) for name in ("ada", "bob")]
    with listening(users[0]) as of_ada, listening(users[1]) as of_bob:
        said = own_server.log
        started = time.monotonic()

        assert own_server.stop() == 0

        assert time.monotonic() - started < STOPS_WITHIN_S
        assert (of_ada.media(), of_bob.media()) == (None, None)
    assert complaints(own_server.log.removeprefix(said)) == ["Stopped."]
    for user in users:
        user.close()


def test_over_redis_a_server_stops_at_once_too(real: dict[str, str], crew: Crew) -> None:
    api = crew.api(**real)
    worker = crew.worker(**real)
    with listening(crew.user(api)) as events:
        started = time.monotonic()

        assert [api.stop(), worker.stop()] == [0, 0]

        assert time.monotonic() - started < 2 * STOPS_WITHIN_S
        assert events.media() is None
    assert "Traceback" not in api.log + worker.log


def test_events_flow_again_after_redis_was_killed(
    real: dict[str, str], own_redis: RedisServer, crew: Crew
) -> None:
    settings = {**real, "REDIS_URL": own_redis.url}
    api, worker = crew.api(**settings), crew.worker(**settings)
    user, redis = crew.user(api), own_redis.process
    assert redis

    with listening(user) as events:
        redis.kill()
        media_id = completed(user)
        told = events.media()
        assert told
        assert told["id"] == media_id  # of what this process does, it hears without Redis
        assert user.settled(media_id)["thumbnails_status"] == "ready"  # by the sweep, unheard

        redis.start()
        while events.media():
            pass  # the stream ends, for nobody knows what it has missed
    with listening(user) as events:
        assert events.until_thumbnails(completed(user))["thumbnails_status"] == "ready"

    assert [worker.stop(), api.stop()] == [0, 0]
    assert "Traceback" not in api.log + worker.log


def test_a_redis_that_hangs_delays_neither_completion_nor_the_end(
    real: dict[str, str], own_redis: RedisServer, crew: Crew
) -> None:
    settings = on_short_patience(real, own_redis)
    api, worker = crew.api(**settings), crew.worker(**settings)
    user, redis = crew.user(api), own_redis.process
    assert redis

    with listening(user) as events:
        media_ids = [user.upload(PICTURE) for _ in range(5)]
        redis.freeze()
        for media_id in media_ids:
            started = time.monotonic()
            user.complete(media_id).raise_for_status()
            assert time.monotonic() - started < 1  # row 42
        for media_id in media_ids:
            user.settled(media_id)
        started = time.monotonic()

        assert [api.stop(), worker.stop()] == [0, 0]

        assert time.monotonic() - started < 2 * STOPS_WITHIN_S
        while events.media():
            pass
    assert "Traceback" not in api.log + worker.log
