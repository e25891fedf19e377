"""What a request asks of each part: exact numbers, whatever else the machine does."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
import pytest

from tests import pictures
from tests.integration.crew import Crew, real_parts, through_proxies
from tests.integration.server import User
from tests.servers.postgresql import Postgresql
from tests.servers.proxy import TcpProxy
from tests.servers.redis import RedisServer
from tests.servers.s3 import S3Server
from tests.servers.said import commands, requests, statements

PICTURE, LARGE = pictures.picture(image=pictures.corners(300, 200)), pictures.large()
# By the setting that says where a part is, what is told from what it sends there.
PARTS: dict[str, Callable[[bytes], list[str]]] = {
    "DATABASE_URL": statements,
    "S3_ENDPOINT_URL": requests,
    "REDIS_URL": commands,
}


Call = Callable[[User, int], httpx.Response]
# By kind of request: what is called, with a media item; statements, S3 calls and Redis commands.
# Redis's two of a completion ask for thumbnails and tell of an event; a large picture is copied
# twice, and looked at in between where it begins and where it ends.
REQUESTS: dict[str, tuple[Call, tuple[int, int, int]]] = {
    "presign": (lambda user, _: user.presign(PICTURE), (1, 0, 0)),
    "complete": (lambda user, media_id: user.complete(media_id), (3, 3, 2)),
    "complete a large picture": (lambda user, media_id: user.complete(media_id), (3, 5, 2)),
    "media": (lambda user, media_id: user.http.get(f"/media/{media_id}"), (1, 0, 0)),
    "feed": (lambda user, _: user.http.get("/posts/"), (1, 0, 0)),
    "profile": (lambda user, _: user.http.get(f"/users/{user.name}"), (1, 0, 0)),
    "post": (lambda user, _: user.http.post("/posts/", json={"body": "Hello"}), (2, 0, 0)),
    "post with a picture": (
        lambda user, media_id: user.http.post("/posts/", json={"body": "", "media_id": media_id}),
        (3, 0, 0),
    ),
}
PATIENCE_S = 5
# In between, the API asks for the time, for whether a user is still there, and for leave to go on
# counting by itself: each once in some seconds.
TRIES = 4


@dataclass
class Stage:
    """An API that reaches its parts through proxies, and a user of it."""

    user: User
    proxies: dict[str, TcpProxy]

    def said(self) -> list[Counter[str]]:
        """What each part was asked so far."""
        return [
            Counter(each for sent in self.proxies[part].sent for each in read(bytes(sent)))
            for part, read in PARTS.items()
        ]

    def ask(self, kind: str) -> list[Counter[str]]:
        """What each part is asked for one request."""
        media_id = self.user.upload(LARGE if "large" in kind else PICTURE)
        if not kind.startswith("complete"):
            self.user.complete(media_id).raise_for_status()
        call, expected = REQUESTS[kind]
        before, deadline = self.said(), time.monotonic() + PATIENCE_S
        call(self.user, media_id).raise_for_status()
        while True:  # an event is told when the answer is on its way
            new = [now - then for now, then in zip(self.said(), before, strict=True)]
            if all(it.total() >= count for it, count in zip(new, expected, strict=True)):
                return new
            if time.monotonic() > deadline:
                return new
            time.sleep(0.01)


@pytest.fixture(scope="module")
def stage(
    postgresql_server: Postgresql,
    redis_server: RedisServer,
    s3_server: S3Server,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stage]:
    crew = Crew(tmp_path_factory.mktemp("trips"))
    with (
        real_parts(postgresql_server, redis_server, s3_server) as real,
        through_proxies(real, keeps_sent=True) as (settings, proxies),
    ):
        try:
            yield Stage(crew.user(crew.api(**settings)), proxies)
        finally:
            crew.end()


@pytest.mark.parametrize("kind", REQUESTS)
def test_a_request_asks_its_parts_no_more_than_it_must(stage: Stage, kind: str) -> None:
    stage.ask(kind)  # connections are opened, statements prepared, ids fetched

    seen = [stage.ask(kind) for _ in range(TRIES)]

    totals = [tuple(it.total() for it in asked) for asked in seen]
    assert REQUESTS[kind][1] in totals, seen
    assert min(totals) == REQUESTS[kind][1], seen
