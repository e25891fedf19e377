"""Who is told that a media item has changed, and when."""

from collections.abc import Sequence

import pytest

from mediaport.adapters.memory.images import picture
from mediaport.application.ports.images import ThumbnailSet
from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.domain.errors import NotAnImage
from tests.world import World


async def test_the_owner_is_told_that_media_is_ready_and_that_its_thumbnails_are(
    world: World,
) -> None:
    owner = await world.user()

    media = await world.ready(owner)
    assert world.events.told == [(media.id, owner)]
    await world.work()

    assert world.events.told == [(media.id, owner)] * 2


async def test_the_owner_is_told_that_thumbnails_have_failed(world: World) -> None:
    media = await world.ready(await world.user(), body=picture(broken=True))
    world.events.told.clear()

    await world.work()

    assert world.events.told == [(media.id, media.owner_id)]


async def test_nobody_is_told_of_what_was_refused(world: World) -> None:
    owner = await world.user()
    media_id = await world.uploaded(owner, body=b"no picture")

    with pytest.raises(NotAnImage):
        await world.use.complete_upload()(media_id, by=owner)

    assert world.events.told == []


async def test_nobody_is_told_twice_of_what_was_done_once(world: World) -> None:
    owner = await world.user()
    media = await world.ready(owner)
    await world.work()
    world.events.told.clear()

    await world.use.complete_upload()(media.id, by=owner)
    await world.use.make_thumbnails()(media.id)

    assert world.events.told == []


async def test_what_is_seen_by_whoever_is_told_is_saved(world: World) -> None:
    owner = await world.user()
    media_id = await world.uploaded(owner)

    with world.events.subscribe(owner) as changes:
        await world.use.complete_upload()(media_id, by=owner)

        assert world.tables.media[await anext(changes)].is_ready


async def test_nobody_is_told_of_thumbnails_that_are_put_off(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(original: bytes, *, sizes: Sequence[int]) -> ThumbnailSet:
        raise PartUnavailable("decoder", "it was taken down")

    await world.ready(await world.user())
    world.events.told.clear()
    monkeypatch.setattr(world.images, "make_thumbnails", fail)

    with pytest.raises(PartUnavailable):
        await world.work()

    assert world.events.told == []


async def test_the_owner_is_told_that_thumbnails_were_made_anew(world: World) -> None:
    media = await world.ready(await world.user())
    await world.work()
    world.events.told.clear()
    stretch = await world.use.remakes().ahead(after=0)
    other = world.set_anew(media_thumbnail_sizes=(128, 256))

    for _ in range(2):  # the second time nothing is lacking
        await other.use.remake_thumbnails().missing(stretch, concurrency=1, tell=lambda _: None)

    assert world.events.told == [(media.id, media.owner_id)]
