"""What browsers are told with every answer."""

import re

import httpx
import pytest
from litestar import Litestar, Response, get

from mediaport.entrypoints.http.access import PUBLIC as OPEN
from mediaport.entrypoints.http.app import create_app
from mediaport.entrypoints.http.headers import NO_PAGE
from mediaport.entrypoints.settings import Settings
from tests.unit.http.test_app import PUBLIC, routes
from tests.unit.http.test_media import Headers
from tests.world import World

EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
}


def assert_guarded(answer: httpx.Response) -> None:
    assert EVERYWHERE.items() <= dict(answer.headers).items(), answer.url
    assert answer.headers["cross-origin-resource-policy"] == "same-origin", answer.url
    assert "strict-transport-security" not in answer.headers
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    is_page = answer.headers.get("content-type", "").startswith("text/html")
    if is_page:
        assert "script-src 'self'" in policy
    elif answer.url.path != "/docs/openapi.json":  # the page's router answers it
        assert policy == NO_PAGE, answer.url
    for name in answer.headers:
        assert len(answer.headers.get_list(name)) == 1, name


async def test_every_route_tells_browsers_what_not_to_do(
    app: Litestar, http: httpx.AsyncClient, ada: Headers
) -> None:
    for method, path in routes(app) - {("GET", "/media/events")}:  # it never ends: test_events
        url = re.sub(r"{\w+:\w+}", "1", path)
        for headers in ({}, ada):
            answer = await http.request(method, url, headers=headers)
            assert_guarded(answer)
            is_for_anyone = (method, path) in PUBLIC and method in {"GET", "HEAD"}
            if not is_for_anyone or answer.is_error:
                assert answer.headers["cache-control"] in {"no-store", "private, no-cache"}, path


async def test_so_do_refusals_by_the_framework(http: httpx.AsyncClient) -> None:
    for method, path in (("GET", "/nothing"), ("PUT", "/auth/login"), ("OPTIONS", "/posts/")):
        answer = await http.request(method, path)
        assert_guarded(answer)
        assert answer.headers["cache-control"] == "no-store"


async def test_tokens_are_kept_by_no_cache(http: httpx.AsyncClient) -> None:
    account = {"username": "ada", "password": "correct horse"}
    for path in ("/auth/register", "/auth/login"):
        answer = await http.post(path, json=account)
        assert answer.json()["access_token"]
        assert answer.headers["cache-control"] == "no-store"


async def test_what_is_for_anyone_may_be_kept(http: httpx.AsyncClient) -> None:
    for path in ("/media/policy", "/openapi.json", "/docs"):
        assert "cache-control" not in (await http.get(path)).headers
    asset = await http.get("/docs/assets/swagger-ui.css")
    assert asset.headers["cache-control"] == "public, max-age=86400"


async def test_the_docs_page_holds_nothing_that_its_policy_forbids(
    http: httpx.AsyncClient,
) -> None:
    page = await http.get("/docs")

    assert not re.search(r"<script(?![^>]*src=)|<style|style=|\son\w+=", page.text)
    start = (await http.get("/docs/start.js")).text
    assert "/openapi.json" in start
    assert 'id="swagger-ui"' in page.text
    assert '"#swagger-ui"' in start


async def test_mounted_apps_say_for_themselves_what_their_pages_may_load(
    http: httpx.AsyncClient,
) -> None:
    answer = await http.get("/storage/public/a.jpg")

    assert EVERYWHERE.items() <= dict(answer.headers).items()
    assert "cross-origin-resource-policy" not in answer.headers
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["cache-control"] == "no-store"  # of a key that may be there soon


async def test_beside_a_mounted_app_the_api_answers(http: httpx.AsyncClient) -> None:
    answer = await http.get("/storagex")

    assert answer.status_code == 404
    assert answer.headers["content-security-policy"] == NO_PAGE
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("base_url", "told"),
    [("https://media.example", "max-age=31536000"), ("http://media.example", None)],
)
async def test_browsers_stay_with_https_where_they_are_sent_there(
    base_url: str, told: str | None
) -> None:
    world = World(Settings(jwt_secret="x" * 32, data_dir="/no", base_url=base_url))
    transport = httpx.ASGITransport(create_app(world.use))  # type: ignore[arg-type]  # Litestar types ASGI its own way
    async with httpx.AsyncClient(transport=transport, base_url=base_url) as http:
        for path in ("/media/policy", "/users/me", "/nothing", "/storage/public/a.jpg"):
            answer = await http.get(path)
            assert answer.headers.get("strict-transport-security") == told


async def test_what_a_handler_sets_stays(world: World) -> None:
    @get("/own", opt=OPEN, sync_to_thread=False)
    def own() -> Response[str]:
        return Response("", headers={"X-Frame-Options": "SAMEORIGIN", "Cache-Control": "private"})

    app = create_app(world.use)
    app.register(own)
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]  # Litestar types ASGI its own way
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        answer = await http.get("/own")

    assert answer.headers.get_list("x-frame-options") == ["SAMEORIGIN"]
    assert answer.headers.get_list("cache-control") == ["private"]
