"""What every answer tells a browser not to do with it."""

import re

import httpx
from litestar import Litestar

from mediaport.entrypoints.http.app import create_app
from tests.unit.http.test_app import routes
from tests.unit.http.test_media import Headers
from tests.world import World

ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
DATA = "default-src 'none'; frame-ancestors 'none'"


async def test_every_answer_has_them(app: Litestar, http: httpx.AsyncClient, ada: Headers) -> None:
    for method, path in [*routes(app), ("GET", "/nowhere"), ("BREW", "/posts/")]:
        for headers in ({}, ada):
            answer = await http.request(method, re.sub(r"{\w+:\w+}", "1", path), headers=headers)
            assert ALWAYS.items() <= dict(answer.headers).items(), (method, path)
            policy = answer.headers["content-security-policy"]
            if not path.startswith("/docs"):
                assert policy == DATA, path
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "strict-transport-security" not in answer.headers


async def test_what_is_private_is_not_kept_by_anyone(http: httpx.AsyncClient, ada: Headers) -> None:
    account = {"username": "bob", "password": "correct horse"}
    registered = await http.post("/auth/register", json=account)
    logged_in = await http.post("/auth/login", json=account)
    feed = await http.get("/posts/", headers=ada)
    problem = await http.get("/media/1", headers=ada)

    for answer in (registered, logged_in, feed, problem):
        assert answer.headers["cache-control"] == "no-store"


async def test_a_server_behind_tls_wants_to_be_asked_so_alone(world: World) -> None:
    app = create_app(world.set_anew(base_url="https://media.example.com").use)
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]  # Litestar types ASGI its own way
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        answer = await http.get("/media/policy")

    assert answer.headers["strict-transport-security"] == "max-age=31536000"


async def test_an_app_of_others_says_for_itself_what_may_be_done(http: httpx.AsyncClient) -> None:
    answer = await http.get("/storage/public/a.jpg")

    assert answer.status_code == 404
    assert "content-security-policy" not in answer.headers
