"""Posts that are kept ready to be shown on first pages."""

import msgspec
import pytest

from mediaport.application.ports.shown import ShownPost
from mediaport.domain.users import UserId
from mediaport.entrypoints.http.media_object import MediaObjects
from mediaport.entrypoints.http.post_object import PostPages
from tests.world import World


@pytest.fixture
def pages(world: World) -> PostPages:
    return PostPages(MediaObjects(world.use.policy().thumbnail_sizes), max_ready=2)


@pytest.fixture
async def posts(world: World) -> list[ShownPost]:
    ada = await world.user()
    return [await post(world, ada, body) for body in ("a", "b", "c")]


async def post(world: World, by: UserId, body: str) -> ShownPost:
    picture = await world.ready(by)
    shown: ShownPost = await world.use.create_post()(body=body, media_id=picture.id, by=by)
    return shown


async def test_what_is_kept_ready_is_what_is_made_anew(
    pages: PostPages, posts: list[ShownPost]
) -> None:
    for shown in (posts, posts[::-1], [posts[0]._replace(liked_by_me=True), *posts]):
        anew = msgspec.json.encode(pages.page(shown, None, is_first=False))

        assert msgspec.json.encode(pages.page(shown, None, is_first=True)) == anew


async def test_so_much_is_kept_and_no_more(pages: PostPages, posts: list[ShownPost]) -> None:
    first, second, third = posts

    kept = pages.page(posts, None, is_first=True).items

    again = pages.page([third, second, first], None, is_first=True).items
    assert again[0] is kept[2]
    assert again[1] is kept[1]
    assert again[2] is not kept[0]
