"""Real parts cut off, frozen, wiped and killed: nothing is lost, nothing is half-done."""

import asyncio
import re
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from io import BytesIO
from urllib.parse import urlsplit

import httpx
import pytest
from PIL import Image
from redis import Redis
from saq import Queue

from mediaport.entrypoints.cli.serving import GRACE_S
from tests import pictures
from tests.integration.crew import Crew, on_short_patience, real_parts
from tests.integration.server import Server, User
from tests.integration.waiting import until
from tests.servers.found import missing
from tests.servers.postgresql import Postgresql, asked, start_postgresql
from tests.servers.process import ServerProcess
from tests.servers.proxy import TcpProxy, Way
from tests.servers.redis import RedisServer
from tests.servers.s3 import S3Server
from tests.soak.many_media import soak

SIZES = (128, 512, 1024)
PICTURE = pictures.picture(image=pictures.corners(1300, 900))
LARGE = pictures.large()


@pytest.fixture
def store_proxy(real: dict[str, str]) -> Iterator[TcpProxy]:
    """The way from our processes to the store; browsers take another."""
    proxy = TcpProxy(urlsplit(real["S3_ENDPOINT_URL"]).port or 0)
    yield proxy
    proxy.close()


@pytest.fixture
def behind(real: dict[str, str], store_proxy: TcpProxy) -> dict[str, str]:
    """Settings of processes that reach the store through the proxy."""
    outside = real["S3_ENDPOINT_URL"]
    return {
        **real,
        "S3_ENDPOINT_URL": store_proxy.url,
        "S3_PRESIGN_ENDPOINT_URL": outside,
        "S3_PUBLIC_BASE_URL": f"{outside}/{real['S3_BUCKET']}",
    }


@pytest.fixture
def database_proxy(real: dict[str, str]) -> Iterator[TcpProxy]:
    proxy = TcpProxy(urlsplit(real["DATABASE_URL"]).port or 0)
    yield proxy
    proxy.close()


def through(proxy: TcpProxy, url: str) -> str:
    """The same URL, by way of the proxy."""
    return url.replace(f":{urlsplit(url).port}", f":{proxy.port}")


def run_out(real: dict[str, str]) -> None:
    """Let the time pass for which processes that were killed hold their claims."""
    asked(
        real["DATABASE_URL"],
        "UPDATE media SET thumbnails_claimed_until = now() - interval '1 s',"
        " completion_claimed_until = now() - interval '1 s'",
    )


def completed(user: User) -> int:
    """Upload a picture and complete it; the media's id."""
    media_id = user.upload(PICTURE)
    user.complete(media_id).raise_for_status()
    return media_id


def forgive(real: dict[str, str]) -> None:
    """Forget the starts of images that were at hand when a worker was killed, time and again."""
    asked(real["DATABASE_URL"], "UPDATE media SET thumbnails_starts = 0")


def assert_whole(user: User, media_id: int) -> None:
    """The media item has exactly its three variants, and each answers with its picture."""
    media = user.settled(media_id)
    assert media["thumbnails_status"] == "ready", media
    assert httpx.get(str(media["media_url"])).status_code == 200
    for size in SIZES:
        with Image.open(BytesIO(httpx.get(str(media[f"thumb_{size}_url"])).content)) as thumbnail:
            assert thumbnail.width == size


def timed(call: Callable[[], httpx.Response]) -> tuple[httpx.Response, float]:
    started = time.monotonic()
    return call(), time.monotonic() - started


def until_killed(process: ServerProcess) -> None:
    until(lambda: not process.is_running)


def start_to_be_killed(process: ServerProcess) -> None:
    with suppress(RuntimeError):  # it may be killed before it says that it is there
        process.start()
    until_killed(process)


