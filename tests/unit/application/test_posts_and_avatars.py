"""Where media is shown, and what goes when it no longer is."""

import pytest

from mediaport.adapters.memory.images import picture
from mediaport.application.ports.shown import ShownMedia
from mediaport.domain.errors import (
    EmptyPost,
    MediaAlreadyAttached,
    MediaNotFound,
    MediaNotReady,
    MediaStillShown,
    PostNotFound,
    UserNotFound,
    WrongKind,
)
from mediaport.domain.media import Media, MediaId
from mediaport.domain.policy import AVATAR
from mediaport.domain.users import User, UserId
from tests.world import World


async def post(world: World, owner: UserId, media_id: MediaId | None = None) -> int:
    shown = await world.use.create_post()(body="Hello", media_id=media_id, by=owner)
    post_id: int = shown.id
    return post_id


async def test_a_post_shows_its_picture(world: World) -> None:
    owner = await world.user()
    media = await world.ready(owner)

    shown = await world.use.create_post()(body="", media_id=media.id, by=owner)

    assert shown.media == ShownMedia.of(media)
    assert shown.owner.username == "ada"


async def test_a_post_needs_no_picture_but_something(world: World) -> None:
    owner = await world.user()

    assert await post(world, owner)
    with pytest.raises(EmptyPost):
        await world.use.create_post()(body=" ", media_id=None, by=owner)


async def test_cannot_attach_media_that_belongs_to_another_user(world: World) -> None:
    owner, stranger = await world.user("ada"), await world.user("bob")
    picture_, avatar = await world.ready(owner), await world.ready(owner, AVATAR)

    with pytest.raises(MediaNotFound):  # row 16
        await post(world, stranger, picture_.id)
    with pytest.raises(MediaNotFound):
        await world.use.set_avatar()(avatar.id, by=stranger)

    assert not world.tables.posts


async def test_cannot_attach_media_that_is_still_pending(world: World) -> None:
    owner = await world.user()

    with pytest.raises(MediaNotReady):  # row 16
        await post(world, owner, await world.uploaded(owner))
    with pytest.raises(MediaNotReady):
        await world.use.set_avatar()(await world.uploaded(owner, AVATAR), by=owner)


async def test_cannot_attach_media_that_is_the_wrong_kind(world: World) -> None:
    owner = await world.user()
    picture_, avatar = await world.ready(owner), await world.ready(owner, AVATAR)

    with pytest.raises(WrongKind):  # row 16
        await post(world, owner, avatar.id)
    with pytest.raises(WrongKind):
        await world.use.set_avatar()(picture_.id, by=owner)


async def test_one_media_item_one_post(world: World) -> None:
    owner = await world.user()
    media = await world.ready(owner)
    await post(world, owner, media.id)

    with pytest.raises(MediaAlreadyAttached):  # row 17
        await post(world, owner, media.id)


async def test_shown_media_is_not_deleted(world: World) -> None:
    owner = await world.user()
    attached, worn = await world.ready(owner), await world.ready(owner, AVATAR)
    await post(world, owner, attached.id)
    await world.use.set_avatar()(worn.id, by=owner)

    for media in (attached, worn):
        with pytest.raises(MediaStillShown):  # row 18
            await world.use.delete_media()(media.id, by=owner)
        assert media.object_key in world.store.objects


async def test_unused_media_is_deleted_with_all_its_objects(world: World) -> None:
    owner, stranger = await world.user("ada"), await world.user("bob")
    media = await world.ready(owner)
    await world.work()

    with pytest.raises(MediaNotFound):  # row 14
        await world.use.delete_media()(media.id, by=stranger)
    await world.use.delete_media()(media.id, by=owner)

    assert not world.store.objects
    with pytest.raises(MediaNotFound):
        await world.use.show_media()(media.id, by=owner)


async def test_objects_that_could_not_be_removed_are_removed_later(world: World) -> None:
    owner = await world.user()
    media = await world.ready(owner)
    world.store.is_down = True
    await world.use.delete_media()(media.id, by=owner)
    world.store.is_down = False
    assert world.store.objects

    world.clock.advance(seconds=60)
    await world.use.sweep()()

    assert not world.store.objects


async def test_a_deleted_post_takes_its_picture_along(world: World) -> None:
    owner, stranger = await world.user("ada"), await world.user("bob")
    media = await world.ready(owner)
    with_picture, without = await post(world, owner, media.id), await post(world, owner)

    with pytest.raises(PostNotFound):
        await world.use.delete_post()(with_picture, by=stranger)
    await world.use.delete_post()(with_picture, by=owner)
    await world.use.delete_post()(without, by=owner)

    assert not world.tables.posts
    assert not world.tables.media
    assert not world.store.objects


