"""A user goes, and nothing of theirs stays: whatever they do meanwhile."""

from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from mediaport.adapters.memory.images import picture
from mediaport.application.users import delete_user
from mediaport.application.users.delete_user import AccountKept
from mediaport.domain.attachments import Place
from mediaport.domain.errors import MediaNotFound, NotAuthenticated, UserNotFound
from mediaport.domain.media import MediaId
from mediaport.domain.policy import AVATAR, POST_IMAGE, Kind
from mediaport.domain.posts import PostId
from mediaport.domain.users import UserId
from mediaport.entrypoints.fail_points import USE_CASES, watched
from tests.world import World

BANNER = Kind("banner")


@pytest.fixture
def world() -> World:
    return World().set_anew(media_kinds=("banner=4194304",))


async def post(world: World, owner: UserId, media_id: MediaId | None = None) -> PostId:
    shown = await world.use.create_post()(body="Hello", media_id=media_id, by=owner)
    post_id: PostId = shown.id
    return post_id


async def comment(world: World, post_id: PostId, by: UserId) -> None:
    await world.use.comment_on_post()(post_id, body="Nice", by=by)


async def a_life(world: World, ada: UserId, bob: UserId) -> PostId:
    """Ada and Bob post, like and say something, each at the other's; Bob's post."""
    hers = await post(world, ada, (await world.ready(ada)).id)
    his = await post(world, bob, (await world.ready(bob)).id)
    for post_id in (hers, his):
        for user in (ada, bob):
            await world.use.like_post()(post_id, by=user)
            await comment(world, post_id, user)
    avatar = await world.ready(ada, AVATAR)
    await world.use.set_avatar()(avatar.id, by=ada)
    banner = await world.ready(ada, BANNER)
    await world.use.attach_media()(banner.id, at=Place("banners/ada"), kind=BANNER, by=ada)
    await world.uploaded(ada)
    await world.ready(ada)
    await world.work()
    return his


async def all_swept(world: World) -> None:
    world.clock.advance(seconds=3600)
    await world.use.sweep()()


async def test_all_that_is_a_users_goes_and_all_else_stays(world: World) -> None:
    ada, bob = await world.user("ada"), await world.user("bob")
    his = await a_life(world, ada, bob)

    await world.use.delete_user()("ada")

    assert set(world.tables.users) == {bob}
    assert {media.owner_id for media in world.tables.media.values()} == {bob}
    (left,) = world.tables.posts.values()
    assert (left.id, left.like_count, left.comment_count) == (his, 1, 1)
    assert list(world.tables.likes) == [(his, bob)]
    assert [each.author_id for each in world.tables.comments] == [bob]
    assert all(key.startswith(f"public/media/{bob}/") for key in world.store.objects)


async def test_a_user_who_is_not_there_cannot_be_deleted(world: World) -> None:
    with pytest.raises(UserNotFound):
        await world.use.delete_user()("ada")


async def test_what_more_than_one_transaction_is_for_goes_bit_by_bit(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delete_user, "BATCH", 2)
    monkeypatch.setattr(delete_user, "MANY", 2)
    ada = await world.user("ada")
    others = [await world.user(name) for name in ("bob", "eve", "joe")]
    for _ in range(3):
        loved = await post(world, ada, (await world.ready(ada)).id)
        for other in others:
            await world.use.like_post()(loved, by=other)
            await comment(world, loved, other)
            await comment(world, await post(world, other), ada)
            await world.use.like_post()(await post(world, other), by=ada)

    await world.use.delete_user()("ada")

    assert set(world.tables.users) == set(others)
    assert not world.tables.media
    assert not world.tables.likes
    assert not world.tables.comments
    assert {each.owner_id for each in world.tables.posts.values()} == set(others)


async def test_an_upload_that_comes_late_does_not_stay(world: World) -> None:
    ada = await world.user()
    body = picture()
    _, upload = await world.use.presign_upload()(
        kind=POST_IMAGE, content_type="image/jpeg", size_bytes=len(body), by=ada
    )
    await world.use.delete_user()("ada")

    assert world.store.receive(upload.url, body, content_type="image/jpeg") == 200
    await all_swept(world)

    assert not world.store.objects
    assert not world.tables.deletions


