"""What time makes due."""

from collections.abc import Sequence
from datetime import datetime

import pytest

from mediaport.adapters.memory.images import picture
from mediaport.application.media.sweep import BATCH, LEASE, LEASE_LASTS, MAX_BATCHES, Swept
from mediaport.application.ports.media_repository import ObjectDeletion
from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.domain.keys import variant_key
from mediaport.domain.media import Media
from mediaport.domain.policy import AVATAR, POST_IMAGE
from tests.world import World


async def test_an_upload_that_was_never_finished_goes_with_its_object(world: World) -> None:
    owner = await world.user()
    await world.uploaded(owner)

    world.clock.advance(seconds=3600 + 299)
    await world.use.sweep()()
    assert world.tables.media  # a URL signed at the last moment could still be used

    world.clock.advance(seconds=1)
    assert (await world.use.sweep()()).uploads_expired == 1
    assert not world.tables.media
    world.clock.advance(seconds=899)
    await world.use.sweep()()
    assert world.tables.deletions  # an upload that began at the last moment could still go on
    world.clock.advance(seconds=1)
    await world.use.sweep()()
    assert not world.store.objects
    assert not world.tables.deletions


async def test_what_is_put_again_after_complete_is_swept(world: World) -> None:
    owner = await world.user()
    media, upload = await world.use.presign_upload()(
        kind=POST_IMAGE, content_type="image/jpeg", size_bytes=len(picture()), by=owner
    )
    world.store.receive(upload.url, picture(), content_type="image/jpeg")
    ready = await world.use.complete_upload()(media.id, by=owner)
    published = world.store.objects[ready.object_key]
    other = picture(width=641)

    assert world.store.receive(upload.url, other, content_type="image/jpeg") == 200
    assert (await world.use.complete_upload()(media.id, by=owner)) == ready
    assert world.store.objects[ready.object_key] == published  # row 3
    world.clock.advance(seconds=900)
    await world.use.sweep()()

    assert set(world.store.objects) == {ready.object_key}


async def test_ready_media_that_nothing_shows_goes_after_a_day(world: World) -> None:
    owner = await world.user()
    media = await world.ready(owner)
    await world.work()
    objects = dict(world.store.objects)

    world.clock.advance(seconds=86_399)
    assert (await world.use.sweep()()).unattached_removed == 0
    assert world.store.objects == objects
    world.clock.advance(seconds=1)
    assert (await world.use.sweep()()).unattached_removed == 1

    assert media.id not in world.tables.media
    world.clock.advance(seconds=900)
    await world.use.sweep()()
    assert not world.store.objects
    assert not world.tables.deletions


async def test_what_is_shown_stays_however_old_it_is(world: World) -> None:
    owner = await world.user()
    attached, worn = await world.ready(owner), await world.ready(owner, AVATAR)
    await world.work()
    await world.use.create_post()(body="", media_id=attached.id, by=owner)
    await world.use.set_avatar()(worn.id, by=owner)
    objects = dict(world.store.objects)

    world.clock.advance(seconds=10**7)
    await world.use.sweep()()

    assert world.store.objects == objects  # row 19
    assert set(world.tables.media) == {attached.id, worn.id}


@pytest.mark.parametrize("is_gone", [True, False])
async def test_media_attached_or_deleted_while_the_sweep_looks_at_it_is_left(
    world: World,
    is_gone: bool,
) -> None:
    owner = await world.user()
    media = await world.ready(owner)
    world.clock.advance(seconds=86_400)
    find = world.media.unattached

    async def find_too_early(*, before: datetime, limit: int) -> Sequence[Media]:
        found = await find(before=before, limit=limit)
        if is_gone:
            await world.use.delete_media()(media.id, by=owner)
        else:
            await world.use.create_post()(body="", media_id=media.id, by=owner)
        return found

    world.media.unattached = find_too_early  # type: ignore[method-assign]

    assert (await world.use.sweep()()).unattached_removed == 0
    assert (media.id in world.tables.media) != is_gone  # row 19


async def test_one_process_cleans_at_a_time_and_all_ask_for_thumbnails(world: World) -> None:
    owner = await world.user()
    await world.uploaded(owner)
    world.clock.advance(seconds=4000)
    ready = await world.ready(owner)
    world.queue.waiting.clear()
    now = world.clock.now()
    await world.use.leases().claim(LEASE, now=now, until=now + LEASE_LASTS)

    swept = await world.use.sweep()()

    assert swept == Swept(is_our_turn=False, asked_for=[ready.id])
    assert world.queue.waiting == [ready.id]
    world.clock.advance(seconds=LEASE_LASTS.total_seconds())  # a killed process keeps nobody
    assert (await world.use.sweep()()).uploads_expired == 1


