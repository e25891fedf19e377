"""Mediaport as a part of another app, which stays as it was."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar, Request, Response, get, put
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.testing import TestClient
from litestar.types import ASGIApp, Receive, Scope, Send

from mediaport.adapters.sql.migrations import upgrade
from mediaport.entrypoints.http.host import AnyConnection
from mediaport.entrypoints.http.layer import Layer
from mediaport.entrypoints.http.media_object import MediaObject
from mediaport.entrypoints.http.plugin import PROBLEMS, Mediaport
from mediaport.entrypoints.settings import SettingError, Settings
from tests.pictures import picture
from tests.unit.http.test_media import assert_problem

ADA, BOB = {"X-User": "7"}, {"X-User": "8"}


async def user_of(connection: AnyConnection) -> int | None:
    """As an app might know it: by a header, here."""
    assert connection.app.state.is_the_hosts
    assert type(connection.user) is object
    name = connection.headers.get("x-user")
    return int(name) if name else None


def nothing_there(request: Request[Any, Any, Any], _: Exception) -> Response[str]:
    return Response(f"The host has no {request.url.path}", status_code=404)


class Stranger(Layer):
    """The host's own idea of a user, which is none of ours."""

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        scope["user"] = object()
        await next_app(scope, receive, send)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("host")
    upgrade(f"sqlite+aiosqlite:///{folder}/mediaport.db")
    return Settings(
        data_dir=str(folder), base_url="http://testserver.local", media_kinds=("banner=4194304",)
    )


@pytest.fixture(scope="module")
def http(settings: Settings) -> Iterator[httpx.Client]:
    uploads = Mediaport(settings, authenticate=user_of, path="/uploads")

    @get("/banners/{number:int}")
    async def banner(number: FromPath[int]) -> MediaObject | None:
        return (await uploads.attached([f"users/{number}"])).get(f"users/{number}")

    @put("/banners/{media_id:int}", exception_handlers=PROBLEMS)
    async def show(media_id: FromPath[int], request: Request[Any, Any, Any]) -> MediaObject | None:
        by = int(request.headers["x-user"])
        return await uploads.attach(media_id or None, at=f"users/{by}", kind="banner", by=by)

    @get("/media/policy")
    async def own_policy() -> dict[str, str]:
        return {"of": "the host"}

    app = Litestar(
        route_handlers=[banner, show, own_policy],
        exception_handlers={NotFoundException: nothing_there},
        middleware=[Stranger()],
        plugins=[uploads],
        logging_config=None,
    )
    app.state.is_the_hosts = True
    with TestClient(app, base_url="http://testserver.local") as client:
        yield client


def presign(http: httpx.Client, user: dict[str, str], **changes: object) -> httpx.Response:
    declared = {"kind": "banner", "content_type": "image/jpeg", "size_bytes": len(picture())}
    return http.post("/uploads/media/presign", json={**declared, **changes}, headers=user)


def uploaded(http: httpx.Client, user: dict[str, str]) -> int:
    presigned = presign(http, user).json()
    upload = presigned["upload"]
    assert http.put(upload["url"], content=picture(), headers=upload["headers"]).status_code == 200
    media_id: int = presigned["media_id"]
    completed = http.post(f"/uploads/media/{media_id}/complete", headers=user)
    assert completed.json()["status"] == "ready"
    return media_id


def test_a_user_of_the_host_uploads_and_the_host_shows_it(http: httpx.Client) -> None:
    media_id = uploaded(http, ADA)

    shown = http.put(f"/banners/{media_id}", headers=ADA).json()

    assert shown["public_url"].startswith("http://testserver.local/uploads/storage/public/")
    assert http.get(shown["media_url"]).content
    assert http.get("/banners/7").json()["id"] == media_id
    assert http.get("/banners/9").json() is None


def test_what_a_place_showed_before_is_purged(http: httpx.Client) -> None:
    first, second = uploaded(http, ADA), uploaded(http, ADA)

    for media_id in (first, second):
        assert http.put(f"/banners/{media_id}", headers=ADA).status_code == 200

    assert http.get("/banners/7").json()["id"] == second
    assert http.get(f"/uploads/media/{first}", headers=ADA).status_code == 404
    shown = http.delete(f"/uploads/media/{second}", headers=ADA)
    assert_problem(shown, 409, "media_still_shown")
    assert http.put("/banners/0", headers=ADA).json() is None
    assert http.get("/banners/7").json() is None


