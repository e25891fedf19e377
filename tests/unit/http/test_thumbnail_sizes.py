"""Which thumbnails the API shows: those of the sizes that are set, and their fields alone."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from mediaport.entrypoints.http.app import create_app
from tests.unit.http.test_media import Headers, ready
from tests.world import World

SET = {"thumb_96_url", "thumb_512_url", "thumb_2000_url"}


def thumbnail_fields(media: dict[str, Any]) -> set[str]:
    return {name for name in media if name.startswith("thumb_")}


@pytest.fixture(scope="session")
def other_world(one_world: World) -> World:
    """The same product with other sizes."""
    return one_world.set_anew(media_thumbnail_sizes=(512, 96, 2000))


@pytest.fixture
async def other(other_world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the app with other sizes."""
    transport = httpx.ASGITransport(create_app(other_world.use))  # type: ignore[arg-type]  # Litestar types ASGI its own way
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client


@pytest.fixture
async def eve(world: World, other: httpx.AsyncClient) -> Headers:
    """Eve's headers, for the app with other sizes."""
    account = {"username": "eve", "password": "correct horse"}
    answer = await other.post("/auth/register", json=account)
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def test_a_media_object_has_a_field_for_each_size_that_is_set(
    world: World, other_world: World, other: httpx.AsyncClient, eve: Headers
) -> None:
    media = await ready(other, world, eve)
    assert {media[name] for name in SET} == {None}

    await other_world.use.make_thumbnails()(media["id"])
    path = f"/media/{media['id']}"
    shown = (await other.get(path, headers=eve)).json()
    described = (await other.patch(path, json={"alt": "A dog"}, headers=eve)).json()
    posted = (await other.post("/posts/", json={"body": "", "media_id": 1}, headers=eve)).json()

    for answer in (media, shown, described, posted["media"]):
        assert thumbnail_fields(answer) == SET
    assert all(shown[name] for name in SET)


async def test_a_size_that_is_no_longer_set_is_not_shown_and_a_new_one_is_null(
    world: World, http: httpx.AsyncClient, ada: Headers, other: httpx.AsyncClient, eve: Headers
) -> None:
    media = await ready(http, world, ada)
    await world.work()
    await http.post("/posts/", json={"body": "", "media_id": media["id"]}, headers=ada)

    (post,) = (await other.get("/posts/", headers=eve)).json()["items"]

    assert thumbnail_fields(post["media"]) == SET
    assert post["media"]["thumb_512_url"].endswith("_512.webp")
    assert post["media"]["thumb_96_url"] is None
    assert post["media"]["thumbnails_status"] == "ready"


async def test_an_avatar_is_shown_at_the_smallest_size_that_is_set(
    world: World, other_world: World, other: httpx.AsyncClient, eve: Headers
) -> None:
    avatar = await ready(other, world, eve, "avatar")
    worn = await other.put("/users/me/avatar", json={"media_id": avatar["id"]}, headers=eve)
    assert worn.json()["avatar_thumb_url"] is None

    await other_world.use.make_thumbnails()(avatar["id"])
    profile = (await other.get("/users/eve", headers=eve)).json()
    posted = (await other.post("/posts/", json={"body": "Hello"}, headers=eve)).json()

    assert profile["avatar_thumb_url"] == profile["avatar"]["thumb_96_url"]
    assert profile["avatar_thumb_url"].endswith("_96.webp")
    assert posted["owner"]["avatar_thumb_url"] == profile["avatar_thumb_url"]


async def test_the_schema_has_exactly_the_fields_that_are_answered(
    http: httpx.AsyncClient, other: httpx.AsyncClient, world: World, ada: Headers
) -> None:
    default = {"thumb_128_url", "thumb_512_url", "thumb_1024_url"}
    media = await ready(http, world, ada)

    for client, fields in ((http, default), (other, SET)):
        schema = (await client.get("/openapi.json")).json()
        shape = schema["components"]["schemas"]["MediaObject"]
        assert thumbnail_fields(shape["properties"]) == fields
        assert set(shape["properties"]) - fields == set(media) - default
        assert set(shape["required"]) == set(shape["properties"])
        assert shape["properties"][min(fields)] == {"oneOf": [{"type": "string"}, {"type": "null"}]}
        assert [name for name in schema["components"]["schemas"] if "Media" in name] == [
            "MediaObject"
        ]


async def test_the_policy_names_the_sizes_smallest_first(other: httpx.AsyncClient) -> None:
    assert (await other.get("/media/policy")).json()["thumbnail_sizes"] == [96, 512, 2000]