def test_redis_may_freeze_and_die(real: dict[str, str], own_redis: RedisServer, crew: Crew) -> None:
    settings = on_short_patience(real, own_redis)
    api, worker = crew.api(**settings), crew.worker(**settings)
    user = crew.user(api)
    redis = own_redis.process
    assert redis

    for fault, mend in ((redis.freeze, redis.thaw), (redis.kill, redis.start)):
        media_ids = [user.upload(PICTURE) for _ in range(2)]
        fault()
        for media_id in media_ids:
            answer, took_s = timed(partial(user.complete, media_id))
            assert answer.status_code == 200  # row 42
            assert took_s < 1
        for media_id in media_ids:
            assert_whole(user, media_id)  # without Redis
        ready = httpx.get(f"{api.url}/health/ready", timeout=10)
        assert ready.json()["parts"]["thumbnail_queue"] == "down"

        mend()
        until(lambda: httpx.get(f"{api.url}/health/ready", timeout=10).is_success)
        with Redis.from_url(own_redis.url) as client:
            until(partial(client.zcard, f"saq:{settings['QUEUE_NAME']}:stats"))
    assert worker.is_running
    assert [worker.stop(), api.stop()] == [0, 0]


def test_a_redis_that_was_wiped_loses_no_thumbnail(
    real: dict[str, str], redis_server: RedisServer, crew: Crew
) -> None:
    user = crew.user(crew.api(**real))
    media_ids = [user.upload(PICTURE) for _ in range(3)]
    for media_id in media_ids:
        assert user.complete(media_id).status_code == 200

    redis_server.flush()
    crew.worker(**real)

    for media_id in media_ids:
        assert_whole(user, media_id)  # row 43


STORE_STEPS = [
    rb"GET /\S+/public/",
    rb"PUT /\S+_128\.webp",
    rb"PUT /\S+_512\.webp",
    rb"PUT /\S+_1024\.webp",
]
DATABASE_STEPS = [rb"thumbnails_starts=", rb"INSERT INTO media_variants"]


def test_a_worker_killed_at_any_step_leaves_the_work_to_the_next(
    real: dict[str, str],
    behind: dict[str, str],
    store_proxy: TcpProxy,
    database_proxy: TcpProxy,
    crew: Crew,
) -> None:
    user = crew.user(crew.api(**real))
    settings = {**behind, "DATABASE_URL": through(database_proxy, real["DATABASE_URL"])}
    media_ids = []
    for proxy, steps in ((store_proxy, STORE_STEPS), (database_proxy, DATABASE_STEPS)):
        for step in steps:
            for watch in (proxy.before, proxy.after):
                worker = crew.worker_to_be(**settings)
                media_ids.append(completed(user))
                watch(step, worker.kill)
                start_to_be_killed(worker)
                run_out(real)
                forgive(real)

    crew.worker(**real)

    for media_id in media_ids:
        assert_whole(user, media_id)  # row 44
    variants = asked(real["DATABASE_URL"], "SELECT count(*) FROM media_variants")
    assert variants == [3 * len(media_ids)]


def test_workers_killed_while_they_clean_the_queue_lose_nothing(
    real: dict[str, str], behind: dict[str, str], store_proxy: TcpProxy, crew: Crew
) -> None:
    user = crew.user(crew.api(**real))
    media_ids = [completed(user) for _ in range(4)]

    for _ in range(3):  # each start of a worker cleans the queue of what others left
        worker = crew.worker_to_be(**behind)
        store_proxy.before(rb"PUT /\S+_128", worker.kill)
        start_to_be_killed(worker)
        run_out(real)
    forgive(real)
    crew.worker(**real)

    for media_id in media_ids:
        assert_whole(user, media_id)  # row 45


def test_processes_killed_at_random_lose_nothing(real: dict[str, str], crew: Crew) -> None:
    report = soak(real, crew, media=20, kills=5)  # python -m tests.soak.many_media --kills 60

    assert report.kills == 5
    assert report.wrong == []  # rows 44 and 45


