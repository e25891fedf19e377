"""Keys that a host gives out for a time are renewed without anyone waiting for them."""

import asyncio
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from botocore.credentials import Credentials, RefreshableCredentials
from botocore.exceptions import CredentialRetrievalError

from mediaport.adapters.s3.credentials import FoundCredentials, NoCredentials

LIFE = timedelta(hours=1)


class Host:
    """An instance that gives out keys for an hour, and its clock."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, tzinfo=UTC)
        self.given = 0
        self.is_down = False
        self.may_answer = Event()
        self.may_answer.set()

    def credentials(self) -> FoundCredentials:
        first = self.ask()
        found = RefreshableCredentials(
            first["access_key"],
            first["secret_key"],
            first["token"],
            self.now + LIFE,
            self.ask,
            "test",
            time_fetcher=lambda: self.now,
        )
        return FoundCredentials(found)

    def ask(self) -> dict[str, str]:
        assert self.may_answer.wait(10)
        if self.is_down:
            raise CredentialRetrievalError(provider="test", error_msg="down")
        self.given += 1
        return {
            "access_key": f"key {self.given}",
            "secret_key": "secret",
            "token": "token",
            "expiry_time": (self.now + LIFE).isoformat(),
        }


async def renewed(credentials: FoundCredentials) -> str:
    """The access key, when it is another one than now."""
    first = credentials.keys().access_key_id
    while (new := credentials.keys().access_key_id) == first:
        await asyncio.sleep(0.001)
    return new


async def test_keys_that_last_are_kept() -> None:
    host = Host()
    credentials = host.credentials()

    for _ in range(2):
        assert credentials.keys().access_key_id == "key 1"
        assert (await credentials.keys_for_call()).session_token == "token"
    assert host.given == 1


async def test_keys_that_end_soon_sign_until_the_new_ones_are_there() -> None:
    host = Host()
    credentials = host.credentials()
    assert credentials.keys().access_key_id == "key 1"
    host.now += timedelta(minutes=50)
    host.may_answer.clear()

    for _ in range(3):
        assert credentials.keys().access_key_id == "key 1"
        assert (await credentials.keys_for_call()).access_key_id == "key 1"
    host.may_answer.set()

    assert await renewed(credentials) == "key 2"
    assert host.given == 2


async def test_keys_that_end_soon_sign_while_the_host_is_down() -> None:
    host = Host()
    credentials = host.credentials()
    assert credentials.keys().access_key_id == "key 1"
    host.now += timedelta(minutes=55)
    host.is_down = True
    assert credentials.keys().access_key_id == "key 1"
    host.is_down = False

    assert await renewed(credentials) == "key 2"


async def test_keys_that_have_ended_are_waited_for() -> None:
    host = Host()
    credentials = host.credentials()
    assert credentials.keys().access_key_id == "key 1"

    host.now += LIFE
    assert credentials.keys().access_key_id == "key 2"
    host.now += LIFE
    assert (await credentials.keys_for_call()).access_key_id == "key 3"


async def test_a_host_that_is_down_has_no_keys_once_the_old_ones_have_ended() -> None:
    host = Host()
    credentials = host.credentials()
    host.is_down = True
    host.now += LIFE

    with pytest.raises(NoCredentials, match="down"):
        credentials.keys()
    with pytest.raises(NoCredentials, match="down"):
        await credentials.keys_for_call()


async def test_keys_of_a_profile_stay() -> None:
    credentials = FoundCredentials(Credentials("key", "secret"))

    assert credentials.keys() == await credentials.keys_for_call() == credentials.keys()
    assert credentials.keys().session_token is None
