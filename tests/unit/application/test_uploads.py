"""From the permission to upload to the ready media item."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from mediaport.adapters.memory import object_store as memory_object_store
from mediaport.adapters.memory.images import picture
from mediaport.application.media import complete_upload, remove_objects
from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.domain.errors import (
    CompletionInProgress,
    ContentTypeMismatch,
    ContentTypeNotAllowed,
    MediaAlreadyReady,
    MediaNotFound,
    NotAnImage,
    ObjectNotUploaded,
    SizeMismatch,
    SizeTooLarge,
    StorageQuotaExceeded,
    TooManyPendingBytes,
    TooManyPendingUploads,
    TooManyPixels,
    UploadChanged,
    UploadExpired,
)
from mediaport.domain.media import MediaId, Status
from mediaport.domain.policy import AVATAR, POST_IMAGE
from tests.world import PNG, World

# By how a picture is kept from being swapped: what is in memory of it, and what publishes it.
IN_MEMORY, STAGED = "in memory", "staged"
PUBLISHES = {IN_MEMORY: "put", STAGED: "publish"}


@pytest.fixture(params=PUBLISHES)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Whether pictures are small, or large."""
    chosen: str = request.param
    if chosen == STAGED:
        monkeypatch.setattr(complete_upload, "HELD_BYTES", 0)
        monkeypatch.setattr(complete_upload, "HEAD_BYTES", 4)
    return chosen


both_ways = pytest.mark.usefixtures("way")


async def presign(world: World, owner: int, **changes: object) -> MediaId:
    declared = {"kind": POST_IMAGE, "content_type": "image/jpeg", "size_bytes": 9, **changes}
    media, _ = await world.use.presign_upload()(by=owner, **declared)
    media_id: MediaId = media.id
    return media_id


async def test_rejects_invalid_content_type(world: World) -> None:
    with pytest.raises(ContentTypeNotAllowed):
        await presign(world, await world.user(), content_type="image/gif")

    assert not world.tables.media


async def test_rejects_oversize_size_bytes(world: World) -> None:
    with pytest.raises(SizeTooLarge):
        await presign(world, await world.user(), kind=AVATAR, size_bytes=2_097_153)

    assert not world.tables.media


async def test_presign_works_while_the_store_is_down(world: World) -> None:
    owner = await world.user()
    world.store.is_down = True  # row 40: no call is made

    assert await presign(world, owner)


async def test_pending_uploads_are_limited_until_one_is_gone(world: World) -> None:
    owner, other = await world.user("ada"), await world.user("bob")
    pending = [await presign(world, owner) for _ in range(5)]

    with pytest.raises(TooManyPendingUploads) as refused:  # row 31
        await presign(world, owner)
    assert refused.value.context == {"max_pending": 5, "retry_after_s": 3601}
    await presign(world, other)

    await world.use.delete_media()(pending[0], by=owner)
    await presign(world, owner)


async def test_pending_uploads_declare_no_more_than_they_may_together(world: World) -> None:
    strict = world.set_anew(media_max_pending_bytes=1000)
    owner = await strict.user()
    await presign(strict, owner, size_bytes=600)

    with pytest.raises(TooManyPendingBytes) as refused:  # row 31
        await presign(strict, owner, size_bytes=401)
    assert refused.value.context == {
        "size_bytes": 401,
        "pending_bytes": 600,
        "max_pending_bytes": 1000,
        "retry_after_s": 3601,
    }
    await presign(strict, owner, size_bytes=400)


async def test_what_a_user_stores_is_limited_until_something_is_deleted(world: World) -> None:
    strict = world.set_anew(media_max_stored_bytes=2 * len(picture()))
    owner, other = await strict.user("ada"), await strict.user("bob")
    first = await strict.ready(owner)
    await strict.ready(owner)

    with pytest.raises(StorageQuotaExceeded) as refused:
        await presign(strict, owner, size_bytes=1)
    assert refused.value.context == {
        "size_bytes": 1,
        "stored_bytes": 2 * len(picture()),
        "pending_bytes": 0,
        "max_stored_bytes": 2 * len(picture()),
        "retry_after_s": 3600,
    }
    await presign(strict, other, size_bytes=1)
    await strict.use.delete_media()(first.id, by=owner)
    await presign(strict, owner, size_bytes=1)


