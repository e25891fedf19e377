"""Posts, likes, comments, profiles, accounts."""

import httpx
import pytest

from tests.unit.http.test_media import Headers, assert_problem, ready, upload
from tests.world import World


async def test_a_post_with_a_picture_is_seen_in_the_feed(
    http: httpx.AsyncClient, world: World, ada: Headers, bob: Headers
) -> None:
    media = await ready(http, world, ada)
    avatar = await ready(http, world, ada, "avatar")
    await world.work()
    await http.put("/users/me/avatar", json={"media_id": avatar["id"]}, headers=ada)

    created = await http.post(
        "/posts/", json={"body": "Hello", "media_id": media["id"]}, headers=ada
    )
    await http.put(f"/posts/{created.json()['id']}/like", headers=bob)
    feed = (await http.get("/posts/", headers=bob)).json()

    assert created.status_code == 201
    (item,) = feed["items"]
    assert feed["next_cursor"] is None
    assert item["body"] == "Hello"
    assert item["media_url"] == media["public_url"]
    assert item["media"]["thumb_512_url"]
    assert item["owner"]["username"] == "ada"
    assert item["owner"]["avatar_url"] == avatar["public_url"]
    assert item["owner"]["avatar_thumb_url"].endswith("_128.webp")
    assert (item["like_count"], item["comment_count"], item["liked_by_me"]) == (1, 0, True)
    assert (await http.get(f"/posts/{item['id']}", headers=ada)).json()["liked_by_me"] is False


async def test_the_four_checks_of_an_attachment(
    http: httpx.AsyncClient, world: World, ada: Headers, bob: Headers
) -> None:
    pending = await upload(http, world, ada)
    avatar = (await ready(http, world, ada, "avatar"))["id"]
    bobs = (await ready(http, world, bob))["id"]

    async def attach(media_id: int) -> httpx.Response:
        return await http.post("/posts/", json={"body": "x", "media_id": media_id}, headers=ada)

    assert_problem(await attach(999), 404, "media_not_found")  # row 16
    assert_problem(await attach(bobs), 404, "media_not_found")
    assert_problem(await attach(avatar), 409, "wrong_kind")
    assert_problem(await attach(pending), 409, "media_not_ready")
    assert (await http.get("/posts/", headers=ada)).json()["items"] == []


async def test_409_for_media_that_is_attached_already(
    http: httpx.AsyncClient, world: World, ada: Headers
) -> None:
    body = {"body": "x", "media_id": (await ready(http, world, ada))["id"]}
    await http.post("/posts/", json=body, headers=ada)

    answer = await http.post("/posts/", json=body, headers=ada)

    assert_problem(answer, 409, "media_already_attached")  # row 17


async def test_422_for_an_empty_post(http: httpx.AsyncClient, ada: Headers) -> None:
    answer = await http.post("/posts/", json={"body": "  "}, headers=ada)

    assert_problem(answer, 422, "empty_post")


async def test_the_feed_goes_on_where_its_cursor_says(
    http: httpx.AsyncClient, ada: Headers
) -> None:
    for number in range(5):
        await http.post("/posts/", json={"body": str(number)}, headers=ada)

    first = (await http.get("/posts/?limit=3", headers=ada)).json()
    cursor = first["next_cursor"]
    await http.post("/posts/", json={"body": "meanwhile"}, headers=ada)
    second = (await http.get(f"/posts/?limit=3&cursor={cursor}", headers=ada)).json()
    of_ada = (await http.get("/users/ada/posts?limit=6", headers=ada)).json()

    assert [item["body"] for item in first["items"]] == ["4", "3", "2"]
    assert [item["body"] for item in second["items"]] == ["1", "0"]
    assert second["next_cursor"] is None
    assert len(of_ada["items"]) == 6


@pytest.mark.parametrize(
    "cursor", ["x", "%00", "MTIz", "MS4tMQ", "OTk5OTk5OTk5OTk5OTk5OTk5LjE", "ä"]
)
async def test_422_for_a_cursor_that_no_page_gave_out(
    http: httpx.AsyncClient, ada: Headers, cursor: str
) -> None:
    answer = await http.get(f"/posts/?cursor={cursor}", headers=ada)

    assert_problem(answer, 422, "cursor_unfit")


@pytest.mark.parametrize("limit", ["0", "101", "x"])
async def test_422_for_a_limit_out_of_range(
    http: httpx.AsyncClient, ada: Headers, limit: str
) -> None:
    answer = await http.get(f"/posts/?limit={limit}", headers=ada)

    assert_problem(answer, 422, "invalid_request")


async def test_a_deleted_post_takes_its_media_along(
    http: httpx.AsyncClient, world: World, ada: Headers, bob: Headers
) -> None:
    media = await ready(http, world, ada)
    post = (
        await http.post("/posts/", json={"body": "x", "media_id": media["id"]}, headers=ada)
    ).json()["id"]

    assert_problem(await http.delete(f"/posts/{post}", headers=bob), 404, "post_not_found")
    assert (await http.delete(f"/posts/{post}", headers=ada)).status_code == 204
    assert_problem(await http.get(f"/posts/{post}", headers=ada), 404, "post_not_found")
    assert_problem(await http.get(f"/media/{media['id']}", headers=ada), 404, "media_not_found")
    assert not world.store.objects


