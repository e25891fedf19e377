"""What holds for every route: access, errors, docs, origins."""

import re

import httpx
import pytest
from litestar import Litestar, get
from litestar.routes import HTTPRoute
from prometheus_client import REGISTRY

from mediaport.domain.errors import DomainError
from mediaport.entrypoints.http.access import PUBLIC as OPEN
from mediaport.entrypoints.http.app import create_app
from mediaport.entrypoints.http.page import PATHS
from mediaport.entrypoints.http.problems import STATUSES
from tests.unit.http.test_media import Headers, assert_problem
from tests.world import World

PUBLIC = {
    ("GET", "/"),
    ("GET", "/assets/{name:str}"),
    ("GET", "/docs"),
    ("GET", "/docs/assets/{name:str}"),
    ("GET", "/docs/openapi.json"),
    ("GET", "/docs/start.js"),
    ("GET", "/docs/{path:str}"),
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("GET", "/login"),
    ("GET", "/media/policy"),
    ("GET", "/metrics"),
    ("GET", "/openapi.json"),
    ("GET", "/p/{post_id:int}"),
    ("GET", "/register"),
    ("HEAD", "/"),
    ("HEAD", "/assets/{name:str}"),
    ("HEAD", "/login"),
    ("HEAD", "/p/{post_id:int}"),
    ("HEAD", "/register"),
    ("POST", "/auth/login"),
    ("POST", "/auth/register"),
}


def routes(app: Litestar) -> set[tuple[str, str]]:
    return {
        (str(method), route.path)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method in route.methods
        if method != "OPTIONS"
    }


async def test_every_route_but_the_public_ones_asks_for_a_token(
    app: Litestar, http: httpx.AsyncClient
) -> None:
    assert routes(app) > PUBLIC

    for method, path in routes(app) - PUBLIC:
        url = re.sub(r"{\w+:\w+}", "1", path)
        for sent in ("", "Bearer", "Bearer ", "Bearer forged", "Basic YTpi", "token-1"):
            answer = await http.request(method, url, headers={"Authorization": sent})
            assert_problem(answer, 401, "not_authenticated")  # row 35
            assert answer.headers["www-authenticate"] == 'Bearer realm="mediaport"'
        assert_problem(await http.request(method, url), 401, "not_authenticated")  # row 35


async def test_what_begins_like_a_public_path_is_none(http: httpx.AsyncClient) -> None:
    for method, path in PUBLIC - {("GET", "/"), ("HEAD", "/"), ("GET", "/docs/{path:str}")}:
        answer = await http.request(method, re.sub(r"{\w+:\w+}", "x", path) + "x")
        assert answer.status_code in {401, 404}, path  # row 35


async def test_the_store_is_at_its_own_path_alone(http: httpx.AsyncClient) -> None:
    for path in ("/storagex", "/storagex/public/a.jpg", "/storage"):
        assert_problem(await http.get(path), 404, "not_found")  # row 35
    assert (await http.get("/storage/public/a.jpg")).status_code == 404
    assert (await http.get("/storage/incoming/a.jpg")).status_code == 403


async def test_a_host_that_is_none_is_a_bad_request(http: httpx.AsyncClient) -> None:
    for host in ("x:abc", "x:99999", f"x:{'9' * 5000}"):
        answer = await http.get("/health/live", headers={"Host": host})
        assert_problem(answer, 400, "malformed_request")


async def test_the_docs_need_no_other_host(http: httpx.AsyncClient) -> None:
    page = await http.get("/docs")

    assert page.status_code == 200
    linked = re.findall(r"""(?:src|href)=["']([^"']+)""", page.text)
    assert linked
    for link in linked:
        if not link.startswith("data:"):
            asset = await http.get(link)
            assert asset.status_code == 200, link
            assert asset.content
    assert (await http.get("/docs/assets/other.js")).status_code == 404


async def test_the_schema_documents_every_route_and_how_it_is_protected(
    app: Litestar, http: httpx.AsyncClient
) -> None:
    schema = (await http.get("/openapi.json")).json()

    assert schema["openapi"].startswith("3.1")
    hidden = {*PATHS, "/assets/{name:str}", "/metrics", "/openapi.json"}
    documented = {
        (method.upper(), re.sub(r"{(\w+)}", r"{\1:x}", path))
        for path, item in schema["paths"].items()
        for method in item
    }
    expected = {
        (method, re.sub(r"{(\w+):\w+}", r"{\1:x}", path))
        for method, path in routes(app)
        if path not in hidden and not path.startswith("/docs")
    }
    assert documented == expected
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            is_public = (method.upper(), path) in PUBLIC
            assert bool(operation.get("security", [{}])[0]) != is_public, path
            assert ("401" in operation["responses"]) != is_public or "login" in path, path


