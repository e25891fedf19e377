"""The page as it is served: what may be kept, what may be loaded, and what is no part of it."""

import gzip
from pathlib import Path

import httpx
import pytest
from litestar import Litestar

from mediaport.entrypoints.http.app import create_app
from mediaport.entrypoints.settings import Settings
from tests.unit.http.built import BUILT
from tests.unit.http.test_media import assert_problem
from tests.world import World

PATHS = ("/", "/login", "/register", "/@ada", "/@ada/", "/p/7")
SCRIPT = "/assets/index-a1.js"


@pytest.mark.parametrize("path", PATHS)
async def test_the_page_is_at_all_of_its_paths(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path)

    assert answer.status_code == 200
    assert answer.text == BUILT["index.html"]
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/ada", "/@", "/@Ada", "/@a b", "/@ada/posts", "/p", "/p/7/8", "/login/x"]
)
async def test_nothing_else_is_the_page(http: httpx.AsyncClient, path: str) -> None:
    for method in ("GET", "HEAD", "POST"):
        answer = await http.request(method, path)
        assert answer.status_code == 404, method
    assert_problem(await http.get(path), 404, "not_found")
    assert_problem(await http.get("/p/x"), 404, "not_found")


@pytest.mark.parametrize("path", PATHS)
async def test_it_is_only_read(http: httpx.AsyncClient, path: str) -> None:
    assert_problem(await http.post(path), 405, "method_not_allowed")


@pytest.mark.parametrize("path", PATHS)
async def test_who_has_it_gets_it_once(http: httpx.AsyncClient, path: str) -> None:
    tag = (await http.get(path)).headers["etag"]

    for known in (tag, f"W/{tag}", f'"other", {tag}'):
        again = await http.get(path, headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
        assert again.headers["cache-control"] == "no-cache"
    assert (await http.get(path, headers={"If-None-Match": '"other"'})).status_code == 200


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("index-a1.js", "text/javascript; charset=utf-8"),
        ("index-b2.css", "text/css; charset=utf-8"),
        ("icon-c3.svg", "image/svg+xml"),
        ("photo-d4.webp", "image/webp"),
    ],
)
async def test_its_files_may_be_kept_for_ever(
    http: httpx.AsyncClient, name: str, media_type: str
) -> None:
    answer = await http.get(f"/assets/{name}")

    assert answer.text == BUILT[f"assets/{name}"]
    assert answer.headers["content-type"] == media_type
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    ("accepted", "is_compressed"),
    [
        ("gzip", True),
        ("gzip, deflate, br", True),
        ("br;q=1.0, GZIP;q=0.8", True),
        ("br,gzip;q=0.001", True),
        ("", False),
        ("identity", False),
        ("xgzip", False),
        ("gzip;q=0, br", False),
        ("gzip; q=0.0", False),
    ],
)
async def test_scripts_are_compressed_for_whoever_takes_that(
    http: httpx.AsyncClient, accepted: str, *, is_compressed: bool
) -> None:
    asked = http.build_request("GET", SCRIPT, headers={"Accept-Encoding": accepted})
    answer = await http.send(asked, stream=True)
    sent = b"".join([part async for part in answer.aiter_raw()])

    assert ("content-encoding" in answer.headers) == is_compressed
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-length"] == str(len(sent))
    assert (gzip.decompress(sent) if is_compressed else sent).decode() == BUILT[SCRIPT[1:]]


BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize("path", ["/nothing", "/p/abc", "/@UPPER", "/@", "/posts/1/nothing"])
async def test_a_browser_that_is_led_nowhere_is_shown_the_page(
    http: httpx.AsyncClient, path: str
) -> None:
    answer = await http.get(path, headers=BROWSER)

    assert (answer.status_code, answer.text) == (404, BUILT["index.html"])
    home = await http.get("/")
    assert answer.headers["content-security-policy"] == home.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert_problem(await http.get(path), 404, "not_found")
    posted = await http.post(path, headers=BROWSER)
    assert posted.headers["content-type"] == "application/problem+json"


async def test_pictures_are_compressed_already(http: httpx.AsyncClient) -> None:
    answer = await http.get("/assets/photo-d4.webp", headers={"Accept-Encoding": "gzip"})

    assert "content-encoding" not in answer.headers
    assert "vary" not in answer.headers


@pytest.mark.parametrize("path", [*PATHS, SCRIPT])
async def test_a_head_is_the_answer_without_its_body(http: httpx.AsyncClient, path: str) -> None:
    asked = {"X-Request-ID": "one"}
    whole, head = await http.get(path, headers=asked), await http.head(path, headers=asked)

    assert head.status_code == 200
    assert head.content == b""
    assert head.headers == whole.headers


@pytest.mark.parametrize(
    "name",
    [
        "none.js",
        "../index.html",
        "%2e%2e/index.html",
        "..%2findex.html",
        "..%2flicences.md",
        "%2fetc%2fpasswd",
        "index-a1.js/",
        "%00",
        "",
    ],
)
async def test_no_path_leads_to_another_file(app: Litestar, world: World, name: str) -> None:
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]  # Litestar types ASGI its own way
    async with httpx.AsyncClient(transport=transport) as http:
        url = httpx.URL("http://testserver").copy_with(raw_path=f"/assets/{name}".encode())
        answer = await http.send(httpx.Request("GET", url))

    if name.strip("/") == "index-a1.js":
        assert answer.text == BUILT["assets/index-a1.js"]
    else:
        assert_problem(answer, 404, "not_found")
        assert answer.headers["cache-control"] == "no-store"


def directives(answer: httpx.Response) -> dict[str, set[str]]:
    parts = answer.headers["content-security-policy"].split("; ")
    return {name: set(sources) for name, *sources in map(str.split, parts)}


@pytest.mark.parametrize("path", PATHS)
async def test_it_loads_its_own_files_and_what_is_in_the_store(
    http: httpx.AsyncClient, path: str
) -> None:
    assert directives(await http.get(path)) == {
        "default-src": {"'none'"},
        "script-src": {"'self'"},
        "style-src": {"'self'"},
        "img-src": {"'self'", "blob:", "data:", "memory://public"},
        "connect-src": {"'self'", "memory://upload"},
        "base-uri": {"'none'"},
        "form-action": {"'none'"},
        "frame-ancestors": {"'none'"},
        "require-trusted-types-for": {"'script'"},
        "trusted-types": {"'none'"},
    }


async def test_where_pictures_are_is_told_by_the_settings(page_folder: Path) -> None:
    world = World(
        Settings(
            jwt_secret="x" * 32,
            s3_bucket="my-media",
            aws_access_key_id="key",
            aws_secret_access_key="secret",
            s3_endpoint_url="http://minio:9000",
            s3_presign_endpoint_url="https://uploads.example/s3",
            s3_public_base_url="https://cdn.example/pictures",
        )
    )
    world.use.store.reset_override()
    app = create_app(world.use, page_folder=page_folder)
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]  # Litestar types ASGI its own way
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        told = directives(await http.get("/"))

    assert "https://cdn.example" in told["img-src"]
    assert told["connect-src"] == {"'self'", "https://uploads.example"}
    await world.use.s3_store().close()


async def test_without_a_page_it_says_how_to_get_one(world: World, tmp_path: Path) -> None:
    app = create_app(world.use, page_folder=tmp_path)
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]  # Litestar types ASGI its own way
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        answer = await http.get("/")
        assert_problem(await http.get(SCRIPT), 404, "not_found")

    assert answer.status_code == 200
    assert "make page" in answer.text
    assert 'href="/docs"' in answer.text
    assert "<script" not in answer.text
    assert "<style" not in answer.text