async def test_likes_are_counted_once(http: httpx.AsyncClient, ada: Headers, bob: Headers) -> None:
    post = (await http.post("/posts/", json={"body": "x"}, headers=ada)).json()["id"]

    for headers, count in ((ada, 1), (ada, 1), (bob, 2)):
        answer = await http.put(f"/posts/{post}/like", headers=headers)
        assert answer.json() == {"like_count": count, "liked_by_me": True}
    answer = await http.delete(f"/posts/{post}/like", headers=bob)

    assert answer.json() == {"like_count": 1, "liked_by_me": False}
    assert_problem(await http.put("/posts/99/like", headers=ada), 404, "post_not_found")


async def test_comments_are_written_and_read(
    http: httpx.AsyncClient, ada: Headers, bob: Headers
) -> None:
    post = (await http.post("/posts/", json={"body": "x"}, headers=ada)).json()["id"]

    written = await http.post(f"/posts/{post}/comments", json={"body": "Nice"}, headers=bob)
    read = (await http.get(f"/posts/{post}/comments", headers=ada)).json()
    empty = await http.post(f"/posts/{post}/comments", json={"body": " "}, headers=bob)

    assert written.status_code == 201
    assert read == {"items": [written.json()], "next_cursor": None}
    assert written.json()["author"]["username"] == "bob"
    assert_problem(empty, 422, "text_unfit")
    assert (await http.get(f"/posts/{post}", headers=ada)).json()["comment_count"] == 1
    assert_problem(await http.get("/posts/99/comments", headers=ada), 404, "post_not_found")


async def test_an_avatar_is_set_and_cleared(
    http: httpx.AsyncClient, world: World, ada: Headers
) -> None:
    avatar = await ready(http, world, ada, "avatar")

    worn = await http.put("/users/me/avatar", json={"media_id": avatar["id"]}, headers=ada)
    seen = (await http.get("/users/ada", headers=ada)).json()
    cleared = await http.put("/users/me/avatar", json={"media_id": None}, headers=ada)

    assert worn.json()["avatar_url"] == seen["avatar_url"] == avatar["public_url"]
    assert seen == (worn.json())
    assert cleared.json()["avatar"] is None
    assert (await http.get("/users/me", headers=ada)).json() == cleared.json()
    unfits: list[object] = [{}, {"media_id": "null"}, {"media_id": str(avatar["id"])}, None, []]
    for unfit in unfits:
        answer = await http.put("/users/me/avatar", json=unfit, headers=ada)
        assert_problem(answer, 422, "invalid_request")


async def test_404_for_an_unknown_user(http: httpx.AsyncClient, ada: Headers) -> None:
    for path in ("/users/nobody", "/users/nobody/posts"):
        assert_problem(await http.get(path, headers=ada), 404, "user_not_found")
    for path in ("/users/No%20Body", "/users/a%00a", "/users/%F0%9F%90%95/posts"):
        assert_problem(await http.get(path, headers=ada), 404, "not_found")


async def test_a_name_is_registered_once(http: httpx.AsyncClient) -> None:
    account = {"username": "ada", "password": "correct horse"}

    first = await http.post("/auth/register", json=account)
    second = await http.post("/auth/register", json=account)

    assert first.status_code == 201
    assert first.json()["user"]["username"] == "ada"
    assert first.json()["token_type"] == "Bearer"
    assert_problem(second, 409, "username_taken")


async def test_an_account_that_does_not_fit_is_refused(http: httpx.AsyncClient) -> None:
    for name, password, unfit, wanted in (
        ("A", "correct horse", "username", "3 to 30 of a-z, 0-9 and _"),
        ("ada", "short", "password", "8 to 256 characters;"),
        ("ada", "x" * 1025, "password", "8 to 256 characters;"),
    ):
        account = {"username": name, "password": password}
        answer = await http.post("/auth/register", json=account)
        problem = assert_problem(answer, 422, "invalid_request")
        (error,) = problem["errors"]
        assert error["field"] == unfit
        assert error["message"].startswith(f"Wanted: {wanted}")


async def test_a_password_counts_as_it_is_composed(http: httpx.AsyncClient) -> None:
    for letter, status in (("e\u0301", 201), ("xx", 422)):
        account = {"username": f"ada_{status}", "password": 256 * letter}
        assert (await http.post("/auth/register", json=account)).status_code == status


async def test_a_password_that_anyone_would_try_is_refused(http: httpx.AsyncClient) -> None:
    for password in ("password1", "PassWord1", "ada_lovelace", "Ada_Lovelace"):
        account = {"username": "ada_lovelace", "password": password}
        answer = await http.post("/auth/register", json=account)
        problem = assert_problem(answer, 422, "password_too_common")
        assert password not in str(problem)


async def test_logging_in_gives_a_token(http: httpx.AsyncClient, ada: Headers) -> None:
    answer = await http.post("/auth/login", json={"username": "ada", "password": "correct horse"})

    assert answer.status_code == 200
    assert set(answer.json()) == {"access_token", "token_type", "expires_in"}


async def test_unknown_names_and_wrong_passwords_get_the_same_answer(
    http: httpx.AsyncClient, ada: Headers
) -> None:
    wrong = await http.post("/auth/login", json={"username": "ada", "password": "wrong"})
    assert_problem(wrong, 401, "wrong_credentials")
    for name in ("eve", "No Body", "a\0b", ""):
        unknown = await http.post("/auth/login", json={"username": name, "password": "wrong"})
        assert unknown.content == wrong.content  # row 36
