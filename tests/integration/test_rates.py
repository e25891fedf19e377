"""Rates over processes and behind proxies."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.integration.crew import Crew
from tests.integration.server import Server

WRONG = {"username": "ada", "password": "wrong password"}


def statuses(*apis: Server, names: Iterator[str], count: int, **headers: str) -> list[int]:
    """The answers to attempts to log in that are made at once, at each API in turn."""

    def attempt(number: int) -> int:
        url = f"{apis[number % len(apis)].url}/auth/login"
        account = {**WRONG, "username": next(names)}
        return httpx.post(url, json=account, headers=headers, timeout=60).status_code

    with ThreadPoolExecutor(4) as threads:
        return list(threads.map(attempt, range(count)))


def same() -> Iterator[str]:
    while True:
        yield "ada"


def others() -> Iterator[str]:
    return (f"user{number}" for number in range(1000))


def test_two_processes_count_attempts_to_log_in_together(real: dict[str, str], crew: Crew) -> None:
    limits = {"RATE_LOGIN_PER_NAME": "7/hour", "RATE_LOGIN_PER_ADDRESS": "20/hour"}
    apis = [crew.api(**real, **limits) for _ in range(2)]

    by_name = statuses(*apis, names=same(), count=16)
    by_address = statuses(*apis, names=others(), count=16)

    assert (by_name.count(401), by_name.count(429)) == (7, 9)  # row 37
    assert (by_address.count(401), by_address.count(429)) == (4, 12)  # row 37


@pytest.mark.parametrize("is_trusted", [True, False])
def test_only_a_proxy_that_is_configured_says_where_a_request_comes_from(
    crew: Crew,
    is_trusted: bool,
) -> None:
    proxies = {"TRUSTED_PROXIES": "127.0.0.1,10.0.0.0/8"} if is_trusted else {}
    api = crew.api(RATE_LOGIN_PER_ADDRESS="2/hour", **proxies)

    answers = [
        statuses(api, names=same(), count=1, **{"X-Forwarded-For": forwarded})[0]
        for forwarded in (
            "203.0.113.1",
            "203.0.113.1, 10.1.2.3",
            # What stands before the first address that no proxy of ours has, anyone may have sent.
            "198.51.100.9, 203.0.113.1, 10.1.2.3",
            "203.0.113.2",
        )
    ]

    assert answers == ([401, 401, 429, 401] if is_trusted else [401, 401, 429, 429])  # row 37