async def test_a_post_deleted_twice_at_once_is_not_there_the_second_time(world: World) -> None:
    owner = await world.user()
    media = await world.ready(owner)
    post_id = await post(world, owner, media.id)
    get = world.media.get

    async def be_overtaken(media_id: MediaId) -> Media:
        world.media.get = get  # type: ignore[method-assign]
        await world.use.delete_post()(post_id, by=owner)
        return await get(media_id)

    world.media.get = be_overtaken  # type: ignore[method-assign]

    with pytest.raises(PostNotFound):
        await world.use.delete_post()(post_id, by=owner)


async def test_an_avatar_is_set_replaced_and_cleared(world: World) -> None:
    owner = await world.user()
    first, second = (
        await world.ready(owner, AVATAR),
        await world.ready(owner, AVATAR, picture(width=9, height=9)),
    )
    set_avatar = world.use.set_avatar()

    assert (await set_avatar(first.id, by=owner)).avatar == first
    assert (await set_avatar(first.id, by=owner)).avatar == first
    assert (await set_avatar(second.id, by=owner)).avatar == second
    assert set(world.tables.media) == {second.id}  # the replaced one is purged
    assert world.public_keys == {second.object_key}
    assert (await set_avatar(None, by=owner)).avatar is None
    assert not world.tables.media
    assert not world.store.objects


async def test_two_avatars_set_at_once_leave_one(world: World) -> None:
    owner = await world.user()
    old, first, second = [await world.ready(owner, AVATAR) for _ in range(3)]
    await world.use.set_avatar()(old.id, by=owner)
    users = world.use.users()
    get = users.get

    async def be_overtaken(user_id: UserId) -> User:
        users.get = get
        user: User = await get(user_id)
        await world.use.set_avatar()(second.id, by=owner)
        return user

    users.get = be_overtaken
    profile = await world.use.set_avatar()(first.id, by=owner)

    assert profile.avatar == first
    assert set(world.tables.media) == {first.id}


async def test_alt_text_is_set_by_the_owner(world: World) -> None:
    owner, stranger = await world.user("ada"), await world.user("bob")
    media = await world.ready(owner)

    described = await world.use.describe_media()(media.id, alt="A dog", by=owner)

    assert described.alt == "A dog"
    with pytest.raises(MediaNotFound):
        await world.use.describe_media()(media.id, alt="Mine", by=stranger)
    assert (await world.use.show_media()(media.id, by=owner)).alt == "A dog"


async def test_the_feed_is_paged_newest_first(world: World) -> None:
    ada, bob = await world.user("ada"), await world.user("bob")
    ids = []
    for number in range(5):
        ids.append(await post(world, ada if number % 2 else bob))
        world.clock.advance(seconds=number % 2)  # some at the same moment
    feed = world.use.list_feed()

    first, position = await feed(viewer=ada, limit=3)
    second, end = await feed(viewer=ada, limit=3, before=position)

    assert [item.id for item in [*first, *second]] == ids[::-1]
    assert end is None
    of_bob, _ = await feed(viewer=ada, limit=9, username="bob")
    assert {item.owner.username for item in of_bob} == {"bob"}
    with pytest.raises(UserNotFound):
        await feed(viewer=ada, limit=9, username="eve")


async def test_a_full_last_page_has_no_next(world: World) -> None:
    owner = await world.user()
    for _ in range(2):
        await post(world, owner)

    _, position = await world.use.list_feed()(viewer=owner, limit=2)

    assert position is None


async def test_a_like_counts_once_per_user(world: World) -> None:
    ada, bob = await world.user("ada"), await world.user("bob")
    post_id = await post(world, ada)
    like = world.use.like_post()

    assert [await like(post_id, by=user) for user in (ada, ada, bob)] == [1, 1, 2]
    assert [await like.take_back(post_id, by=user) for user in (ada, ada)] == [1, 1]


async def test_comments_are_counted_and_paged_oldest_first(world: World) -> None:
    owner = await world.user()
    post_id = await post(world, owner)
    for text in "abc":
        await world.use.comment_on_post()(post_id, body=text, by=owner)

    first, position = await world.use.list_comments()(post_id, limit=2)
    second, end = await world.use.list_comments()(post_id, limit=2, after=position)

    assert [item.body for item in [*first, *second]] == ["a", "b", "c"]
    assert end is None
    shown = await world.use.posts().show(post_id, viewer=owner)
    assert shown.comment_count == 3
