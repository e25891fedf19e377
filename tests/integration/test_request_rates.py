"""Rates over several processes on one Redis, and who is believed about where a request is from."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.integration.crew import Crew
from tests.integration.server import Server
from tests.servers.redis import RedisServer


@pytest.fixture
def settings(redis_server: RedisServer, tmp_path: Path) -> dict[str, str]:
    """Two processes with these are one product. No window ends while a test runs."""
    return {
        "REDIS_URL": redis_server.url,
        "QUEUE_NAME": f"test_{uuid4().hex}",
        "DATA_DIR": str(tmp_path / "var"),
        "JWT_SECRET": uuid4().hex,
        "RATE_LOGIN_PER_NAME": "10/hour",
        "RATE_LOGIN_PER_ADDRESS": "15/hour",
    }


def tried(apis: Sequence[Server], names: Sequence[str], **headers: str) -> Counter[int]:
    """The answers to logging in under each name, at the processes in turn."""
    with httpx.Client(timeout=60, headers=headers) as http:
        return Counter(
            http.post(
                f"{apis[number % len(apis)].url}/auth/login",
                json={"username": name, "password": "battery staple"},
            ).status_code
            for number, name in enumerate(names)
        )


def test_processes_together_let_nobody_guess_more_often(
    crew: Crew, settings: dict[str, str]
) -> None:
    apis = [crew.api(**settings), crew.api(**settings)]
    crew.user(apis[0])

    of_one_name = tried(apis, ["user_0"] * 14)
    of_one_address = tried(apis, [f"name_{number}" for number in range(10)])

    assert of_one_name == {401: 10, 429: 4}  # row 37
    assert of_one_address == {401: 1, 429: 9}  # row 37


def test_nobody_is_believed_about_an_address_unless_the_settings_say_so(
    crew: Crew, settings: dict[str, str]
) -> None:
    api = crew.api(**settings)
    names = [f"name_{number}" for number in range(16)]

    for number, name in enumerate(names[:15]):
        forged = {"X-Forwarded-For": f"203.0.113.{number}", "X-Forwarded-Proto": "https"}
        assert tried([api], [name], **forged) == {401: 1}

    refused = tried([api], names[15:], **{"X-Forwarded-For": "203.0.113.99"})

    assert refused == {429: 1}  # row 37
    assert "If that is your proxy, name it in TRUSTED_PROXIES" in api.log


def test_a_trusted_proxy_says_who_asks_and_its_clients_cannot(
    crew: Crew, settings: dict[str, str]
) -> None:
    api = crew.api(**settings, TRUSTED_PROXIES="10.0.0.0/8, 127.0.0.1")
    names = [f"name_{number}" for number in range(16)]

    of_one = Counter[int]()
    for number, name in enumerate(names):
        written_by_the_client = f"198.51.100.{number}"
        forwarded = f"{written_by_the_client}, 203.0.113.7, 10.1.2.3"
        of_one += tried([api], [name], **{"X-Forwarded-For": forwarded})
    of_another = tried([api], ["name_16"], **{"X-Forwarded-For": "203.0.113.8"})

    assert of_one == {401: 15, 429: 1}  # row 37
    assert of_another == {401: 1}
    assert "TRUSTED_PROXIES" not in api.log


def test_a_frozen_redis_stops_nobody_and_the_limit_holds_all_the_same(
    crew: Crew, settings: dict[str, str], own_redis: RedisServer
) -> None:
    api = crew.api(**{**settings, "REDIS_URL": own_redis.url})
    user = crew.user(api)
    assert own_redis.process is not None
    own_redis.process.freeze()

    me = user.http.get("/users/me", timeout=1)
    answers = tried([api], ["user_0"] * 14)

    assert me.status_code == 200  # row 42
    assert answers == {401: 10, 429: 4}  # row 37
    assert api.log.count("Redis counts no requests") == 1
