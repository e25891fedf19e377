"""How often anyone may ask: by user, by address, and by the name they try to log in under."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from mediaport.application.ports.rate_limiter import Rate
from mediaport.entrypoints.http.app import create_app
from mediaport.entrypoints.http.rates import address_of, rate
from mediaport.entrypoints.settings import Settings, load
from tests.unit.http.test_media import Headers, assert_problem
from tests.world import World

At = Callable[[str], httpx.AsyncClient]
NOWHERE = Path("no-such-file")
WRONG = {"username": "ada", "password": "battery staple"}


@pytest.fixture
def strict_world() -> World:
    """A product that takes little."""
    return World(
        Settings(
            jwt_secret="x" * 32,
            data_dir="/no-such-folder",
            rate_per_user="3/minute",
            rate_per_address="6/minute",
            rate_login_per_name="2/minute",
            rate_login_per_address="4/minute",
            rate_register_per_address="2/minute",
        )
    )


@pytest.fixture
def strict_app(strict_world: World) -> Litestar:
    return create_app(strict_world.use)


@pytest.fixture
async def at(strict_app: Litestar) -> AsyncIterator[At]:
    """Clients by their addresses."""
    async with AsyncExitStack() as stack:
        clients: dict[str, httpx.AsyncClient] = {}

        def client(address: str) -> httpx.AsyncClient:
            transport = httpx.ASGITransport(strict_app, client=(address, 1))  # type: ignore[arg-type]  # Litestar types ASGI its own way
            return httpx.AsyncClient(transport=transport, base_url="http://testserver")

        for number in range(1, 6):
            address = f"192.0.2.{number}"
            clients[address] = await stack.enter_async_context(client(address))
        yield clients.__getitem__


async def token_of(http: httpx.AsyncClient, name: str = "ada") -> Headers:
    account = {"username": name, "password": "correct horse"}
    answer = await http.post("/auth/register", json=account)
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def test_a_user_is_counted_wherever_they_are(at: At, strict_world: World) -> None:
    ada = await token_of(at("192.0.2.1"))
    for number in (1, 2, 3):
        answer = await at(f"192.0.2.{number}").get("/users/me", headers=ada)
        assert answer.status_code == 200

    refused = await at("192.0.2.4").get("/users/me", headers=ada)
    strict_world.clock.advance(seconds=60)
    later = await at("192.0.2.4").get("/users/me", headers=ada)

    problem = assert_problem(refused, 429, "rate_limited")
    assert refused.headers["retry-after"] == "60"
    assert (problem["limit"], problem["window_s"], problem["retry_after_s"]) == (3, 60, 60)
    assert problem["detail"] == (
        "At most 3 requests per user are taken in 60 s. Try again in 60 s."
    )
    assert later.status_code == 200


async def test_one_user_takes_nothing_from_another(at: At) -> None:
    ada = await token_of(at("192.0.2.1"), "ada")
    bob = await token_of(at("192.0.2.2"), "bob")
    for _ in range(3):
        await at("192.0.2.3").get("/users/me", headers=ada)

    assert_problem(await at("192.0.2.3").get("/users/me", headers=ada), 429, "rate_limited")
    assert (await at("192.0.2.2").get("/users/me", headers=bob)).status_code == 200


async def test_an_address_is_counted_whoever_asks(at: At) -> None:
    http = at("192.0.2.1")
    for path in ("/media/policy", "/docs", "/openapi.json", "/users/me", "/posts/", "/docs"):
        assert (await http.get(path)).status_code != 429

    refused = assert_problem(await http.get("/media/policy"), 429, "rate_limited")
    assert refused["rate"] == "requests_per_address"
    assert_problem(await http.get("/users/me"), 429, "rate_limited")
    assert (await at("192.0.2.2").get("/media/policy")).status_code == 200


async def test_probes_metrics_stored_objects_and_the_page_are_not_counted(at: At) -> None:
    http = at("192.0.2.1")
    page = ("/", "/@ada", "/assets/index.js")
    for path in ("/health/live", "/health/ready", "/metrics", "/storage/public/a.jpg", *page):
        for _ in range(7):
            assert (await http.get(path)).status_code != 429

    assert (await http.get("/media/policy")).status_code == 200


async def test_a_name_is_guessed_at_so_often_and_no_more(at: At, strict_world: World) -> None:
    await token_of(at("192.0.2.5"))
    for number, name in ((1, "ada"), (2, "ADA")):
        wrong = {**WRONG, "username": name}
        answer = await at(f"192.0.2.{number}").post("/auth/login", json=wrong)
        assert_problem(answer, 401, "wrong_credentials")
    verified = strict_world.passwords.verified

    refused = await at("192.0.2.3").post(
        "/auth/login", json={"username": "ada", "password": "correct horse"}
    )

    assert assert_problem(refused, 429, "rate_limited")["rate"] == "logins_per_name"  # row 37
    assert refused.headers["retry-after"] == "60"
    assert strict_world.passwords.verified == verified
    strict_world.clock.advance(seconds=60)
    later = await at("192.0.2.3").post(
        "/auth/login", json={"username": "ada", "password": "correct horse"}
    )
    assert later.status_code == 200


async def test_the_limit_tells_not_which_names_exist(at: At) -> None:
    await token_of(at("192.0.2.5"))
    for name in ("ada", "eve", "No Body"):
        tries = [
            await at("192.0.2.1" if name == "ada" else "192.0.2.2").post(
                "/auth/login", json={**WRONG, "username": name}
            )
            for _ in range(2)
        ]
        assert [answer.status_code for answer in tries] == [401, 401]

    refusals = [
        await at("192.0.2.3").post("/auth/login", json={**WRONG, "username": name})
        for name in ("ada", "eve", "No Body")
    ]

    assert {answer.status_code for answer in refusals} == {429}
    assert len({answer.content for answer in refusals}) == 1  # row 36


async def test_an_address_guesses_so_often_and_uses_up_no_name(at: At, strict_world: World) -> None:
    for name in ("ada", "bob", "eve", "dan"):
        await at("192.0.2.1").post("/auth/login", json={**WRONG, "username": name})

    refused = await at("192.0.2.1").post("/auth/login", json={**WRONG, "username": "fay"})

    assert assert_problem(refused, 429, "rate_limited")["rate"] == "logins_per_address"  # row 37
    assert ("logins_per_name", "fay") not in strict_world.rate_limiter.taken


async def test_an_address_opens_so_many_accounts(at: At) -> None:
    for name in ("ada", "bob"):
        await token_of(at("192.0.2.1"), name)

    account = {"username": "eve", "password": "correct horse"}
    refused = await at("192.0.2.1").post("/auth/register", json=account)

    assert assert_problem(refused, 429, "rate_limited")["rate"] == "registrations_per_address"
    assert (await at("192.0.2.2").post("/auth/register", json=account)).status_code == 201


async def test_forwarded_headers_change_nothing_by_themselves(
    at: At, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(6):
        forged = {"X-Forwarded-For": f"203.0.113.{number}", "Forwarded": f"for=203.0.113.{number}"}
        await at("192.0.2.1").get("/media/policy", headers=forged)

    refused = await at("192.0.2.1").get(
        "/media/policy", headers={"X-Forwarded-For": "203.0.113.99", "X-Real-IP": "203.0.113.99"}
    )

    assert_problem(refused, 429, "rate_limited")  # row 37
    (warning,) = caplog.records
    assert "from 192.0.2.1. If that is your proxy, name it in TRUSTED_PROXIES" in warning.message


@pytest.mark.parametrize(
    ("proxy", "is_believed"),
    [
        ("10.0.0.5", True),
        ("::ffff:10.0.0.5", True),
        ("172.31.255.1", True),
        ("::ffff:172.31.255.1", True),
        ("2001:db8::7", True),
        ("10.0.0.6", False),
        ("::ffff:10.0.0.6", False),
        ("172.32.0.1", False),
        ("2001:db8:1::7", False),
    ],
)
async def test_those_are_believed_whom_the_settings_name(
    strict_world: World, proxy: str, is_believed: bool
) -> None:
    named, _ = load({"TRUSTED_PROXIES": "10.0.0.5, 172.16.0.0/12, 2001:db8::/48"}, env_file=NOWHERE)
    app = create_app(strict_world.use)
    behind: Any = ProxyHeadersMiddleware(app, trusted_hosts=named.trusted_peers)  # type: ignore[arg-type]  # Litestar types ASGI its own way
    transport = httpx.ASGITransport(behind, client=(proxy, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        await http.get("/media/policy", headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.7"})

    ((_, counted),) = strict_world.rate_limiter.taken
    assert (counted == "203.0.113.7") is is_believed  # row 37


async def test_a_rate_that_is_off_limits_nothing() -> None:
    names = [name for name in Settings.__struct_fields__ if name.startswith("rate_")]
    world = World(Settings(jwt_secret="x" * 32, data_dir="/no", **dict.fromkeys(names, "off")))  # type: ignore[arg-type]  # all of them are texts
    transport = httpx.ASGITransport(create_app(world.use))  # type: ignore[arg-type]  # Litestar types ASGI its own way
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        ada = await token_of(http)
        await http.post("/auth/login", json=WRONG)
        await http.get("/users/me", headers=ada)

    assert len(names) == 5
    assert world.rate_limiter.taken == {}


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", "unknown"),
        ("not:an:address", "not:an:address"),
        ("x" * 5000, "x" * 100),
        (":" * 5000, ":" * 100),
    ],
)
def test_addresses_of_one_network_are_one(host: str, address: str) -> None:
    assert address_of({"client": (host, 1)}) == address  # type: ignore[arg-type]  # all it reads


def test_who_comes_by_a_unix_socket_has_no_address() -> None:
    assert not address_of({"client": None})  # type: ignore[arg-type]  # all it reads


@pytest.mark.parametrize(
    ("text", "limit", "window_s"),
    [
        ("1/second", 1, 1),
        ("600/minute", 600, 60),
        ("10 per minute", 10, 60),
        ("100/10 seconds", 100, 10),
        ("5 per 2 hours", 5, 7200),
        ("1000/2days", 1000, 172_800),
    ],
)
def test_rates_are_read_as_they_are_said(text: str, limit: int, window_s: int) -> None:
    assert rate("x", text) == Rate(name="x", limit=limit, window_s=window_s)
