"""Thumbnails made anew: what is made, what is left, and who may be in the way."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import pytest

from mediaport.adapters.memory.images import picture
from mediaport.application.media import remake_thumbnails
from mediaport.application.media.remake_thumbnails import Outcome
from mediaport.application.ports.images import DecoderLost, ThumbnailSet
from mediaport.application.ports.media_repository import ObjectDeletion
from mediaport.application.ports.remake_repository import Remake
from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.domain.keys import variant_key
from mediaport.domain.media import Media, MediaId, ThumbnailsStatus
from tests.world import World

FIRST = MediaId(0)


async def remake_missing(world: World, *, concurrency: int = 2) -> Counter[Outcome]:
    outcomes: list[Outcome] = []
    stretch = await world.use.remakes().ahead(after=FIRST)
    await world.use.remake_thumbnails().missing(
        stretch, concurrency=concurrency, tell=outcomes.append
    )
    return Counter(outcomes)


async def remake_everything(world: World, run: Remake | None = None) -> Counter[Outcome]:
    outcomes: list[Outcome] = []
    remakes = world.use.remakes()
    run = run or await remakes.begin(recipe="as set", now=world.clock.now())
    stretch = await remakes.ahead(after=run.last_media_id)
    await world.use.remake_thumbnails().everything(
        run, stretch, concurrency=1, tell=outcomes.append
    )
    return Counter(outcomes)


async def with_thumbnails(world: World, count: int = 1) -> list[Media]:
    owner = await world.user()
    media = [await world.ready(owner) for _ in range(count)]
    await world.work()
    return [world.tables.media[each.id] for each in media]


async def given_up(world: World) -> Media:
    """A media item whose thumbnails failed through no fault of its picture."""
    media = await world.ready(await world.user())
    await world.media.save_thumbnails(media.without_thumbnails(reason="gave_up"))
    world.queue.waiting.clear()
    return world.tables.media[media.id]


def meanwhile(world: World, happen: Callable[[], Awaitable[object]]) -> None:
    """Let something happen once, while the next thumbnails are made."""
    decode = world.images.make_thumbnails

    async def interrupted(original: bytes, *, sizes: Sequence[int]) -> ThumbnailSet:
        world.images.make_thumbnails = decode  # type: ignore[method-assign]
        await happen()
        return await decode(original, sizes=sizes)

    world.images.make_thumbnails = interrupted  # type: ignore[method-assign]


def sizes_of(media: Media) -> list[int]:
    return [variant.size for variant in media.variants]


def assert_consistent(world: World) -> None:
    """Every row has its object, and every public object its row, or a deletion to come."""
    wanted = {
        key
        for media in world.tables.media.values()
        for key in (media.object_key, *(variant.object_key for variant in media.variants))
    }
    doomed = {deletion.object_key for deletion in world.tables.deletions.values()}
    assert wanted <= world.public_keys <= wanted | doomed
    assert not wanted & doomed


async def test_a_new_size_is_made_and_those_that_are_there_stay_untouched(world: World) -> None:
    (media,) = await with_thumbnails(world)
    before = dict(world.store.objects)

    outcomes = await remake_missing(world.set_anew(media_thumbnail_sizes=(256, 1024, 128, 512)))

    made = world.tables.media[media.id]
    assert outcomes == {Outcome.MADE: 1}
    assert sizes_of(made) == [128, 256, 512, 1024]
    assert world.store.objects.items() > before.items()
    assert set(world.store.objects) - set(before) == {variant_key(media.object_key, 256)}
    assert_consistent(world)


async def test_a_size_that_is_dropped_goes_with_its_object_an_hour_later(world: World) -> None:
    (media,) = await with_thumbnails(world)
    other = world.set_anew(media_thumbnail_sizes=(128, 640))
    old = variant_key(media.object_key, 1024)

    await remake_missing(other)

    assert sizes_of(world.tables.media[media.id]) == [128, 640]
    world.clock.advance(seconds=3599)
    await other.use.sweep()()
    assert old in world.public_keys
    world.clock.advance(seconds=1)
    await other.use.sweep()()
    assert len(world.public_keys) == 3
    assert_consistent(world)


async def test_what_lacks_nothing_is_left_until_everything_is_made_anew(world: World) -> None:
    (media,) = await with_thumbnails(world)
    keys = [variant.object_key for variant in media.variants]
    for key in keys:
        await world.store.put(key, b"of another quality", content_type="image/webp")

    assert await remake_missing(world) == {Outcome.NOTHING_TO_DO: 1}
    assert await remake_everything(world) == {Outcome.MADE: 1}

    assert all(world.store.objects[key].body != b"of another quality" for key in keys)
    assert world.tables.media[media.id] == media


async def test_what_is_pending_or_owed_is_left_to_others(world: World) -> None:
    owner = await world.user()
    await world.uploaded(owner)
    await world.ready(owner)
    before = dict(world.tables.media)

    assert await remake_missing(world) == {Outcome.NOTHING_TO_DO: 2}
    assert await remake_everything(world) == {Outcome.NOTHING_TO_DO: 2}

    assert world.tables.media == before


async def test_what_failed_through_no_fault_of_the_picture_is_tried_again(world: World) -> None:
    media = await given_up(world)

    assert await remake_missing(world) == {Outcome.MADE: 1}

    made = world.tables.media[media.id]
    assert made.thumbnails_status is ThumbnailsStatus.READY
    assert sizes_of(made) == [128, 512, 1024]
    assert made.thumbnails_error is None


async def test_a_broken_picture_is_tried_again_with_everything_only(world: World) -> None:
    media = await world.ready(await world.user(), body=picture(broken=True))
    await world.work()
    failed = world.tables.media[media.id]

    assert await remake_missing(world) == {Outcome.NOTHING_TO_DO: 1}
    assert await remake_everything(world) == {Outcome.BROKEN: 1}

    assert world.tables.media[media.id] == failed


async def test_a_good_picture_that_cannot_be_made_anew_keeps_what_it_has(world: World) -> None:
    torn, lost = await with_thumbnails(world, 2)
    await world.store.put(torn.object_key, picture(broken=True), content_type="image/jpeg")
    await world.store.delete([lost.object_key])

    assert await remake_everything(world) == {Outcome.BROKEN: 2}

    assert list(world.tables.media.values()) == [torn, lost]


async def test_a_picture_that_turns_out_broken_says_so_and_is_not_tried_again(
    world: World,
) -> None:
    media = await given_up(world)
    await world.store.put(media.object_key, picture(broken=True), content_type="image/jpeg")

    assert await remake_missing(world) == {Outcome.BROKEN: 1}

    assert world.tables.media[media.id].thumbnails_error == "truncated"
    assert await remake_missing(world) == {Outcome.NOTHING_TO_DO: 1}


async def test_media_deleted_while_thumbnails_are_made_anew_leaves_nothing(world: World) -> None:
    (media,) = await with_thumbnails(world)
    other = world.set_anew(media_thumbnail_sizes=(64, 128))
    meanwhile(world, lambda: world.use.delete_media()(media.id, by=media.owner_id))

    assert await remake_missing(other) == {Outcome.GONE: 1}

    assert not world.store.objects  # row 53
    assert not world.tables.media


async def test_media_deleted_by_a_server_that_knows_other_sizes_leaves_nothing(
    world: World,
) -> None:
    (media,) = await with_thumbnails(world)
    purge = world.media.purge

    async def remake_before(media: Media, *, deletions: Sequence[ObjectDeletion]) -> None:
        await remake_missing(world.set_anew(media_thumbnail_sizes=(64, 128)))
        await purge(media, deletions=deletions)

    world.media.purge = remake_before  # type: ignore[method-assign]
    await world.use.delete_media()(media.id, by=media.owner_id)
    world.clock.advance(seconds=3600)
    await world.use.sweep()()

    assert not world.store.objects  # row 53


async def test_media_deleted_before_its_turn_is_gone_not_broken(world: World) -> None:
    first, second = await with_thumbnails(world, 2)
    read = world.store.read

    async def delete_both(key: str, **pinned: object) -> bytes:
        for media in (first, second):
            await world.use.delete_media()(media.id, by=media.owner_id)
        return await read(key)

    world.store.read = delete_both  # type: ignore[method-assign]

    assert await remake_everything(world) == {Outcome.GONE: 2}
    assert not world.store.objects


async def test_all_variants_go_with_their_media_whatever_sizes_are_set(world: World) -> None:
    (media,) = await with_thumbnails(world)

    await world.set_anew(media_thumbnail_sizes=(64,)).use.delete_media()(
        media.id, by=media.owner_id
    )

    assert not world.store.objects


async def test_a_late_deletion_removes_nothing_that_was_made_anew(world: World) -> None:
    (media,) = await with_thumbnails(world)
    await remake_everything(world.set_anew(media_thumbnail_sizes=(128,)))
    world.clock.advance(seconds=7200)  # the deletions are due, and nobody has swept

    assert await remake_missing(world) == {Outcome.MADE: 1}
    await world.use.sweep()()

    assert sizes_of(world.tables.media[media.id]) == [128, 512, 1024]
    assert_consistent(world)  # row 59


async def test_a_deletion_that_comes_due_meanwhile_waits_for_what_is_made_anew(
    world: World,
) -> None:
    (media,) = await with_thumbnails(world)
    await remake_everything(world.set_anew(media_thumbnail_sizes=(128,)))
    world.clock.advance(seconds=3590)
    put = world.store.put

    async def sweep_after(key: str, body: bytes, *, content_type: str) -> str:
        etag = await put(key, body, content_type=content_type)
        if key == variant_key(media.object_key, 1024):
            world.clock.advance(seconds=20)
            await world.use.sweep()()
        return etag

    world.store.put = sweep_after  # type: ignore[method-assign, assignment]

    assert await remake_missing(world) == {Outcome.MADE: 1}
    await world.use.sweep()()

    assert sizes_of(world.tables.media[media.id]) == [128, 512, 1024]
    assert_consistent(world)  # row 59


async def test_media_whose_old_objects_are_being_removed_is_put_off(world: World) -> None:
    (media,) = await with_thumbnails(world)
    await remake_everything(world.set_anew(media_thumbnail_sizes=(128,)))
    world.clock.advance(seconds=3600)
    delete = world.store.delete

    async def remake_meanwhile(keys: Sequence[str]) -> None:
        world.store.delete = delete  # type: ignore[method-assign]
        assert await remake_missing(world) == {Outcome.UNDONE: 1}
        await delete(keys)

    world.store.delete = remake_meanwhile  # type: ignore[method-assign]
    await world.use.sweep()()
    assert sizes_of(world.tables.media[media.id]) == [128]

    assert await remake_missing(world) == {Outcome.MADE: 1}
    assert_consistent(world)


async def test_media_that_takes_longer_than_its_deletions_are_held_is_put_off(
    world: World,
) -> None:
    (media,) = await with_thumbnails(world)

    async def wait() -> None:
        world.clock.advance(seconds=60)

    meanwhile(world, wait)

    assert await remake_everything(world) == {Outcome.UNDONE: 1}
    assert world.tables.media[media.id] == media
    assert_consistent(world)


async def test_two_runs_at_once_have_one_result(world: World) -> None:
    await with_thumbnails(world, 20)
    other = world.set_anew(media_thumbnail_sizes=(64, 128, 512))

    outcomes = await asyncio.gather(remake_missing(other), remake_missing(other, concurrency=5))

    assert sum(outcomes, Counter())[Outcome.MADE] >= 20
    assert all(sizes_of(media) == [64, 128, 512] for media in world.tables.media.values())
    assert_consistent(world)


async def test_a_run_takes_nothing_from_another_that_was_faster(world: World) -> None:
    await with_thumbnails(world)
    other = world.set_anew(media_thumbnail_sizes=(64, 128))
    get = other.media.get

    async def overtaken(media_id: MediaId) -> Media:
        other.media.get = get  # type: ignore[method-assign]
        assert await remake_missing(other) == {Outcome.MADE: 1}
        return await get(media_id)

    other.media.get = overtaken  # type: ignore[method-assign]

    assert await remake_missing(other) == {Outcome.NOTHING_TO_DO: 1}
    assert_consistent(world)


async def test_a_worker_that_comes_too_late_takes_nothing_from_a_run(world: World) -> None:
    media = await world.ready(await world.user())

    async def give_up_and_remake() -> None:
        await world.media.save_thumbnails(media.without_thumbnails(reason="gave_up"))
        assert await remake_missing(world) == {Outcome.MADE: 1}

    meanwhile(world, give_up_and_remake)
    await world.work()

    assert sizes_of(world.tables.media[media.id]) == [128, 512, 1024]
    assert_consistent(world)


@pytest.mark.parametrize("error", [DecoderLost("killed"), ZeroDivisionError()])
async def test_what_one_picture_meets_keeps_no_other(world: World, error: Exception) -> None:
    _, second = await with_thumbnails(world, 2)

    async def stumble() -> None:
        raise error

    meanwhile(world, stumble)

    assert await remake_everything(world) == {Outcome.UNDONE: 1, Outcome.MADE: 1}
    assert world.tables.media[second.id] == second


async def test_as_many_pictures_as_asked_for_are_in_work_at_once(world: World) -> None:
    await with_thumbnails(world, 12)
    decode, at_once, most = world.images.make_thumbnails, 0, 0

    async def slow(original: bytes, *, sizes: Sequence[int]) -> ThumbnailSet:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0)
        at_once -= 1
        return await decode(original, sizes=sizes)

    world.images.make_thumbnails = slow  # type: ignore[method-assign]
    await remake_missing(world.set_anew(media_thumbnail_sizes=(64,)), concurrency=3)

    assert most == 3


async def test_a_run_that_a_part_has_stopped_goes_on_after_its_last_batch(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remake_thumbnails, "BATCH", 2)
    media = await with_thumbnails(world, 5)
    remakes = world.use.remakes()
    run = await remakes.begin(recipe="as set", now=world.clock.now())
    put = world.store.put

    async def fail_at_the_fourth(key: str, body: bytes, *, content_type: str) -> str:
        if key.startswith(media[3].object_key.rpartition(".")[0]):
            raise PartUnavailable("object_store", "reset")
        return await put(key, body, content_type=content_type)

    world.store.put = fail_at_the_fourth  # type: ignore[method-assign, assignment]
    with pytest.raises(PartUnavailable):
        await remake_everything(world, run)
    world.store.put = put  # type: ignore[method-assign]

    stopped = await remakes.unfinished()
    assert stopped == replace(run, last_media_id=media[1].id)
    assert await remake_everything(world, stopped) == {Outcome.MADE: 3}
    assert await remakes.unfinished() is None
    assert list(world.tables.media.values()) == media


async def test_a_run_that_is_cancelled_leaves_nothing_half_done(world: World) -> None:
    media = await with_thumbnails(world, 3)
    other = world.set_anew(media_thumbnail_sizes=(64,))
    is_reached = asyncio.Event()

    async def hang() -> None:
        is_reached.set()
        await asyncio.sleep(3600)

    meanwhile(world, hang)
    running = asyncio.ensure_future(remake_missing(other, concurrency=1))
    await is_reached.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert list(world.tables.media.values()) == media
    assert await remake_missing(other) == {Outcome.MADE: 3}
    assert_consistent(world)