async def test_expired_uploads_do_not_count(world: World) -> None:
    owner = await world.user()
    for _ in range(5):
        await presign(world, owner)
    world.clock.advance(seconds=3600)

    assert await presign(world, owner)


async def test_a_pending_upload_gets_a_fresh_url(world: World) -> None:
    owner = await world.user()
    media_id = await presign(world, owner, size_bytes=len(picture()))
    world.clock.advance(seconds=400)

    _, upload = await world.use.presign_upload().again(media_id, by=owner)

    assert world.store.receive(upload.url, picture(), content_type="image/jpeg") == 200


async def test_a_fresh_url_is_for_the_owner_of_a_pending_upload_only(world: World) -> None:
    owner, stranger = await world.user("ada"), await world.user("bob")
    media = await world.ready(owner)
    again = world.use.presign_upload().again

    with pytest.raises(MediaAlreadyReady):
        await again(media.id, by=owner)
    with pytest.raises(MediaNotFound):  # row 14
        await again(media.id, by=stranger)
    late = await presign(world, owner)
    world.clock.advance(seconds=3600)
    with pytest.raises(UploadExpired):
        await again(late, by=owner)


@both_ways
async def test_a_complete_upload_is_published_and_its_thumbnails_asked_for(world: World) -> None:
    owner = await world.user()

    media = await world.ready(owner)

    assert media.status is Status.READY
    assert (media.width, media.height) == (640, 480)
    assert set(world.store.objects) == {media.object_key}
    assert world.queue.waiting == [media.id]


@both_ways
async def test_complete_fails_if_object_missing(world: World) -> None:
    owner = await world.user()
    media_id = await presign(world, owner)

    with pytest.raises(ObjectNotUploaded):  # row 11
        await world.use.complete_upload()(media_id, by=owner)

    assert world.tables.media[media_id].status is Status.PENDING


async def test_complete_again_answers_the_same(world: World) -> None:
    owner = await world.user()
    media = await world.ready(owner)

    assert await world.use.complete_upload()(media.id, by=owner) == media  # row 13
    assert world.store.written[media.object_key] == 1


@both_ways
async def test_fifty_completes_at_once_publish_once(world: World) -> None:
    owner = await world.user()
    media_id = await world.uploaded(owner)

    answers = await asyncio.gather(
        *(world.use.complete_upload()(media_id, by=owner) for _ in range(50))
    )

    assert len({answer.etag for answer in answers}) == 1  # row 13
    assert world.store.written[answers[0].object_key] == 1


async def test_a_stranger_cannot_complete(world: World) -> None:
    owner, stranger = await world.user("ada"), await world.user("bob")
    media_id = await world.uploaded(owner)

    with pytest.raises(MediaNotFound):  # row 14
        await world.use.complete_upload()(media_id, by=stranger)

    assert not world.public_keys


async def test_an_expired_upload_cannot_be_completed(world: World) -> None:
    owner = await world.user()
    media_id = await world.uploaded(owner)
    world.clock.advance(seconds=3600)

    with pytest.raises(UploadExpired):  # row 15
        await world.use.complete_upload()(media_id, by=owner)

    assert not world.public_keys


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (b"<html>", NotAnImage),  # row 20
        (picture(PNG), ContentTypeMismatch),  # row 22
        (picture(width=30_000, height=30_000), TooManyPixels),  # row 23
    ],
)
@both_ways
async def test_what_is_not_as_declared_is_refused_and_removed(
    world: World, body: bytes, refusal: type[Exception]
) -> None:
    owner = await world.user()
    media_id = await world.uploaded(owner, body=body)

    with pytest.raises(refusal):
        await world.use.complete_upload()(media_id, by=owner)

    assert not world.store.objects
    assert world.tables.media[media_id].status is Status.PENDING