async def test_every_path_says_which_methods_it_has(http: httpx.AsyncClient) -> None:
    schema = (await http.get("/openapi.json")).json()

    for path, item in schema["paths"].items():
        answer = await http.options(re.sub(r"{\w+}", "1", path))
        allowed = set(answer.headers["allow"].split(", ")) - {"OPTIONS"}
        assert allowed == {method.upper() for method in item}, path


async def test_problems_are_documented_as_problems(http: httpx.AsyncClient) -> None:
    schema = (await http.get("/openapi.json")).json()

    for path, item in schema["paths"].items():
        for operation in item.values():
            for status, response in operation["responses"].items():
                if status[0] in "45":
                    assert list(response["content"]) == ["application/problem+json"], (path, status)


def refusals() -> set[type[DomainError]]:
    found, waiting = set(), [DomainError]
    while waiting:
        subclasses = waiting.pop().__subclasses__()
        found.update(subclasses)
        waiting += subclasses
    return {error for error in found if error.__module__.startswith("mediaport.")}


def test_every_refusal_has_a_status_and_a_code_of_its_own() -> None:
    assert refusals() == set(STATUSES)
    assert len({error.code for error in refusals()}) == len(refusals())


async def test_a_defect_of_ours_tells_nothing(world: World) -> None:
    @get("/broken", opt=OPEN, sync_to_thread=False)
    def broken() -> None:
        raise RuntimeError("a secret detail")

    app = create_app(world.use)
    app.register(broken)
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]  # Litestar types ASGI its own way
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        answer = await http.get("/broken")

    assert_problem(answer, 500, "internal_error")
    assert "secret" not in answer.text


async def test_health_names_the_part_that_is_down(http: httpx.AsyncClient, world: World) -> None:
    assert (await http.get("/health/live")).json() == {"status": "ok"}
    assert (await http.get("/health/ready")).json()["parts"] == {
        "database": "ok",
        "object_store": "ok",
        "thumbnail_queue": "ok",
    }

    world.store.is_down = True
    answer = await http.get("/health/ready")

    problem = assert_problem(answer, 503, "not_ready")
    assert problem["parts"] == {
        "database": "ok",
        "object_store": "down",
        "thumbnail_queue": "ok",
    }
    assert (await http.get("/health/live")).status_code == 200


async def test_metrics_are_in_prometheus_text(http: httpx.AsyncClient, ada: Headers) -> None:
    await http.get("/posts/", headers=ada)

    metrics = (await http.get("/metrics")).text

    assert "mediaport_requests_total{" in metrics
    assert 'path="/posts"' in metrics


async def test_metrics_count_what_was_refused_before_a_route_began(
    http: httpx.AsyncClient,
) -> None:
    counter, labels = (
        "mediaport_requests_total",
        {
            "app_name": "mediaport",
            "method": "DELETE",
            "path": "/posts/{post_id}",
        },
    )

    def counted(status: str) -> float:
        return REGISTRY.get_sample_value(counter, {**labels, "status_code": status}) or 0

    refused, passed = counted("401"), counted("200")

    await http.delete("/posts/7")

    assert (counted("401"), counted("200")) == (refused + 1, passed)


@pytest.mark.parametrize("origin", ["http://localhost:5173", "http://127.0.0.1:8000"])
async def test_a_known_origin_may_call(http: httpx.AsyncClient, origin: str) -> None:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "content-type",
    }

    preflight = await http.options("/media/presign", headers=asked)
    answer = await http.get("/media/policy", headers={"Origin": origin})

    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == origin
    assert answer.headers["access-control-allow-origin"] == origin
    assert "etag" in answer.headers["access-control-expose-headers"].lower()


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://localhost:5173.evil.example",
        "http://evil.example/http://localhost:5173",
        "https://localhost:5173",
        "http://localhost:51730",
        "http://localhost",
        "null",
    ],
)
async def test_an_evil_origin_is_granted_nothing(
    http: httpx.AsyncClient, ada: Headers, origin: str
) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": "PUT"}

    preflight = await http.options("/media/presign", headers=asked)
    answer = await http.get("/media/policy", headers={"Origin": origin})

    private = await http.get("/users/me", headers={**ada, "Origin": origin})
    refused = await http.get("/users/me", headers={"Origin": origin})

    for given in (preflight, answer, private, refused):
        assert "access-control-allow-origin" not in given.headers  # row 39
        assert "access-control-allow-credentials" not in given.headers
