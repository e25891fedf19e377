"""What the API answers where nothing is public: URLs that show what they should, for a time."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from mediaport.application.ports.post_repository import Position
from mediaport.domain.media import Media
from mediaport.domain.policy import AVATAR
from mediaport.domain.users import UserId
from mediaport.entrypoints.http.app import create_app
from mediaport.entrypoints.http.wire import MAX_ID, to_cursor
from tests.world import World

TTL_S = 600
Api = httpx.AsyncClient


@pytest.fixture(scope="module")
def one_signed_world() -> World:
    settings = replace(World().settings, media_access="signed", media_signed_url_ttl_s=TTL_S)
    return World(settings=settings)


@pytest.fixture(scope="module")
def signed_app(one_signed_world: World) -> Any:
    return create_app(one_signed_world.use)


@pytest.fixture
def world(one_signed_world: World) -> World:
    one_signed_world.empty()
    return one_signed_world


@pytest.fixture
async def api(world: World, signed_app: Any) -> AsyncIterator[Api]:
    """The API as Ada's client calls it."""
    transport = httpx.ASGITransport(signed_app)
    async with Api(transport=transport, base_url="http://testserver") as client:
        account = {"username": "ada", "password": "correct horse"}
        token = (await client.post("/auth/register", json=account)).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


@pytest.fixture
async def ada(api: Api) -> UserId:
    return UserId((await api.get("/users/me")).json()["id"])


@pytest.fixture
async def picture(ada: UserId, world: World) -> Media:
    media = await world.ready(ada)
    await world.work()
    return media


@pytest.fixture
async def avatar(api: Api, ada: UserId, world: World) -> Media:
    media = await world.ready(ada, AVATAR)
    await world.work()
    (await api.put("/users/me/avatar", json={"media_id": media.id})).raise_for_status()
    return media


@pytest.fixture
async def post(api: Api, avatar: Media, picture: Media) -> Any:
    answer = await api.post("/posts/", json={"body": "hello", "media_id": picture.id})
    return answer.raise_for_status().json()


def urls_in(answer: object) -> Iterator[str]:
    """Every URL in an answer, however deep."""
    match answer:
        case dict():
            for name, value in answer.items():
                if name.endswith("url") and isinstance(value, str):
                    yield value
                yield from urls_in(value)
        case list():
            for each in answer:
                yield from urls_in(each)


def statuses_of(world: World, answer: object) -> list[int]:
    return [world.signer.get(url)[0] for url in urls_in(answer)]


@pytest.mark.parametrize(
    ("path", "urls"),
    [
        ("/posts/", 9),
        ("/posts/?cursor={later}", 9),
        ("/posts/{post}", 9),
        ("/posts/{post}/comments", 2),
        ("/users/ada/posts", 9),
        ("/users/ada", 8),
        ("/users/me", 8),
        ("/media/{picture}", 6),
    ],
)
async def test_every_url_of_an_answer_can_be_read(
    api: Api, world: World, post: Any, path: str, urls: int
) -> None:
    await api.post(f"/posts/{post['id']}/comments", json={"body": "mine"})

    later = to_cursor(Position(created_at=world.clock.now(), id=MAX_ID))
    answer = await api.get(path.format(post=post["id"], picture=post["media_id"], later=later))

    assert statuses_of(world, answer.json()) == [200] * urls


async def test_what_is_answered_to_a_change_can_be_read(
    api: Api, world: World, ada: UserId, post: Any
) -> None:
    media_id = await world.uploaded(ada)

    completed = await api.post(f"/media/{media_id}/complete")
    described = await api.patch(f"/media/{media_id}", json={"alt": "a lake"})
    comment = await api.post(f"/posts/{post['id']}/comments", json={"body": "mine"})

    for answer, urls in ((completed, 3), (described, 3), (comment, 2)):
        assert statuses_of(world, answer.raise_for_status().json()) == [200] * urls
    assert statuses_of(world, post) == [200] * 9


async def test_a_presigned_upload_says_where_it_can_be_read_once_it_is_ready(
    api: Api, world: World
) -> None:
    declared = {"kind": "post_image", "content_type": "image/jpeg", "size_bytes": 9}

    presigned = (await api.post("/media/presign", json=declared)).json()
    again = (await api.post(f"/media/{presigned['media_id']}/presign")).json()

    assert "signature=" in presigned["public_url"]
    assert again["public_url"] == presigned["public_url"]


async def test_an_answer_stays_for_a_window(api: Api, world: World, post: Any) -> None:
    for path in ("/posts/", f"/media/{post['media_id']}"):
        first = await api.get(path)
        world.clock.advance(seconds=1)

        assert (await api.get(path)).content == first.content


async def test_what_is_kept_ready_goes_with_its_window(api: Api, world: World, post: Any) -> None:
    before = (await api.get("/posts/")).json()
    world.clock.advance(seconds=2 * TTL_S)

    after = (await api.get("/posts/")).json()

    assert set(statuses_of(world, before)) == {403}
    assert set(statuses_of(world, after)) == {200}


async def test_a_known_answer_is_sent_anew_once_its_urls_have_changed(
    api: Api, world: World, picture: Media
) -> None:
    path = f"/media/{picture.id}"
    known = {"If-None-Match": (await api.get(path)).headers["etag"]}

    assert (await api.get(path, headers=known)).status_code == 304
    world.clock.advance(seconds=TTL_S)
    assert (await api.get(path, headers=known)).status_code == 200


async def test_a_picture_that_cannot_be_shown_has_no_url_to_show_it(
    api: Api, world: World, ada: UserId
) -> None:
    media_id = await world.uploaded(ada)

    pending = (await api.get(f"/media/{media_id}")).json()

    assert pending["media_url"] is pending["original_url"] is pending["thumb_128_url"] is None


async def test_what_is_kept_in_the_database_is_not_signed(world: World, picture: Media) -> None:
    kept = await world.use.media().get(picture.id)

    assert "?" not in kept.public_url
    assert all("?" not in variant.public_url for variant in kept.variants)
