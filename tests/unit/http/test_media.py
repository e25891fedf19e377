"""The media routes: every row of the contract's status table."""

import re
from typing import Any

import httpx
import pytest

from mediaport.adapters.memory.images import picture
from tests.world import World

Headers = dict[str, str]


def declare(**changes: object) -> dict[str, object]:
    body = len(picture())
    return {"kind": "post_image", "content_type": "image/jpeg", "size_bytes": body, **changes}


async def upload(
    http: httpx.AsyncClient,
    world: World,
    headers: Headers,
    kind: str = "post_image",
    body: bytes | None = None,
) -> int:
    body = picture() if body is None else body
    answer = await http.post(
        "/media/presign", json=declare(kind=kind, size_bytes=len(body)), headers=headers
    )
    url = answer.json()["upload_url"]
    assert world.store.receive(url, body, content_type="image/jpeg") == 200
    media_id: int = answer.json()["media_id"]
    return media_id


async def ready(
    http: httpx.AsyncClient, world: World, headers: Headers, kind: str = "post_image"
) -> dict[str, Any]:
    media_id = await upload(http, world, headers, kind)
    answer = await http.post(f"/media/{media_id}/complete", headers=headers)
    assert answer.status_code == 200
    media: dict[str, Any] = answer.json()
    return media


def assert_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["type"] == f"urn:mediaport:problem:{code}"
    assert problem["title"]
    assert problem["detail"]
    return problem


async def test_the_policy_is_there_for_everyone(http: httpx.AsyncClient) -> None:
    policy = (await http.get("/media/policy")).json()

    assert policy["kinds"]["avatar"] == {
        "max_bytes": 2_097_152,
        "allowed_content_types": ["image/jpeg", "image/png", "image/webp"],
    }
    assert policy["thumbnail_sizes"] == [128, 512, 1024]


async def test_presign_answers_in_the_shape_that_uppy_takes(
    http: httpx.AsyncClient, ada: Headers
) -> None:
    answer = await http.post("/media/presign", json=declare(filename="photo.jpg"), headers=ada)

    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    presigned = answer.json()
    assert presigned["status"] == "pending"
    assert presigned["upload"] == {
        "method": "PUT",
        "url": presigned["upload_url"],
        "headers": {"Content-Type": "image/jpeg"},
        "expires_at": "2026-01-01T12:05:00Z",
        "expires_in": 300,
    }
    assert presigned["public_url"].endswith(".jpg")


@pytest.mark.parametrize(
    "filename",
    [
        "../../etc/passwd",
        "C:\\a.jpg",
        "a/b.jpg",
        "a\0.jpg",
        ".html",
        "x.svg",
        "n" * 10_000,
        "🐈.jpg",
        "",
    ],
)
async def test_whatever_the_file_is_called_the_key_is_ours(
    http: httpx.AsyncClient, world: World, ada: Headers, filename: str
) -> None:
    answer = await http.post("/media/presign", json=declare(filename=filename), headers=ada)

    assert answer.status_code == 201
    (media,) = world.tables.media.values()
    place = f"{media.owner_id}/{media.id}/[0-9a-f]{{32}}[.]jpg"
    assert re.fullmatch(f"incoming/{place}", media.incoming_key)  # row 29
    assert re.fullmatch(f"public/media/{place}", media.object_key)


async def test_cannot_presign_without_auth(http: httpx.AsyncClient) -> None:
    answer = await http.post("/media/presign", json=declare())

    assert_problem(answer, 401, "not_authenticated")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("token", ["Bearer forged", "Basic YTpi", "Bearer", "forged"])
async def test_401_for_a_bad_token(http: httpx.AsyncClient, token: str) -> None:
    answer = await http.post("/media/presign", json=declare(), headers={"Authorization": token})

    assert_problem(answer, 401, "not_authenticated")


async def test_413_for_a_declared_size_that_is_too_large(
    http: httpx.AsyncClient, ada: Headers
) -> None:
    answer = await http.post(
        "/media/presign", json=declare(kind="avatar", size_bytes=2_097_153), headers=ada
    )

    problem = assert_problem(answer, 413, "size_too_large")
    assert problem["max_bytes"] == 2_097_152


async def test_415_for_a_content_type_that_is_not_allowed(
    http: httpx.AsyncClient, ada: Headers
) -> None:
    answer = await http.post("/media/presign", json=declare(content_type="image/gif"), headers=ada)

    problem = assert_problem(answer, 415, "content_type_not_allowed")
    assert problem["allowed_content_types"] == ["image/jpeg", "image/png", "image/webp"]