@both_ways
async def test_what_turns_out_to_be_no_image_when_it_is_cleaned_is_removed_too(
    world: World,
) -> None:
    owner = await world.user()
    media_id = await world.uploaded(owner, body=picture(at_home=True))

    async def refuse(_: bytes) -> None:
        raise NotAnImage("it has too much metadata")

    world.images.strip = refuse  # type: ignore[method-assign, assignment]
    with pytest.raises(NotAnImage):
        await world.use.complete_upload()(media_id, by=owner)

    assert not world.store.objects


@both_ways
async def test_another_size_than_declared_is_refused_and_removed(world: World) -> None:
    owner = await world.user()
    media_id = await world.uploaded(owner)
    key = world.tables.media[media_id].incoming_key
    await world.store.put(key, picture() + b"more", content_type="image/jpeg")

    with pytest.raises(SizeMismatch):  # row 12
        await world.use.complete_upload()(media_id, by=owner)

    assert not world.store.objects


async def test_a_refused_upload_can_be_uploaded_again(world: World) -> None:
    owner = await world.user()
    media_id = await world.uploaded(owner, body=b"x" * len(picture()))
    with pytest.raises(NotAnImage):
        await world.use.complete_upload()(media_id, by=owner)
    _, upload = await world.use.presign_upload().again(media_id, by=owner)
    world.store.receive(upload.url, picture(), content_type="image/jpeg")

    media = await world.use.complete_upload()(media_id, by=owner)

    assert media.is_ready


class SwappedStore:
    """Swaps the uploaded object right before a step that must notice."""

    def __init__(self, world: World, step: str, swapped: bytes | None) -> None:
        self._world, self._swapped = world, swapped
        self._real = getattr(world.store, step)
        setattr(world.store, step, self)

    async def __call__(self, key: str, *args: object, **named: object) -> object:
        if self._swapped is None:
            await self._world.store.delete([key])
        else:
            await self._world.store.put(key, self._swapped, content_type="image/jpeg")
        return await self._real(key, *args, **named)


@pytest.mark.parametrize("way", [STAGED], indirect=True)
@pytest.mark.parametrize("step", ["read", "publish"])
@pytest.mark.parametrize(
    ("swapped", "refusal"), [(b"evil", UploadChanged), (None, ObjectNotUploaded)]
)
async def test_a_staged_object_swapped_after_it_was_looked_at_is_not_published(
    world: World, way: str, step: str, swapped: bytes | None, refusal: type[Exception]
) -> None:
    owner = await world.user()
    media_id = await world.uploaded(owner)
    SwappedStore(world, step, swapped)

    with pytest.raises(refusal):  # row 4
        await world.use.complete_upload()(media_id, by=owner)

    assert not world.public_keys


@both_ways
async def test_a_picture_taken_at_home_is_published_without_the_place(world: World) -> None:
    owner = await world.user()

    media = await world.ready(owner, body=picture(at_home=True))

    published = world.store.objects[media.object_key].body
    assert b"at home" not in published  # row 27
    assert media.size_bytes == len(published)


async def test_complete_survives_a_queue_that_is_down(world: World) -> None:
    owner = await world.user()
    world.queue.is_down = True

    media = await world.ready(owner)

    assert media.owes_thumbnails  # row 42
    world.queue.is_down = False
    await world.use.sweep()()
    await world.work()
    assert not world.tables.media[media.id].owes_thumbnails


@both_ways
async def test_a_store_that_is_down_leaves_the_upload_pending(world: World) -> None:
    owner = await world.user()
    media_id = await world.uploaded(owner)
    world.store.is_down = True
    with pytest.raises(PartUnavailable):  # row 41
        await world.use.complete_upload()(media_id, by=owner)
    world.store.is_down = False

    media = await world.use.complete_upload()(media_id, by=owner)

    assert media.is_ready


