"""What the worker does, and what it leaves when something is in its way."""

import asyncio
from collections.abc import Sequence

import pytest

from mediaport.adapters.memory.images import picture
from mediaport.application.ports.images import ThumbnailSet
from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.domain.media import ThumbnailsStatus
from tests.world import World


async def test_every_size_is_made_and_none_enlarged(world: World) -> None:
    media = await world.ready(await world.user(), body=picture(width=600, height=300))

    await world.work()

    made = world.tables.media[media.id]
    assert made.thumbnails_status is ThumbnailsStatus.READY
    assert [(variant.size, variant.width, variant.height) for variant in made.variants] == [
        (128, 128, 64),
        (512, 512, 256),
        (1024, 600, 300),
    ]
    assert made.placeholder
    assert {variant.object_key for variant in made.variants} < world.public_keys


async def test_a_broken_image_fails_for_good_with_a_reason(world: World) -> None:
    media = await world.ready(await world.user(), body=picture(broken=True))

    await world.work()

    failed = world.tables.media[media.id]
    assert failed.thumbnails_status is ThumbnailsStatus.FAILED  # row 26
    assert failed.thumbnails_error == "truncated"
    assert await world.media.owed_thumbnails(now=world.clock.now(), limit=9) == []


async def test_a_lost_original_fails_for_good(world: World) -> None:
    media = await world.ready(await world.user())
    await world.store.delete([media.object_key])

    await world.work()

    assert world.tables.media[media.id].thumbnails_error == "original_missing"


async def test_a_job_for_nothing_does_nothing(world: World) -> None:
    media = await world.ready(await world.user())
    await world.work()
    done = world.tables.media[media.id]
    objects = dict(world.store.objects)

    await world.use.make_thumbnails()(media.id)  # row 46: a duplicate
    await world.use.make_thumbnails()(media.id + 1)  # row 46: never existed

    assert world.tables.media[media.id] == done
    assert world.store.objects == objects


async def test_a_store_that_fails_half_way_leaves_the_thumbnails_owed(world: World) -> None:
    media = await world.ready(await world.user())
    put, puts = world.store.put, 0

    async def fail_on_the_second(key: str, body: bytes, *, content_type: str) -> str:
        nonlocal puts
        puts += 1
        if puts == 2:
            raise PartUnavailable("object_store", "reset")
        return await put(key, body, content_type=content_type)

    world.store.put = fail_on_the_second  # type: ignore[method-assign, assignment]
    with pytest.raises(PartUnavailable):  # row 47
        await world.work()
    assert world.tables.media[media.id].owes_thumbnails
    assert await world.media.owed_thumbnails(now=world.clock.now(), limit=9) == []
    world.clock.advance(seconds=1)

    await world.use.sweep()()
    await world.work()
    assert len(world.tables.media[media.id].variants) == 3
    assert world.tables.thumbnail_starts[media.id] == 1  # the store's fault is not the image's


async def test_an_image_that_kills_its_worker_is_given_up_after_three_starts(world: World) -> None:
    media = await world.ready(await world.user())

    class KilledError(BaseException):
        pass

    async def kill(*_: object, **__: object) -> None:
        raise KilledError

    async def forget(*_: object, **__: object) -> None:
        """Nobody gives anything back."""

    decode, release = world.images.make_thumbnails, world.media.release_thumbnails
    world.images.make_thumbnails = kill  # type: ignore[method-assign, assignment]
    world.media.release_thumbnails = forget  # type: ignore[method-assign]
    for _ in range(3):
        await world.use.sweep()()
        with pytest.raises(KilledError):
            await world.work()
        assert await world.media.owed_thumbnails(now=world.clock.now(), limit=9) == []
        world.clock.advance(seconds=30)  # the claim runs out
    world.images.make_thumbnails = decode  # type: ignore[method-assign]
    world.media.release_thumbnails = release  # type: ignore[method-assign]

    await world.use.sweep()()
    await world.work()

    assert world.tables.media[media.id].thumbnails_error == "gave_up"  # row 48


async def test_decoders_that_cannot_be_started_cost_no_image_a_start(world: World) -> None:
    media = await world.ready(await world.user())

    async def refuse(*_: object, **__: object) -> None:
        raise PartUnavailable("decoder", "none can be started")

    decode = world.images.make_thumbnails
    world.images.make_thumbnails = refuse  # type: ignore[method-assign, assignment]
    for _ in range(5):
        with pytest.raises(PartUnavailable):
            await world.use.make_thumbnails()(media.id)
        world.clock.advance(seconds=1)
    world.images.make_thumbnails = decode  # type: ignore[method-assign]
    await world.use.make_thumbnails()(media.id)

    assert world.tables.media[media.id].thumbnails_status is ThumbnailsStatus.READY


async def test_what_has_no_turn_yet_is_not_claimed(world: World) -> None:
    owner = await world.user()
    for _ in range(world.use.turns_at_once()):
        await world.ready(owner)
    waiting = await world.ready(owner)
    go_on = asyncio.Event()
    decode = world.images.make_thumbnails

    async def decode_slowly(original: bytes, *, sizes: Sequence[int]) -> ThumbnailSet:
        await go_on.wait()
        return await decode(original, sizes=sizes)

    world.images.make_thumbnails = decode_slowly  # type: ignore[method-assign]
    turns = range(world.use.turns_at_once() + 1)
    jobs = [asyncio.create_task(world.use.make_next_thumbnails()()) for _ in turns]
    await asyncio.sleep(0.01)

    assert await world.media.owed_thumbnails(now=world.clock.now(), limit=9) == [waiting.id]
    go_on.set()
    await asyncio.gather(*jobs)
    assert await world.media.owed_thumbnails(now=world.clock.now(), limit=9) == []


async def test_a_defect_of_ours_ends_in_a_state_that_shows(world: World) -> None:
    media = await world.ready(await world.user())

    async def stumble(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    world.images.make_thumbnails = stumble  # type: ignore[method-assign, assignment]
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            await world.work()
        await world.use.sweep()()
    await world.work()

    assert world.tables.media[media.id].thumbnails_error == "gave_up"


async def test_media_deleted_while_its_thumbnails_are_made_leaves_nothing(world: World) -> None:
    owner = await world.user()
    media = await world.ready(owner)
    decode = world.images.make_thumbnails

    async def delete_meanwhile(original: bytes, *, sizes: tuple[int, ...]) -> object:
        await world.use.delete_media()(media.id, by=owner)
        return await decode(original, sizes=sizes)

    world.images.make_thumbnails = delete_meanwhile  # type: ignore[method-assign, assignment]
    await world.work()

    assert not world.store.objects  # row 53
    assert media.id not in world.tables.media


async def test_a_slower_worker_takes_nothing_from_a_faster_one(world: World) -> None:
    media = await world.ready(await world.user())
    decode = world.images.make_thumbnails

    async def be_overtaken(original: bytes, *, sizes: tuple[int, ...]) -> object:
        world.images.make_thumbnails = decode  # type: ignore[method-assign]
        world.clock.advance(seconds=31)  # our claim runs out
        await world.use.make_thumbnails()(media.id)
        return await decode(original, sizes=sizes)

    world.images.make_thumbnails = be_overtaken  # type: ignore[method-assign, assignment]
    await world.work()

    made = world.tables.media[media.id]
    assert {variant.object_key for variant in made.variants} < world.public_keys  # row 46
