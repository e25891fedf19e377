"""The points at which processes kill themselves are the steps that use cases take."""

from collections.abc import Awaitable, Callable

import pytest

from mediaport.adapters.memory.images import picture
from mediaport.application.media.complete_upload import HELD_BYTES, CompleteUpload
from mediaport.application.users.delete_user import MANY
from mediaport.domain.errors import NotAnImage
from mediaport.domain.policy import AVATAR, POST_IMAGE
from mediaport.entrypoints.fail_points import USE_CASES, arm, watched
from tests.world import World

UseCase = Callable[..., Awaitable[object]]


async def presign(world: World, use_case: UseCase) -> None:
    owner = await world.user()
    await use_case(kind=POST_IMAGE, content_type="image/jpeg", size_bytes=9, by=owner)


async def complete(world: World, use_case: UseCase) -> None:
    owner = await world.user()
    pixels = bytes(HELD_BYTES)  # too many to be held in memory
    for body in (picture(), picture() + pixels, picture(at_home=True) + pixels):
        media_id = await world.uploaded(owner, body=body)
        await use_case(media_id, by=owner)
    refused = await world.uploaded(owner, body=b"no picture")
    with pytest.raises(NotAnImage):
        await use_case(refused, by=owner)


async def worker(world: World, use_case: UseCase) -> None:
    media = await world.ready(await world.user())
    await use_case(media.id)


async def sweep(world: World, use_case: UseCase) -> None:
    owner = await world.user()
    await world.uploaded(owner)
    await world.ready(owner)
    world.clock.advance(seconds=90_000)
    await world.ready(owner)
    await use_case()


async def delete(world: World, use_case: UseCase) -> None:
    owner, fan = await world.user("ada"), await world.user("bob")
    media, avatar = await world.ready(owner), await world.ready(owner, AVATAR)
    await world.use.set_avatar()(avatar.id, by=owner)
    shown = await world.use.create_post()(body="", media_id=media.id, by=owner)
    for by in (owner, fan):
        await world.use.like_post()(shown.id, by=by)
    for _ in range(MANY):
        await world.use.comment_on_post()(shown.id, body="x", by=fan)
    await world.use.comment_on_post()(shown.id, body="x", by=owner)
    await use_case("ada")


@pytest.mark.parametrize("act", [presign, complete, worker, sweep, delete])
async def test_every_step_of_a_use_case_is_a_point(
    world: World, act: Callable[[World, UseCase], Awaitable[None]]
) -> None:
    provider, points = USE_CASES[act.__name__]
    taken: set[str] = set()
    use_case: UseCase = watched(getattr(world.use, provider)(), lambda step, _: taken.add(step))

    await act(world, use_case)

    assert taken == {point.partition(":")[0] for point in points}  # rows 44, 50 and 54


async def test_a_watched_use_case_is_of_its_type(world: World) -> None:
    armed = watched(world.use.complete_upload(), lambda *_: None)

    assert isinstance(armed, CompleteUpload)
    assert isinstance(armed.store, type(world.store))


def test_without_a_point_nothing_is_touched(world: World) -> None:
    before = world.use.complete_upload()

    arm(world.use)

    assert world.use.complete_upload() is before