async def test_a_claim_that_cannot_be_given_back_runs_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = await world.user()
    media_id = await presign(world, owner, size_bytes=len(picture()))

    async def fail(_: MediaId, *, until: object) -> None:
        raise PartUnavailable("database", "gone")

    monkeypatch.setattr(world.media, "release_completion", fail)
    with pytest.raises(ObjectNotUploaded):
        await world.use.complete_upload()(media_id, by=owner)
    _, upload = await world.use.presign_upload().again(media_id, by=owner)
    world.store.receive(upload.url, picture(), content_type="image/jpeg")

    monkeypatch.setattr(complete_upload, "WAIT_STEPS_S", (0.0, 0.001))
    with pytest.raises(CompletionInProgress):
        await world.use.complete_upload()(media_id, by=owner)
    world.clock.advance(seconds=25)
    assert (await world.use.complete_upload()(media_id, by=owner)).is_ready


async def hang(*_: object, **__: object) -> None:
    await asyncio.sleep(3600)


@both_ways
async def test_a_store_that_hangs_while_it_is_asked_is_left_and_asked_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = await world.user()
    media_id = await world.uploaded(owner)
    monkeypatch.setattr(complete_upload, "WORK_TIMEOUT_S", 0.01)
    with monkeypatch.context() as hanging:
        hanging.setattr(world.store, "stat_and_read", hang)
        with pytest.raises(PartUnavailable):  # row 41
            await world.use.complete_upload()(media_id, by=owner)

    assert (await world.use.complete_upload()(media_id, by=owner)).is_ready