@pytest.mark.parametrize(
    "changes",
    [
        {"size_bytes": 0},
        {"size_bytes": -1},
        {"size_bytes": 1.5},
        {"size_bytes": "many"},
        {"size_bytes": "5"},
        {"size_bytes": 10**30},
        {"kind": 5},
        {"kind": "b" * 101},
        {"surprise": True},
        {"content_type": None},
    ],
)
async def test_422_for_a_field_that_does_not_fit(
    http: httpx.AsyncClient, ada: Headers, changes: dict[str, object]
) -> None:
    answer = await http.post("/media/presign", json=declare(**changes), headers=ada)  # rows 32, 33

    problem = assert_problem(answer, 422, "invalid_request")
    assert [error["field"] for error in problem["errors"]] == list(changes)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"kind":"\xff"}',
        b"[" * 20_000,
        b'{"x":' * 9000,
        b'{"x":' + b"[" * 9000,
        b'"\xed\xa0\x80"',
        b"9" * 5000,
    ],
)
async def test_400_for_a_body_that_is_no_json(
    http: httpx.AsyncClient, ada: Headers, body: bytes
) -> None:
    answer = await http.post("/media/presign", content=body, headers=ada)  # row 33

    assert_problem(answer, 400, "malformed_request")


async def test_every_field_that_does_not_fit_is_named(
    http: httpx.AsyncClient, ada: Headers
) -> None:
    body = {"kind": None, "size_bytes": "many", "surprise": 1}

    answer = await http.post("/media/presign", json=body, headers=ada)

    errors = {each["field"]: each["message"] for each in answer.json()["errors"]}
    assert set(errors) == {"kind", "size_bytes", "content_type", "surprise"}
    assert "Expected `str`" in errors["kind"]


async def test_422_names_the_kinds_that_there_are(http: httpx.AsyncClient, ada: Headers) -> None:
    answer = await http.post("/media/presign", json=declare(kind="banner"), headers=ada)

    problem = assert_problem(answer, 422, "kind_unknown")
    assert (problem["kind"], problem["allowed_kinds"]) == ("banner", ["post_image", "avatar"])


async def test_422_for_no_body_at_all(http: httpx.AsyncClient, ada: Headers) -> None:
    answer = await http.post("/media/presign", headers=ada)

    problem = assert_problem(answer, 422, "invalid_request")
    assert problem["errors"] == [{"field": "body", "message": "A JSON body is needed"}]


async def test_413_for_a_body_as_large_as_an_image(http: httpx.AsyncClient, ada: Headers) -> None:
    answer = await http.post("/media/presign", content=b" " * 100_000, headers=ada)

    assert_problem(answer, 413, "request_too_large")  # row 33


async def test_429_for_too_many_pending_uploads(http: httpx.AsyncClient, ada: Headers) -> None:
    for _ in range(5):
        await http.post("/media/presign", json=declare(), headers=ada)

    answer = await http.post("/media/presign", json=declare(), headers=ada)

    problem = assert_problem(answer, 429, "too_many_pending_uploads")
    assert problem["max_pending"] == 5
    assert int(answer.headers["retry-after"]) > 0


async def test_a_fresh_url_for_a_pending_upload(http: httpx.AsyncClient, ada: Headers) -> None:
    media_id = (await http.post("/media/presign", json=declare(), headers=ada)).json()["media_id"]

    answer = await http.post(f"/media/{media_id}/presign", headers=ada)

    assert answer.status_code == 200
    assert answer.json()["media_id"] == media_id


async def test_complete_answers_the_media_object(
    http: httpx.AsyncClient, world: World, ada: Headers
) -> None:
    media = await ready(http, world, ada)

    assert media["status"] == "ready"
    assert (media["width"], media["height"]) == (640, 480)
    assert media["media_url"] == media["original_url"] == media["public_url"]
    assert media["thumbnails_status"] == "pending"
    assert media["thumb_128_url"] is None

    await world.work()
    later = (await http.get(f"/media/{media['id']}", headers=ada)).json()
    assert later["thumbnails_status"] == "ready"
    assert all(later[f"thumb_{size}_url"] for size in (128, 512, 1024))
    assert later["placeholder"]


async def test_complete_twice_answers_the_same(
    http: httpx.AsyncClient, world: World, ada: Headers
) -> None:
    media = await ready(http, world, ada)

    again = await http.post(f"/media/{media['id']}/complete", headers=ada)

    assert (again.status_code, again.json()) == (200, media)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/presign"),
        ("POST", "/complete"),
    ],
)
async def test_404_is_the_same_for_missing_and_for_not_yours(
    http: httpx.AsyncClient, world: World, ada: Headers, bob: Headers, method: str, path: str
) -> None:
    media_id = await upload(http, world, ada)
    body = {"alt": "mine"} if method == "PATCH" else None

    not_mine = await http.request(method, f"/media/{media_id}{path}", json=body, headers=bob)
    await http.delete(f"/media/{media_id}", headers=ada)
    missing = await http.request(method, f"/media/{media_id}{path}", json=body, headers=bob)

    assert_problem(missing, 404, "media_not_found")  # row 14
    assert (not_mine.status_code, not_mine.content) == (missing.status_code, missing.content)


@pytest.mark.parametrize("path", ["/media/0", "/media/9007199254740992", "/media/x", "/nothing"])
async def test_404_for_what_no_path_leads_to(
    http: httpx.AsyncClient, ada: Headers, path: str
) -> None:
    assert_problem(await http.get(path, headers=ada), 404, "not_found")