def test_media_of_others_are_not_there(http: httpx.Client) -> None:
    media_id = uploaded(http, ADA)

    assert_problem(http.get(f"/uploads/media/{media_id}", headers=BOB), 404, "media_not_found")
    assert_problem(http.put(f"/banners/{media_id}", headers=BOB), 404, "media_not_found")


def test_the_routes_have_the_limits_of_the_product(http: httpx.Client) -> None:
    assert_problem(presign(http, {}), 401, "not_authenticated")
    assert_problem(presign(http, ADA, size_bytes=4_194_305), 413, "size_too_large")
    assert_problem(presign(http, ADA, kind="cover"), 422, "kind_unknown")
    assert_problem(http.get("/uploads/nowhere", headers=ADA), 404, "not_found")


def test_an_id_that_no_user_has_is_a_defect_of_the_host(http: httpx.Client) -> None:
    assert_problem(presign(http, {"X-User": "-1"}), 500, "internal_error")


def test_the_host_is_as_it_was(http: httpx.Client) -> None:
    assert http.get("/media/policy").json() == {"of": "the host"}
    assert "x-frame-options" not in http.get("/media/policy").headers
    for path in ("/nowhere", "/uploadsx", "/auth/login", "/posts"):
        assert http.get(path).text == f"The host has no {path}"


def test_there_are_no_accounts_posts_or_pages(http: httpx.Client) -> None:
    for path in ("/uploads/auth/login", "/uploads/posts", "/uploads/users/me", "/uploads/metrics"):
        assert_problem(http.get(path, headers=ADA), 404, "not_found")


def test_it_says_where_its_paths_begin_and_whether_it_is_ready(http: httpx.Client) -> None:
    schema = http.get("/uploads/openapi.json").json()

    assert schema["servers"] == [{"url": "/uploads"}]
    assert "/media/presign" in schema["paths"]
    assert http.get("/uploads/health/ready").json()["status"] == "ok"
    kinds = http.get("/uploads/media/policy").json()["kinds"]
    assert set(kinds) == {"post_image", "avatar", "banner"}


async def test_a_database_that_was_not_migrated_stops_the_start(tmp_path: Path) -> None:
    uploads = Mediaport(Settings(data_dir=str(tmp_path)), authenticate=user_of)

    with pytest.RaisesGroup(pytest.RaisesExc(SettingError, match="mediaport migrate")):
        async with Litestar(plugins=[uploads], logging_config=None).lifespan():
            pytest.fail("it must not start")


@pytest.mark.parametrize("path", ["uploads", "/uploads/", "/", ""])
def test_a_path_that_is_none_stops_the_start(settings: Settings, path: str) -> None:
    with pytest.raises(ValueError, match="such as /uploads"):
        Mediaport(settings, authenticate=user_of, path=path)


def test_where_nothing_is_public_a_place_shows_signed_urls(tmp_path: Path) -> None:
    upgrade(f"sqlite+aiosqlite:///{tmp_path}/mediaport.db")
    private = Settings(
        data_dir=str(tmp_path),
        base_url="http://testserver.local",
        media_kinds=("banner=4194304",),
        media_access="signed",
    )
    uploads = Mediaport(private, authenticate=user_of)

    @put("/banners/{media_id:int}")
    async def show(media_id: FromPath[int]) -> MediaObject | None:
        await uploads.attach(media_id, at="here", kind="banner", by=7)
        return (await uploads.attached(["here"])).get("here")

    app = Litestar(
        route_handlers=[show], middleware=[Stranger()], plugins=[uploads], logging_config=None
    )
    app.state.is_the_hosts = True
    with TestClient(app, base_url="http://testserver.local") as client:
        url = client.put(f"/banners/{uploaded(client, ADA)}").json()["media_url"]

        assert client.get(url).content
        assert client.get(url.partition("?")[0]).status_code == 403


def test_below_a_path_that_the_host_is_mounted_at(settings: Settings) -> None:
    app = Litestar(plugins=[Mediaport(settings, authenticate=user_of)], logging_config=None)
    with TestClient(app, root_path="/app", base_url="http://testserver.local") as client:
        assert client.get("/app/uploads/media/policy").status_code == 200