def test_jobs_asked_for_twice_do_no_harm(real: dict[str, str], crew: Crew) -> None:
    user = crew.user(crew.api(**real))
    media_id = completed(user)

    async def ask_again() -> None:
        queue = Queue.from_url(real["REDIS_URL"], name=real["QUEUE_NAME"])
        for number in range(20):
            job = {"key": f"again:{number}", "timeout": 30, "media_id": media_id}
            await queue.enqueue("make_thumbnails", **job)
        await queue.disconnect()

    asyncio.run(ask_again())
    for _ in range(2):
        crew.worker(**real)

    assert_whole(user, media_id)
    with Redis.from_url(real["REDIS_URL"]) as client:
        until(lambda: not client.zcard(f"saq:{real['QUEUE_NAME']}:incomplete"))
    starts = asked(real["DATABASE_URL"], "SELECT thumbnails_starts FROM media")
    assert starts == [1]  # row 46


def test_a_store_that_fails_half_way_shows_no_thumbnail_until_all_are_there(
    real: dict[str, str], behind: dict[str, str], store_proxy: TcpProxy, crew: Crew
) -> None:
    api, worker = crew.api(**real), crew.worker(**behind)
    user = crew.user(api)
    failed: list[bool] = []

    def fail() -> None:
        store_proxy.turn(Way.RESET)
        failed.append(True)

    store_proxy.before(rb"PUT /\S+_512", fail)
    media_id = completed(user)
    until(lambda: failed)
    until(lambda: "unavailable" in worker.log)

    media = user.http.get(f"/media/{media_id}").json()
    assert media["thumbnails_status"] == "pending"  # row 47
    assert [media[f"thumb_{size}_url"] for size in SIZES] == [None] * 3
    store_proxy.turn(Way.OPEN)

    assert_whole(user, media_id)


def test_an_image_that_kills_its_worker_is_given_up_after_three_starts(
    real: dict[str, str], behind: dict[str, str], store_proxy: TcpProxy, crew: Crew
) -> None:
    user = crew.user(crew.api(**real))
    deadly = completed(user)
    for _ in range(3):
        worker = crew.worker_to_be(**behind)
        store_proxy.after(rb"GET /\S+/public/media/\d+/%d/" % deadly, worker.kill)
        start_to_be_killed(worker)
        run_out(real)
    harmless = completed(user)

    crew.worker(**behind)

    assert_whole(user, harmless)
    media = user.settled(deadly)
    assert (media["thumbnails_status"], media["thumbnails_error"]) == (
        "failed",
        "gave_up",
    )  # row 48


@pytest.fixture
def own_postgresql() -> Iterator[Postgresql]:
    server = start_postgresql()
    if server.process is None:
        missing("PostgreSQL of our own", "TEST_DATABASE_URL's is not ours to kill: unset it")
    asyncio.run(server.make_template())
    server.migrate_template()
    yield server
    server.stop()


def started_again(process: ServerProcess) -> None:
    """Start a database that was killed: its children may take a moment to notice."""
    for _ in range(50):
        with suppress(RuntimeError):
            process.start()
            return
        time.sleep(0.2)


def test_a_database_that_was_killed_is_used_again_as_soon_as_it_is_back(
    own_postgresql: Postgresql, redis_server: RedisServer, s3_server: S3Server, crew: Crew
) -> None:
    process = own_postgresql.process
    assert process
    with real_parts(own_postgresql, redis_server, s3_server) as settings:
        api, worker = crew.api(**settings), crew.worker(**settings)
        user = crew.user(api)
        media_ids = [user.upload(PICTURE) for _ in range(3)]
        user.complete(media_ids[0]).raise_for_status()

        process.kill()
        answers = [
            user.complete(media_ids[1]),
            user.presign(PICTURE),
            user.http.get("/posts/"),
        ]

        assert [answer.status_code for answer in answers] == [503] * 3  # row 49
        assert all(answer.headers["retry-after"] for answer in answers)
        assert httpx.get(f"{api.url}/health/live").status_code == 200
        started_again(process)
        until(lambda: user.http.get("/posts/").is_success, within_s=5)
        for media_id in media_ids:
            user.complete(media_id).raise_for_status()
            assert_whole(user, media_id)
        assert [worker.stop(), api.stop()] == [0, 0]