async def test_405_for_another_method(http: httpx.AsyncClient, ada: Headers) -> None:
    answer = await http.delete("/media/presign", headers=ada)

    assert_problem(answer, 405, "method_not_allowed")
    assert "POST" in answer.headers["allow"]


async def test_409_when_nothing_was_uploaded_yet(http: httpx.AsyncClient, ada: Headers) -> None:
    media_id = (await http.post("/media/presign", json=declare(), headers=ada)).json()["media_id"]

    answer = await http.post(f"/media/{media_id}/complete", headers=ada)

    assert_problem(answer, 409, "object_not_uploaded")  # row 11


async def test_409_for_a_fresh_url_of_ready_media(
    http: httpx.AsyncClient, world: World, ada: Headers
) -> None:
    media = await ready(http, world, ada)

    answer = await http.post(f"/media/{media['id']}/presign", headers=ada)

    assert_problem(answer, 409, "media_already_ready")


async def test_410_for_a_pending_upload_that_expired(
    http: httpx.AsyncClient, world: World, ada: Headers
) -> None:
    media_id = await upload(http, world, ada)
    ada_later = dict(ada)
    world.clock.advance(seconds=3600)
    login = await http.post("/auth/login", json={"username": "ada", "password": "correct horse"})
    ada_later["Authorization"] = f"Bearer {login.json()['access_token']}"

    for step in ("complete", "presign"):
        answer = await http.post(f"/media/{media_id}/{step}", headers=ada_later)
        assert_problem(answer, 410, "upload_expired")  # row 15


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"<script>", "not_an_image"),
        (b"image/png 1x1;", "content_type_mismatch"),
        (b"image/jpeg 30000x30000;", "too_many_pixels"),
    ],
)
async def test_422_for_an_object_that_is_not_as_declared(
    http: httpx.AsyncClient, world: World, ada: Headers, body: bytes, code: str
) -> None:
    media_id = await upload(http, world, ada, body=body)

    answer = await http.post(f"/media/{media_id}/complete", headers=ada)

    assert_problem(answer, 422, code)
    assert not world.store.objects


async def test_422_for_an_object_of_another_size(
    http: httpx.AsyncClient, world: World, ada: Headers
) -> None:
    media_id = await upload(http, world, ada)
    key = next(iter(world.store.objects))
    await world.store.put(key, b"short", content_type="image/jpeg")

    answer = await http.post(f"/media/{media_id}/complete", headers=ada)

    assert_problem(answer, 422, "size_mismatch")  # row 12


async def test_503_when_the_store_is_down(
    http: httpx.AsyncClient, world: World, ada: Headers
) -> None:
    media_id = await upload(http, world, ada)
    world.store.is_down = True

    answer = await http.post(f"/media/{media_id}/complete", headers=ada)

    problem = assert_problem(answer, 503, "object_store_unavailable")  # row 41
    assert problem["part"] == "object_store"
    assert int(answer.headers["retry-after"]) > 0


async def test_503_when_the_database_is_down(
    http: httpx.AsyncClient, world: World, ada: Headers
) -> None:
    world.tables.is_down = True

    answer = await http.post("/media/presign", json=declare(), headers=ada)

    assert_problem(answer, 503, "database_unavailable")


async def test_a_media_item_has_an_etag(
    http: httpx.AsyncClient, world: World, ada: Headers
) -> None:
    media = await ready(http, world, ada)
    path = f"/media/{media['id']}"
    etag = (await http.get(path, headers=ada)).headers["etag"]

    same = await http.get(path, headers={**ada, "If-None-Match": f'"x", W/{etag}'})
    await world.work()
    changed = await http.get(path, headers={**ada, "If-None-Match": etag})

    assert (same.status_code, same.content) == (304, b"")
    assert changed.status_code == 200


async def test_alt_text_is_set_and_cleared(
    http: httpx.AsyncClient, world: World, ada: Headers
) -> None:
    path = f"/media/{(await ready(http, world, ada))['id']}"

    described = await http.patch(path, json={"alt": "A dog"}, headers=ada)
    cleared = await http.patch(path, json={"alt": None}, headers=ada)
    nul = await http.patch(path, json={"alt": "a\0"}, headers=ada)

    assert described.json()["alt"] == "A dog"
    assert cleared.json()["alt"] is None
    assert_problem(nul, 422, "text_unfit")


async def test_204_for_a_deleted_media_item_and_409_while_it_is_shown(
    http: httpx.AsyncClient, world: World, ada: Headers
) -> None:
    shown, unused = await ready(http, world, ada), await ready(http, world, ada)
    await http.post("/posts/", json={"body": "", "media_id": shown["id"]}, headers=ada)

    refused = await http.delete(f"/media/{shown['id']}", headers=ada)
    deleted = await http.delete(f"/media/{unused['id']}", headers=ada)

    assert_problem(refused, 409, "media_still_shown")  # row 18
    assert (deleted.status_code, deleted.content) == (204, b"")
