"""Who asks too often is told so, with the limit and when to come back."""

import httpx
import pytest
from litestar import Litestar

from mediaport.entrypoints.http.app import create_app
from mediaport.entrypoints.http.rates import client_of
from tests.unit.http.test_app import PUBLIC, routes
from tests.unit.http.test_media import Headers, assert_problem
from tests.world import World

WRONG = {"username": "ada", "password": "wrong password"}


def client(app: Litestar, address: str = "203.0.113.7") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, client=(address, 1))  # type: ignore[arg-type]  # Litestar types ASGI its own way
    return httpx.AsyncClient(transport=transport, base_url="http://testserver")


def strict(world: World, **rates: str) -> Litestar:
    off = dict.fromkeys(
        (
            "rate_per_address",
            "rate_per_user",
            "rate_login_per_address",
            "rate_login_per_name",
            "rate_register_per_address",
        ),
        "off",
    )
    return create_app(world.set_anew(**{**off, **rates}).use)


async def test_attempts_by_one_name_are_limited_from_wherever_they_come(world: World) -> None:
    app = strict(world, rate_login_per_name="3/minute")

    for name in ("ada", "unknown", "No Such Form"):
        for number in range(3):
            async with client(app, f"203.0.113.{number}") as http:
                answer = await http.post("/auth/login", json={**WRONG, "username": name})
            assert_problem(answer, 401, "wrong_credentials")
        async with client(app, "203.0.113.99") as http:
            answer = await http.post("/auth/login", json={**WRONG, "username": name.upper()})
        problem = assert_problem(answer, 429, "rate_limited")  # row 37
        assert (problem["rate"], problem["limit"], problem["window_s"]) == ("login_name", 3, 60)
        assert answer.headers["retry-after"] == str(problem["retry_after_s"]) == "60"
        assert "3 in 60 s" in problem["detail"]


async def test_the_right_password_is_no_way_around_the_limit(world: World) -> None:
    app = strict(world, rate_login_per_name="2/minute")
    right = {"username": "ada", "password": "correct horse"}

    async with client(app) as http:
        await http.post("/auth/register", json=right)
        answers = [await http.post("/auth/login", json=right) for _ in range(3)]
        world.clock.advance(seconds=60)
        later = await http.post("/auth/login", json=right)

    assert [answer.status_code for answer in answers] == [200, 200, 429]  # row 37
    assert later.status_code == 200


async def test_what_is_refused_costs_no_hash(world: World) -> None:
    app = strict(world, rate_login_per_name="1/minute")
    before = world.passwords.verified

    async with client(app) as http:
        for _ in range(5):
            await http.post("/auth/login", json=WRONG)

    assert world.passwords.verified == before + 1


async def test_attempts_from_one_address_are_limited_whatever_the_name(world: World) -> None:
    app = strict(world, rate_login_per_address="3/minute")

    async with client(app) as http:
        answers = [
            await http.post("/auth/login", json={**WRONG, "username": f"user{number}"})
            for number in range(4)
        ]
    async with client(app, "203.0.113.8") as http:
        other = await http.post("/auth/login", json=WRONG)

    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]  # row 37
    assert other.status_code == 401


async def test_a_header_that_anyone_can_send_makes_no_other_address(world: World) -> None:
    app = strict(world, rate_login_per_address="1/minute")

    async with client(app) as http:
        answers = [
            await http.post(
                "/auth/login",
                json=WRONG,
                headers={"X-Forwarded-For": f"198.51.100.{number}", "Forwarded": f"for=::{number}"},
            )
            for number in range(2)
        ]

    assert answers[-1].status_code == 429  # row 37


async def test_registrations_of_one_address_are_limited(world: World) -> None:
    app = strict(world, rate_register_per_address="2/hour")

    async with client(app) as http:
        answers = [
            await http.post(
                "/auth/register", json={"username": f"user{number}", "password": "correct horse"}
            )
            for number in range(3)
        ]

    assert [answer.status_code for answer in answers] == [201, 201, 429]


async def test_a_user_is_limited_wherever_they_are(world: World) -> None:
    app = strict(world, rate_per_user="2/minute")
    account = {"username": "ada", "password": "correct horse"}
    async with client(app) as http:
        token = (await http.post("/auth/register", json=account)).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}

    statuses = []
    for number in range(3):
        async with client(app, f"203.0.113.{number}") as http:
            statuses.append((await http.get("/users/me", headers=headers)).status_code)

    assert statuses == [200, 200, 429]


async def test_every_route_counts_but_those_that_machines_ask(app: Litestar, world: World) -> None:
    limited = strict(world, rate_per_address="1/hour")
    free = {"/health/live", "/health/ready", "/metrics"}
    paths = {path for method, path in PUBLIC if method == "GET" and "{" not in path}

    async with client(limited) as http:
        await http.get("/media/policy")
        assert routes(limited) == routes(app)
        for path in paths:
            answer = await http.get(path)
            assert (answer.status_code == 429) != (path in free), path
        assert (await http.get("/storage/public/a.jpg")).status_code == 404


async def test_rates_can_be_off(world: World) -> None:
    app = strict(world)

    async with client(app) as http:
        answers = [await http.post("/auth/login", json=WRONG) for _ in range(100)]

    assert {answer.status_code for answer in answers} == {401}


async def test_by_default_nobody_honest_meets_a_limit(
    http: httpx.AsyncClient, ada: Headers
) -> None:
    for _ in range(200):
        assert (await http.get("/users/me", headers=ada)).status_code == 200


@pytest.mark.parametrize(
    ("client", "counted"),
    [
        (("203.0.113.7", 1), "203.0.113.7"),
        (("2001:db8:1:2:3:4:5:6", 1), "2001:db8:1:2::/64"),
        (("2001:db8:1:2:ffff::1", 1), "2001:db8:1:2::/64"),
        (("::ffff:203.0.113.7", 1), "203.0.113.7"),
        (("no address", 1), "unknown"),
        (None, "unknown"),
    ],
)
def test_an_address_is_what_one_customer_has(client: tuple[str, int] | None, counted: str) -> None:
    assert client_of({"client": client}) == counted  # type: ignore[arg-type]  # all that it looks at
