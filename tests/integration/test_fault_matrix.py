"""Each part out of reach in each way: what the API says, and that it recovers by itself."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx
import pytest

from tests import pictures
from tests.integration.crew import Crew, real_parts, through_proxies
from tests.integration.server import Server, User
from tests.servers.postgresql import Postgresql
from tests.servers.proxy import TcpProxy, Way
from tests.servers.redis import RedisServer
from tests.servers.s3 import S3Server

PICTURE = pictures.picture(image=pictures.corners(300, 200))
PARTS = {
    "database": "DATABASE_URL",
    "object_store": "S3_ENDPOINT_URL",
    "thumbnail_queue": "REDIS_URL",
}
WAYS = (Way.RESET, Way.STALL, Way.BLACK_HOLE)
# A statement is given up after 5 s, its connection 1 to 3 s later.
DATABASE_PATIENCE_S = 9.5


@dataclass
class Stage:
    """An API that reaches each of its parts through a proxy, and a worker that needs none."""

    api: Server
    user: User
    proxies: dict[str, TcpProxy]

    def parts(self) -> dict[str, str]:
        """Which parts are down, as the API says."""
        answer = httpx.get(f"{self.api.url}/health/ready", timeout=15)
        assert answer.status_code in {200, 503}
        parts: dict[str, str] = answer.json()["parts"]
        return parts


@pytest.fixture(scope="module")
def stage(
    postgresql_server: Postgresql,
    redis_server: RedisServer,
    s3_server: S3Server,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stage]:
    crew = Crew(tmp_path_factory.mktemp("matrix"))
    with (
        real_parts(postgresql_server, redis_server, s3_server) as real,
        through_proxies(real) as (settings, proxies),
    ):
        outside = f"{real['S3_ENDPOINT_URL']}/{real['S3_BUCKET']}"
        api = crew.api(**settings, S3_PUBLIC_BASE_URL=outside)
        crew.worker(**real)
        try:
            yield Stage(api, crew.user(api), {part: proxies[url] for part, url in PARTS.items()})
            assert crew.stop() == [0, 0]
        finally:
            crew.end()


def timed(call: Callable[[], httpx.Response]) -> tuple[httpx.Response, float]:
    started = time.monotonic()
    return call(), time.monotonic() - started


def assert_unavailable(answer: httpx.Response, part: str) -> None:
    assert answer.status_code == 503, answer.text
    problem = answer.json()
    assert (problem["code"], problem["part"]) == (f"{part}_unavailable", part)
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize("way", WAYS)
def test_a_store_out_of_reach_holds_up_completion_alone(stage: Stage, way: Way) -> None:
    media_id = stage.user.upload(PICTURE)
    stage.proxies["object_store"].turn(way)

    presigned, presign_s = timed(lambda: stage.user.presign(PICTURE))
    completed, complete_s = timed(lambda: stage.user.complete(media_id))
    parts = stage.parts()

    assert presigned.status_code == 201  # row 40
    assert presign_s < 1
    assert_unavailable(completed, "object_store")  # row 41
    assert complete_s < 5
    assert stage.user.http.get(f"/media/{media_id}").json()["status"] == "pending"
    assert stage.user.http.get("/posts/").status_code == 200
    assert parts == {"database": "ok", "object_store": "down", "thumbnail_queue": "ok"}
    assert_recovered(stage, "object_store", media_id)


@pytest.mark.parametrize("way", WAYS)
def test_a_database_out_of_reach_is_told_by_every_call(stage: Stage, way: Way) -> None:
    media_id = stage.user.upload(PICTURE)
    stage.proxies["database"].turn(way)

    calls = (
        lambda: stage.user.complete(media_id),
        lambda: stage.user.presign(PICTURE),
        lambda: stage.user.http.get("/posts/"),
    )
    with ThreadPoolExecutor() as at_once:
        for answer, took_s in at_once.map(timed, calls):
            assert_unavailable(answer, "database")  # row 49
            assert took_s < DATABASE_PATIENCE_S
    parts = stage.parts()

    assert parts == {"database": "down", "object_store": "ok", "thumbnail_queue": "ok"}
    assert httpx.get(f"{stage.api.url}/health/live").status_code == 200
    assert_recovered(stage, "database", media_id)


@pytest.mark.parametrize("way", WAYS)
def test_a_queue_out_of_reach_holds_up_nobody(stage: Stage, way: Way) -> None:
    media_id = stage.user.upload(PICTURE)
    stage.proxies["thumbnail_queue"].turn(way)

    presigned, presign_s = timed(lambda: stage.user.presign(PICTURE))
    completed, complete_s = timed(lambda: stage.user.complete(media_id))
    parts = stage.parts()

    assert presigned.status_code == 201
    assert presign_s < 1
    assert completed.status_code == 200  # row 42
    assert complete_s < 1
    assert parts == {"database": "ok", "object_store": "ok", "thumbnail_queue": "down"}
    # The worker's sweep finds what is owed.
    assert stage.user.settled(media_id)["thumbnails_status"] == "ready"
    assert_recovered(stage, "thumbnail_queue", stage.user.upload(PICTURE))


def assert_recovered(stage: Stage, part: str, media_id: int) -> None:
    """Within 5 s after the way is open everything works again, and nothing was started anew."""
    stage.proxies[part].turn(Way.OPEN)
    deadline = time.monotonic() + 5
    while set(stage.parts().values()) != {"ok"}:
        assert time.monotonic() < deadline, f"{part} is still down"
        time.sleep(0.05)
    assert stage.user.complete(media_id).status_code == 200
    assert stage.user.settled(media_id)["thumbnails_status"] == "ready"