async def test_a_sweep_works_batch_by_batch_and_leaves_the_rest_to_the_next(world: World) -> None:
    world.tables.write_down(
        [
            ObjectDeletion(object_key=f"public/{number}", due_at=world.clock.now())
            for number in range(MAX_BATCHES * BATCH + 1)
        ]
    )

    assert (await world.use.sweep()()).objects_removed == MAX_BATCHES * BATCH
    assert (await world.use.sweep()()).cleaned == 1
    assert (await world.use.sweep()()).cleaned == 0


async def test_a_sweep_that_took_too_long_stops_when_another_has_begun(world: World) -> None:
    world.tables.write_down(
        [
            ObjectDeletion(object_key=f"public/{number}", due_at=world.clock.now())
            for number in range(BATCH + 1)
        ]
    )
    delete = world.store.delete

    async def hang(keys: Sequence[str]) -> None:
        world.clock.advance(seconds=LEASE_LASTS.total_seconds())
        now = world.clock.now()
        await world.use.leases().claim(LEASE, now=now, until=now + LEASE_LASTS)
        await delete(keys)

    world.store.delete = hang  # type: ignore[method-assign]

    assert (await world.use.sweep()()).objects_removed == BATCH
    assert LEASE in world.tables.leases  # it is the other's


async def test_a_database_that_fails_at_the_end_keeps_the_next_sweep_waiting_for_the_lease(
    world: World,
) -> None:
    async def fail(name: str, *, held_until: datetime) -> None:
        raise PartUnavailable("database", f"{name} {held_until}")

    world.use.leases().release = fail

    assert (await world.use.sweep()()).is_our_turn
    assert not (await world.use.sweep()()).is_our_turn


async def test_owed_thumbnails_are_asked_for_again(world: World) -> None:
    media = await world.ready(await world.user())
    world.queue.waiting.clear()  # row 43

    swept = await world.use.sweep()()

    assert swept.asked_for == [media.id]
    assert world.queue.waiting == [media.id]


async def test_an_upload_completed_while_the_sweep_looks_at_it_stays(world: World) -> None:
    owner = await world.user()
    media_id = await world.uploaded(owner)
    world.clock.advance(seconds=3599)
    media = world.tables.media[media_id]
    await world.use.complete_upload()(media_id, by=owner)
    world.clock.advance(seconds=400)

    async def see_the_past(**_: object) -> list[Media]:
        return [media]

    world.media.expired = see_the_past  # type: ignore[method-assign]

    assert (await world.use.sweep()()).uploads_expired == 0
    assert world.tables.media[media_id].is_ready


async def test_a_queue_that_is_down_keeps_nothing_else_from_being_cleaned(world: World) -> None:
    owner = await world.user()
    await world.ready(owner)
    await world.uploaded(owner)
    world.clock.advance(seconds=4000)
    world.queue.is_down = True

    with pytest.raises(PartUnavailable):
        await world.use.sweep()()

    assert all(media.is_ready for media in world.tables.media.values())


async def test_one_object_that_cannot_be_removed_keeps_no_other(world: World) -> None:
    stuck = "public/stuck"
    deletions = [
        ObjectDeletion(object_key=key, due_at=world.clock.now())
        for key in (stuck, *(f"public/{number}" for number in range(60)))
    ]
    world.tables.write_down(deletions)
    for deletion in deletions:
        await world.store.put(deletion.object_key, b"x", content_type="image/webp")
    delete = world.store.delete

    async def refuse_one(keys: Sequence[str]) -> None:
        if stuck in keys:
            raise PartUnavailable("object_store", "this one is stuck")
        await delete(keys)

    world.store.delete = refuse_one  # type: ignore[method-assign]

    swept = await world.use.sweep()()

    assert (swept.objects_removed, swept.objects_left) == (11, 50)
    assert stuck in world.store.objects
    assert len(world.tables.deletions) == 50


async def test_a_store_that_is_down_is_not_asked_again_and_again(world: World) -> None:
    world.tables.write_down(
        [
            ObjectDeletion(object_key=f"public/{number}", due_at=world.clock.now())
            for number in range(400)
        ]
    )
    asked: list[int] = []

    async def refuse(keys: Sequence[str]) -> None:
        asked.append(len(keys))
        raise PartUnavailable("object_store", "it is down")

    world.store.delete = refuse  # type: ignore[method-assign]

    swept = await world.use.sweep()()

    assert (swept.objects_removed, swept.objects_left) == (0, 100)
    assert asked == [50, 50]
    assert len(world.tables.deletions) == 400


async def test_what_a_killed_worker_wrote_for_deleted_media_goes_too(world: World) -> None:
    owner = await world.user()
    media = await world.ready(owner)
    await world.use.delete_media()(media.id, by=owner)
    late = variant_key(media.object_key, 128)
    await world.store.put(late, b"late", content_type="image/webp")  # and then it was killed

    await world.use.sweep()()
    world.clock.advance(seconds=60)
    await world.use.sweep()()

    assert not world.store.objects  # row 53