async def test_a_store_that_hangs_while_it_publishes_keeps_the_claim(
    world: World, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = await world.user()
    media_id = await world.uploaded(owner)
    monkeypatch.setattr(complete_upload, "WORK_TIMEOUT_S", 0.01)
    monkeypatch.setattr(complete_upload, "WAIT_STEPS_S", (0.001,))
    with monkeypatch.context() as hanging:
        hanging.setattr(world.store, PUBLISHES[way], hang)
        with pytest.raises(PartUnavailable):  # row 41
            await world.use.complete_upload()(media_id, by=owner)

    with pytest.raises(CompletionInProgress):  # it may still be published until then
        await world.use.complete_upload()(media_id, by=owner)
    world.clock.advance(seconds=25)
    assert (await world.use.complete_upload()(media_id, by=owner)).is_ready


@pytest.mark.parametrize(
    "error", [PartUnavailable("object_store", "cut"), asyncio.CancelledError()]
)
async def test_a_publication_that_was_cut_off_keeps_the_claim(
    world: World, way: str, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    owner = await world.user()
    media_id = await world.uploaded(owner)
    monkeypatch.setattr(complete_upload, "WAIT_STEPS_S", (0.001,))

    async def be_cut_off(*_: object, **__: object) -> None:
        raise error

    with monkeypatch.context() as cut:
        cut.setattr(world.store, PUBLISHES[way], be_cut_off)
        with pytest.raises(type(error)):
            await world.use.complete_upload()(media_id, by=owner)

    with pytest.raises(CompletionInProgress):  # the store may still carry it out until then
        await world.use.complete_upload()(media_id, by=owner)
    world.clock.advance(seconds=25)
    assert (await world.use.complete_upload()(media_id, by=owner)).is_ready


@both_ways
async def test_a_database_that_fails_after_publication_gives_the_claim_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = await world.user()
    media_id = await world.uploaded(owner)

    async def fail(*_: object, **__: object) -> None:
        raise PartUnavailable("database", "gone for a moment")

    with monkeypatch.context() as failing:
        failing.setattr(world.media, "mark_ready", fail)
        with pytest.raises(PartUnavailable):
            await world.use.complete_upload()(media_id, by=owner)

    assert (await world.use.complete_upload()(media_id, by=owner)).is_ready


@both_ways
async def test_what_was_looked_at_is_published_and_not_what_is_only_tagged_alike(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ETag is an MD5, and two files can be made to have the same."""
    owner = await world.user()
    monkeypatch.setattr(memory_object_store._Object, "etag", "the same for all")
    verified, other = picture(), picture(width=9999)
    media, upload = await world.use.presign_upload()(
        kind=POST_IMAGE, content_type="image/jpeg", size_bytes=len(verified), by=owner
    )
    world.store.receive(upload.url, verified, content_type="image/jpeg")

    for step in ("stage", "stat_and_read", "read", "publish"):
        real = getattr(world.store, step)

        async def swap_first(*args: Any, real: Any = real, **named: Any) -> Any:
            answer = await real(*args, **named)
            await world.store.put(media.incoming_key, other, content_type="image/jpeg")
            return answer

        monkeypatch.setattr(world.store, step, swap_first)
    ready = await world.use.complete_upload()(media.id, by=owner)

    assert world.store.objects[ready.object_key].body == verified  # row 4


@both_ways
async def test_what_hangs_after_publication_holds_up_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = await world.user()
    monkeypatch.setattr(complete_upload, "AT_ONCE_S", 0.01)
    monkeypatch.setattr(remove_objects, "AT_ONCE_S", 0.01)

    for part, call in ((world.queue, "enqueue"), (world.store, "delete")):
        media_id = await world.uploaded(owner)
        with monkeypatch.context() as hanging:
            hanging.setattr(part, call, hang)
            assert (await world.use.complete_upload()(media_id, by=owner)).is_ready  # row 42


async def test_a_store_that_hangs_over_what_was_refused_is_left(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = await world.user()
    media_id = await world.uploaded(owner, body=b"no picture")
    monkeypatch.setattr(remove_objects, "AT_ONCE_S", 0.01)
    with monkeypatch.context() as hanging:
        hanging.setattr(world.store, "delete", hang)
        with pytest.raises(NotAnImage):
            await world.use.complete_upload()(media_id, by=owner)

    with pytest.raises(NotAnImage):
        await world.use.complete_upload()(media_id, by=owner)
    world.clock.advance(seconds=60)
    await world.use.sweep()()
    assert not world.store.objects


async def test_a_completion_whose_claim_was_taken_over_changes_nothing(
    world: World, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = await world.user()
    media_id = await world.uploaded(owner)
    publish = getattr(world.store, PUBLISHES[way])

    async def be_slow(*args: str, **named: str) -> str:
        world.clock.advance(seconds=26)  # our claim runs out, and another request claims
        now = world.clock.now()
        await world.media.claim_completion(
            media_id, now=now, until=now + timedelta(seconds=10), deletions=[]
        )
        answer: str = await publish(*args, **named)
        return answer

    monkeypatch.setattr(world.store, PUBLISHES[way], be_slow)

    with pytest.raises(CompletionInProgress):
        await world.use.complete_upload()(media_id, by=owner)
    assert not world.tables.media[media_id].is_ready


async def test_media_deleted_while_it_is_completed_leaves_nothing(
    world: World, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = await world.user()
    media_id = await world.uploaded(owner)
    publish = getattr(world.store, PUBLISHES[way])

    async def delete_meanwhile(*args: str, **named: str) -> str:
        etag: str = await publish(*args, **named)
        await world.media.purge(world.tables.media[media_id], deletions=[])
        return etag

    monkeypatch.setattr(world.store, PUBLISHES[way], delete_meanwhile)  # another request
    with pytest.raises(MediaNotFound):
        await world.use.complete_upload()(media_id, by=owner)

    assert not world.public_keys


async def test_a_completion_overtaken_by_another_answers_what_the_other_did(
    world: World, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = await world.user()
    media_id = await world.uploaded(owner)
    publish = getattr(world.store, PUBLISHES[way])

    async def be_overtaken(*args: str, **named: str) -> str:
        monkeypatch.setattr(world.store, PUBLISHES[way], publish)
        world.clock.advance(seconds=31)  # our claim runs out
        await world.use.complete_upload()(media_id, by=owner)
        answer: str = await publish(*args, **named)
        return answer

    monkeypatch.setattr(world.store, PUBLISHES[way], be_overtaken)  # a slow store

    media = await world.use.complete_upload()(media_id, by=owner)

    assert media == world.tables.media[media_id]
    assert media.object_key in world.store.objects