def test_a_stop_under_load_cuts_no_request_and_loses_no_job(
    behind: dict[str, str], store_proxy: TcpProxy, crew: Crew
) -> None:
    api, worker = crew.api(**behind), crew.worker(**behind)
    user = crew.user(api)
    media_ids = [user.upload(PICTURE) for _ in range(8)]
    done = completed(user)
    store_proxy.turn(Way.STALL)

    with ThreadPoolExecutor(9) as threads:
        answers = [threads.submit(user.complete, media_id) for media_id in media_ids]
        until(lambda: under_way(api) == len(media_ids))
        stopping = threads.submit(api.stop)
        until(lambda: not is_listening(api.port))
        store_proxy.turn(Way.OPEN)
        statuses = [answer.result().status_code for answer in answers]
        started = time.monotonic()
        assert stopping.result() == 0  # row 51

    assert statuses == [200] * len(media_ids)  # row 51
    assert time.monotonic() - started < GRACE_S
    assert worker.stop() == 0
    api.start()
    worker.start()
    for media_id in (done, *media_ids):
        assert_whole(user, media_id)


def under_way(api: Server) -> int:
    """How many completions the API is working on, as its metrics say."""
    metrics = httpx.get(f"{api.url}/metrics").text
    counts = re.findall(r"\nmediaport_requests_in_progress{.*complete.*} ([\d.]+)", metrics)
    return int(sum(map(float, counts)))


def is_listening(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


COMPLETE_STEPS = [
    rb"GET /\S+/incoming/",
    rb"PUT /\S+/public/",
    rb"POST /\S+\?delete|DELETE /\S+/incoming/",
]
# What is not held in memory is copied twice.
COMPLETE_LARGE_STEPS = [
    rb"PUT /\S+/incoming/staged/",
    rb"GET /\S+/incoming/staged/",
    *COMPLETE_STEPS[1:],
]
COMPLETE_DATABASE_STEPS = [rb"SET completion_claimed_until", rb"UPDATE media SET status"]
COMPLETE_QUEUE_STEPS = [rb"make_thumbnails"]


def test_an_api_killed_at_any_step_of_complete_leaves_it_pending_or_ready(
    real: dict[str, str],
    behind: dict[str, str],
    store_proxy: TcpProxy,
    database_proxy: TcpProxy,
    crew: Crew,
) -> None:
    queue_proxy = TcpProxy(urlsplit(real["REDIS_URL"]).port or 0)
    settings = {
        **behind,
        # Each statement is sent in words, also when it was sent before.
        "DATABASE_URL": through(database_proxy, real["DATABASE_URL"])
        + "?prepared_statement_cache_size=0",
        "REDIS_URL": through(queue_proxy, real["REDIS_URL"]),
    }
    api = crew.api(**settings)
    user = crew.user(api)
    states = []
    media_ids = []
    for proxy, steps, picture in (
        (store_proxy, COMPLETE_STEPS, PICTURE),
        (store_proxy, COMPLETE_LARGE_STEPS, LARGE),
        (database_proxy, COMPLETE_DATABASE_STEPS, PICTURE),
        (queue_proxy, COMPLETE_QUEUE_STEPS, PICTURE),
    ):
        for step in steps:
            for watch in (proxy.before, proxy.after):
                media_id = user.upload(picture)
                media_ids.append(media_id)
                watch(step, api.kill)
                with suppress(httpx.TransportError):
                    user.complete(media_id)
                until_killed(api)
                api.start()
                run_out(real)

                media = user.http.get(f"/media/{media_id}").json()
                states.append(media["status"])
                if media["status"] == "ready":  # row 50
                    assert httpx.get(media["media_url"]).content == picture
                again = user.complete(media_id)
                assert again.status_code == 200
                assert httpx.get(again.json()["public_url"]).content == picture

    assert set(states) == {"pending", "ready"}
    crew.worker(**real)
    for media_id in media_ids:
        assert_whole(user, media_id)
    queue_proxy.close()
