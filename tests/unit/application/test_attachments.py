"""Places of an app show media of its own kinds, and what they show stays."""

import pytest

from mediaport.domain.attachments import PLACE_MAX_LENGTH, Place
from mediaport.domain.errors import (
    MediaAlreadyAttached,
    MediaNotFound,
    MediaNotReady,
    MediaStillShown,
    TextUnfit,
    WrongKind,
)
from mediaport.domain.media import Media
from mediaport.domain.policy import AVATAR, POST_IMAGE, Kind
from mediaport.domain.users import UserId
from tests.world import World

BANNER, COVER = Kind("banner"), Kind("cover")
HERE, THERE = Place("profiles/1/banner"), Place("profiles/2/banner")


@pytest.fixture
def world() -> World:
    return World().set_anew(media_kinds=("banner=4194304", "cover=1000"))


async def attach(
    world: World, media: Media | None, by: UserId, *, at: Place = HERE, kind: Kind = BANNER
) -> Media | None:
    shown: Media | None = await world.use.attach_media()(
        media.id if media else None, at=at, kind=kind, by=by
    )
    return shown


async def test_a_place_is_set_replaced_and_cleared(world: World) -> None:
    ada = await world.user()
    first, second = await world.ready(ada, BANNER), await world.ready(ada, BANNER)

    assert await attach(world, first, ada) == first
    assert await attach(world, first, ada) == first
    assert await attach(world, second, ada) == second
    assert first.id not in world.tables.media
    assert await attach(world, None, ada) is None

    assert not world.tables.media
    assert await attach(world, None, ada) is None


async def test_the_sweep_leaves_alone_what_a_place_shows(world: World) -> None:
    ada = await world.user()
    shown, forgotten = await world.ready(ada, BANNER), await world.ready(ada, BANNER)
    await attach(world, shown, ada)

    world.clock.advance(seconds=world.settings.media_unattached_ttl + 1)
    await world.use.sweep()()

    assert list(world.tables.media) == [shown.id]
    assert forgotten.id not in world.tables.media
    with pytest.raises(MediaStillShown):
        await world.use.delete_media()(shown.id, by=ada)


async def test_only_ready_media_of_the_kind_and_of_the_user_are_shown(world: World) -> None:
    ada, bob = await world.user("ada"), await world.user("bob")
    banner, cover = await world.ready(ada, BANNER), await world.ready(ada, COVER)
    pending = world.tables.media[await world.uploaded(ada, BANNER)]

    for media, by, refusal in (
        (banner, bob, MediaNotFound),
        (cover, ada, WrongKind),
        (pending, ada, MediaNotReady),
    ):
        with pytest.raises(refusal):
            await attach(world, media, by)

    assert not world.tables.attachments


async def test_one_media_item_is_shown_at_one_place(world: World) -> None:
    ada = await world.user()
    banner = await world.ready(ada, BANNER)
    await attach(world, banner, ada)

    with pytest.raises(MediaAlreadyAttached):
        await attach(world, banner, ada, at=THERE)


@pytest.mark.parametrize("kind", [POST_IMAGE, AVATAR])
async def test_what_posts_and_profiles_show_is_theirs_alone(world: World, kind: Kind) -> None:
    ada = await world.user()
    media = await world.ready(ada, kind)

    with pytest.raises(ValueError, match="MEDIA_KINDS"):
        await attach(world, media, ada, kind=kind)


@pytest.mark.parametrize("place", ["", "x" * (PLACE_MAX_LENGTH + 1), "a\x00b"])
async def test_a_place_has_a_name(world: World, place: str) -> None:
    ada = await world.user()

    with pytest.raises(TextUnfit):
        await attach(world, None, ada, at=Place(place))


async def test_two_that_change_a_place_at_once_leave_one(world: World) -> None:
    ada = await world.user()
    old, first, second = [await world.ready(ada, BANNER) for _ in range(3)]
    await attach(world, old, ada)
    attachments = world.use.attachments()
    replace = attachments.replace

    async def overtaken(*arguments: object, **named: object) -> bool:
        attachments.replace = replace
        await attach(world, second, ada)
        return bool(await replace(*arguments, **named))

    attachments.replace = overtaken

    assert await attach(world, first, ada) == first

    assert list(world.tables.media) == [first.id]