async def test_a_token_that_is_still_believed_makes_nothing(world: World) -> None:
    ada, bob = await world.user("ada"), await world.user("bob")
    his = await post(world, bob)
    await world.use.delete_user()("ada")

    for act in (
        lambda: post(world, ada),
        lambda: comment(world, his, ada),
        lambda: world.use.like_post()(his, by=ada),
        lambda: world.uploaded(ada),
    ):
        with pytest.raises(NotAuthenticated):
            await act()


async def complete_again(world: World, ada: UserId, unfinished: MediaId) -> None:
    await world.use.complete_upload()(unfinished, by=ada)


async def post_again(world: World, ada: UserId, _: MediaId) -> None:
    await post(world, ada, (await world.ready(ada)).id)


async def wear_again(world: World, ada: UserId, _: MediaId) -> None:
    avatar = await world.ready(ada, AVATAR)
    await world.use.set_avatar()(avatar.id, by=ada)


@pytest.mark.parametrize("act", [complete_again, post_again, wear_again])
async def test_what_the_user_does_between_any_two_steps_does_not_stay(
    world: World, act: Callable[[World, UserId, MediaId], Awaitable[None]]
) -> None:
    """The act comes before each call of a port in turn, until there is none left to come before."""
    number = steps = 0
    while number <= steps:
        world.empty()
        ada, bob = await world.user("ada"), await world.user("bob")
        await a_life(world, ada, bob)
        unfinished = await world.uploaded(ada)
        steps = await deleted_beside(world, lambda: act(world, ada, unfinished), at=number)  # noqa: B023 - called within
        number += 1

        assert set(world.tables.users) == {bob}
        assert {media.owner_id for media in world.tables.media.values()} == {bob}
        await all_swept(world)
        assert all(key.startswith(f"public/media/{bob}/") for key in world.store.objects)


async def deleted_beside(world: World, act: Callable[[], Awaitable[None]], *, at: int) -> int:
    """Delete Ada, and do something after the step of that number; how many steps it took."""
    use_case = world.use.delete_user()
    done = 0
    belongings = use_case.belongings
    for name in ("take_back_comments", "posts", "purge_posts", "media", "purge_media"):
        original = getattr(belongings, name)

        async def step(*arguments: object, call: object = original, **keywords: object) -> object:
            nonlocal done
            answer = await call(*arguments, **keywords)  # type: ignore[operator]  # a method
            if done == at:
                with suppress(MediaNotFound, NotAuthenticated):
                    await act()
            done += 1
            return answer

        setattr(belongings, name, step)
    try:
        await use_case("ada")
    finally:
        for name in ("take_back_comments", "posts", "purge_posts", "media", "purge_media"):
            delattr(belongings, name)
    return done


async def test_killed_after_any_step_a_deletion_goes_on(world: World) -> None:
    """Killed after the first step, and begun again; after the second, and so on."""
    number, is_killed = 0, True
    while is_killed:
        number += 1
        world.empty()
        ada, bob = await world.user("ada"), await world.user("bob")
        await a_life(world, ada, bob)
        is_killed = await killed_after(world, number)
        with suppress(UserNotFound):  # killed as it was done
            await world.use.delete_user()("ada")

        assert set(world.tables.users) == {bob}
        assert {media.owner_id for media in world.tables.media.values()} == {bob}
        await all_swept(world)
        assert all(key.startswith(f"public/media/{bob}/") for key in world.store.objects)
        (left,) = world.tables.posts.values()
        assert (left.like_count, left.comment_count) == (1, 1)
    assert number > len(USE_CASES["delete"][1])


async def killed_after(world: World, number: int) -> bool:
    """Delete Ada until the step of that number is done; False if there is none."""
    steps = 0

    def done(*_: object) -> None:
        nonlocal steps
        steps += 1
        if steps == number:
            raise KeyboardInterrupt

    try:
        await watched(world.use.delete_user(), done)("ada")
    except KeyboardInterrupt:
        return True
    return False


async def test_two_who_delete_the_same_user_are_both_done(world: World) -> None:
    ada = await world.user("ada")
    await world.use.create_post()(body="Hello", media_id=None, by=ada)
    taken = []

    def done(step: str, _: object) -> None:
        if step == "belongings.purge_posts":
            taken.append(world.tables.users.pop(ada))

    await watched(world.use.delete_user(), done)("ada")

    assert len(taken) == 1


async def test_an_account_that_something_unknown_keeps_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.user("ada")

    async def kept(_: UserId) -> bool:
        return False

    monkeypatch.setattr(world.use.belongings(), "close_account", kept)

    with pytest.raises(AccountKept, match="ada"):
        await world.use.delete_user()("ada")
