"""Database and bucket compared: what is removed, what is healed, what is only told."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from mediaport.application.media import compare_bucket
from mediaport.application.media.compare_bucket import Compared
from mediaport.application.media.reconcile import Difference, Finding, Outcome, Report
from mediaport.application.ports.object_store import ListedObject, StoredObject
from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.domain.keys import variant_key
from mediaport.domain.media import Media, MediaId
from tests.world import World

Happening = Callable[[], Awaitable[object]]

STRAY = "public/media/1/99/nobody.jpg"
OTHER_SIZES = {"media_thumbnail_sizes": (128, 640)}


class Heard(Report):
    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.stretches: list[Compared] = []

    def found(self, finding: Finding) -> None:
        self.findings.append(finding)

    def passed(self, stretch: Compared) -> None:
        self.stretches.append(stretch)

    @property
    def told(self) -> list[tuple[Difference, Outcome, str]]:
        return [(each.difference, each.outcome, each.key) for each in self.findings]

    @property
    def objects(self) -> int:
        return sum(stretch.objects for stretch in self.stretches)


async def mended(world: World) -> Heard:
    heard = Heard()
    await world.use.reconcile().mend(heard)
    return heard


async def looked(world: World) -> Heard:
    heard = Heard()
    await world.use.reconcile().look(heard)
    return heard


async def with_thumbnails(world: World, count: int = 1) -> list[Media]:
    owner = await world.user()
    media = [await world.ready(owner) for _ in range(count)]
    await world.work()
    return [world.tables.media[each.id] for each in media]


async def put(world: World, key: str, *, hours_ago: float = 49) -> str:
    await world.store.put(key, b"whose?", content_type="image/jpeg")
    age(world, key, hours_ago)
    return key


def age(world: World, key: str, hours_ago: float) -> None:
    modified_at = world.clock.now() - timedelta(hours=hours_ago)
    world.store.objects[key] = replace(world.store.objects[key], modified_at=modified_at)


def state(world: World) -> object:
    return deepcopy((vars(world.tables), world.store.objects))


def before_the_rows_are_asked(world: World, happen: Happening) -> None:
    """Let something happen once, between the listing and the first look at rows."""
    inventory = world.use.inventory()
    ask = inventory.ready_media

    async def interrupted(**stretch: object) -> Sequence[Media]:
        inventory.ready_media = ask
        await happen()
        found: Sequence[Media] = await ask(**stretch)
        return found

    inventory.ready_media = interrupted


def before_strays_are_written_down(world: World, happen: Happening) -> None:
    """Let something happen once, between the look at rows and the writing down."""
    inventory = world.use.inventory()
    write_down = inventory.write_down

    async def interrupted(keys: Sequence[str], **due: datetime) -> Sequence[str]:
        inventory.write_down = write_down
        await happen()
        written: Sequence[str] = await write_down(keys, **due)
        return written

    inventory.write_down = interrupted


def asked_of_the_store(world: World) -> list[str]:
    """The keys that the store is asked about one by one, from now on."""
    stat, asked = world.store.stat, []

    async def counting(key: str) -> StoredObject:
        asked.append(key)
        return await stat(key)

    world.store.stat = counting  # type: ignore[method-assign]
    return asked


def assert_consistent(world: World) -> None:
    """Every row has its object, and every public object its row."""
    rows = {key for media in world.tables.media.values() for key in media.published_keys(())}
    assert rows == world.public_keys


async def test_where_both_agree_nothing_is_told_and_no_object_is_asked_about(world: World) -> None:
    await with_thumbnails(world, 3)
    await world.uploaded(await world.user("bob"))
    world.clock.advance(seconds=49 * 3600)
    before, asked = state(world), asked_of_the_store(world)

    heard = await mended(world)

    assert heard.findings == []
    assert heard.objects == len(world.store.objects) == 13
    assert sum(stretch.media for stretch in heard.stretches) == 3
    assert asked == []
    assert state(world) == before


async def test_an_object_without_a_row_goes_once_it_is_over_48_hours_old(world: World) -> None:
    await with_thumbnails(world)
    old = [
        await put(world, STRAY, hours_ago=48.001),
        await put(world, "incoming/1/99/nobody.jpg"),
        await put(world, "incoming/staged/nobody.jpg"),
    ]
    young = [
        await put(world, "public/media/1/99/young.jpg", hours_ago=48),
        await put(world, "incoming/1/99/young.jpg", hours_ago=0),
    ]

    heard = await mended(world)

    assert sorted(heard.told) == sorted(
        [(Difference.STRAY_OBJECT, Outcome.REMOVED, key) for key in old]
        + [(Difference.YOUNG_OBJECT, Outcome.LEFT, key) for key in young]
    )
    assert not set(old) & set(world.store.objects)  # row 55
    assert set(young) < set(world.store.objects)  # row 55
    assert not any(finding.needs_someone for finding in heard.findings)
    assert heard.findings[0].size_bytes == len(b"whose?")
    assert not world.tables.deletions.keys() & set(old)
    assert (await mended(world)).told == [
        (Difference.YOUNG_OBJECT, Outcome.LEFT, key) for key in sorted(young, reverse=True)
    ]


async def test_a_look_tells_the_same_and_changes_nothing(world: World) -> None:
    torn, lost, _ = await with_thumbnails(world, 3)
    await world.store.delete([variant_key(torn.object_key, 128), lost.object_key])
    await put(world, STRAY)
    before = state(world)

    heard = await looked(world)

    assert state(world) == before  # row 55
    assert heard.told == [
        (Difference.THUMBNAIL_LOST, Outcome.LEFT, variant_key(torn.object_key, 128)),
        (Difference.ORIGINAL_LOST, Outcome.LEFT, lost.object_key),  # row 56
        (Difference.STRAY_OBJECT, Outcome.LEFT, STRAY),
    ]
    assert all(finding.needs_someone for finding in heard.findings)


async def test_what_others_keep_in_the_bucket_is_never_touched(world: World) -> None:
    await with_thumbnails(world)
    for key in ("public/logo.png", "public/mediator/a.jpg", "backup/media/1/2/a.jpg", "incoming"):
        await put(world, key, hours_ago=999)
    before = state(world)

    assert (await mended(world)).findings == []
    assert state(world) == before


async def test_what_a_row_may_be_about_to_refer_to_is_known(world: World) -> None:
    owner = await world.user()
    pending = world.tables.media[await world.uploaded(owner)]
    owed = await world.ready(owner)
    keys = [
        pending.object_key,  # published, and its row does not say so yet
        variant_key(owed.object_key, 128),
        variant_key(owed.object_key, 64),  # by a worker with other sizes
    ]
    for key in keys:
        await put(world, key)
    age(world, pending.incoming_key, 49)

    assert (await mended(world)).findings == []
    assert set(keys) < set(world.store.objects)


async def test_what_is_written_down_already_is_left_to_the_sweep(world: World) -> None:
    gone, _ = await with_thumbnails(world, 2)
    world.clock.advance(seconds=49 * 3600)
    world.store.is_down = True
    await world.use.delete_media()(gone.id, by=gone.owner_id)
    world.store.is_down = False

    assert (await mended(world)).findings == []
    assert gone.object_key in world.store.objects


async def test_an_upload_left_behind_by_ready_media_is_a_stray(world: World) -> None:
    (media,) = await with_thumbnails(world)
    world.clock.advance(seconds=3600)
    await world.use.sweep()()
    await put(world, media.incoming_key)

    assert (await mended(world)).told == [
        (Difference.STRAY_OBJECT, Outcome.REMOVED, media.incoming_key)
    ]


async def test_a_lost_original_is_told_and_nothing_else_happens(world: World) -> None:
    (media,) = await with_thumbnails(world)
    await world.store.delete([media.object_key, variant_key(media.object_key, 512)])
    before = state(world)

    heard = await mended(world)

    assert heard.told == [
        (Difference.ORIGINAL_LOST, Outcome.LEFT, media.object_key),  # row 56
        (Difference.THUMBNAIL_LOST, Outcome.LEFT, variant_key(media.object_key, 512)),
    ]
    assert {finding.media_id for finding in heard.findings} == {media.id}
    assert all(finding.needs_someone for finding in heard.findings)
    assert state(world) == before  # row 56


async def test_lost_thumbnails_are_owed_again_and_made(world: World) -> None:
    (media,) = await with_thumbnails(world)
    lost = [variant_key(media.object_key, size) for size in (128, 1024)]  # as the row has them
    await world.store.delete(lost)

    heard = await mended(world)

    assert heard.told == [(Difference.THUMBNAIL_LOST, Outcome.OWED_AGAIN, key) for key in lost]
    assert not any(finding.needs_someone for finding in heard.findings)
    assert world.tables.media[media.id].owes_thumbnails
    await world.use.sweep()()
    await world.work()
    assert world.tables.media[media.id] == media
    assert_consistent(world)
    assert (await mended(world)).findings == []


async def test_thumbnails_of_sizes_that_are_no_longer_set_go_when_others_are_made_again(
    world: World,
) -> None:
    (media,) = await with_thumbnails(world)
    await world.store.delete([variant_key(media.object_key, 128)])
    other = world.set_anew(**OTHER_SIZES)

    await mended(other)
    await other.use.sweep()()
    await other.work()
    world.clock.advance(seconds=3600)
    await other.use.sweep()()

    made = world.tables.media[media.id]
    assert [variant.size for variant in made.variants] == [128, 640]
    assert_consistent(world)


async def test_a_size_that_was_dropped_and_is_set_again_is_not_removed_once_it_is_made(
    world: World,
) -> None:
    (media,) = await with_thumbnails(world)
    other = world.set_anew(**OTHER_SIZES)
    await remake_missing(other)  # writes 512 and 1024 down, due in an hour
    await world.store.delete([variant_key(media.object_key, 128)])

    await mended(world)
    await world.use.sweep()()
    await world.work()
    world.clock.advance(seconds=7200)
    await world.use.sweep()()

    assert [variant.size for variant in world.tables.media[media.id].variants] == [128, 512, 1024]
    assert_consistent(world)


async def test_thumbnails_whose_old_objects_are_being_removed_wait_for_another_run(
    world: World,
) -> None:
    (media,) = await with_thumbnails(world)
    await remake_missing(world.set_anew(**OTHER_SIZES))
    lost = variant_key(media.object_key, 128)
    await world.store.delete([lost])
    world.clock.advance(seconds=3600)
    now = world.clock.now()
    await world.media.claim_deletions(now=now, until=now + timedelta(seconds=20), limit=9)

    assert (Difference.THUMBNAIL_LOST, Outcome.LEFT, lost) in (await mended(world)).told
    world.clock.advance(seconds=20)
    assert (Difference.THUMBNAIL_LOST, Outcome.OWED_AGAIN, lost) in (await mended(world)).told


async def test_media_without_a_size_that_is_set_is_told(world: World) -> None:
    whole, torn = await with_thumbnails(world, 2)
    await world.store.delete([variant_key(torn.object_key, 128)])

    heard = await mended(world.set_anew(media_thumbnail_sizes=(64, 128, 256)))

    (finding,) = [
        each for each in heard.findings if each.difference is Difference.THUMBNAILS_LACKING
    ]
    assert (finding.media_id, finding.sizes) == (whole.id, (64, 256))
    assert finding.needs_someone


async def test_an_object_that_gets_its_row_after_it_was_listed_is_kept(world: World) -> None:
    pending = await world.uploaded(await world.user())
    media = world.tables.media.pop(pending)
    await put(world, media.object_key)
    await put(world, variant_key(media.object_key, 128))

    async def appear() -> None:
        world.tables.media[pending] = media

    before_the_rows_are_asked(world, appear)

    assert (await mended(world)).findings == []
    assert media.object_key in world.store.objects


async def test_media_that_is_published_after_the_listing_is_not_lost(world: World) -> None:
    owner = await world.user()

    async def publish() -> None:
        await world.ready(owner)
        await world.work()

    before_the_rows_are_asked(world, publish)
    asked = asked_of_the_store(world)

    assert (await mended(world)).findings == []
    assert len(asked) == 5  # the upload by its completion, and four objects by us


async def delete(world: World, media: Media) -> None:
    await world.use.delete_media()(media.id, by=media.owner_id)


async def drop(world: World, media: Media) -> None:
    await remake_missing(world.set_anew(**OTHER_SIZES))


@pytest.mark.parametrize(("happens", "size"), [(delete, None), (drop, 512)])
async def test_what_is_deleted_after_its_row_was_seen_is_not_lost(
    world: World, happens: Callable[[World, Media], Awaitable[None]], size: int | None
) -> None:
    (media,) = await with_thumbnails(world)
    await world.store.delete([variant_key(media.object_key, size) if size else media.object_key])
    get = world.media.get

    async def get_later(media_id: MediaId) -> Media:
        world.media.get = get  # type: ignore[method-assign]
        await happens(world, media)
        return await get(media_id)

    world.media.get = get_later  # type: ignore[method-assign]

    heard = await mended(world)

    assert not {Difference.ORIGINAL_LOST, Difference.THUMBNAIL_LOST} & {
        each.difference for each in heard.findings
    }


async def remake_missing(world: World) -> None:
    stretch = await world.use.remakes().ahead(after=MediaId(0))
    await world.use.remake_thumbnails().missing(stretch, concurrency=1, tell=lambda _: None)


async def left_by_a_killed_remake(world: World) -> tuple[Media, str]:
    """A media item, and the object of a thumbnail that was put and never saved."""
    (media,) = await with_thumbnails(world)
    return media, await put(world, variant_key(media.object_key, 640))


async def test_a_thumbnail_without_a_row_goes_a_minute_later(world: World) -> None:
    _, key = await left_by_a_killed_remake(world)

    assert (await mended(world)).told == [(Difference.STRAY_OBJECT, Outcome.TO_BE_REMOVED, key)]
    assert key in world.store.objects
    world.clock.advance(seconds=60)
    await world.use.sweep()()

    assert_consistent(world)


async def test_a_thumbnail_that_was_made_anew_after_it_was_listed_is_kept(world: World) -> None:
    media, key = await left_by_a_killed_remake(world)
    other = world.set_anew(**OTHER_SIZES)
    before_strays_are_written_down(world, lambda: remake_missing(other))

    assert (await mended(world)).findings == []
    world.clock.advance(seconds=60)
    await world.use.remove_objects().due(limit=9)

    assert key in world.tables.media[media.id].published_keys(())
    assert key in world.store.objects


async def test_a_thumbnail_that_is_just_being_made_anew_is_kept(world: World) -> None:
    media, key = await left_by_a_killed_remake(world)
    other = world.set_anew(**OTHER_SIZES)
    is_put, is_written_down = asyncio.Event(), asyncio.Event()
    save = other.media.replace_thumbnails

    async def save_late(made: Media, **times: datetime) -> bool:
        is_put.set()
        await is_written_down.wait()
        return await save(made, **times)

    other.media.replace_thumbnails = save_late  # type: ignore[assignment, method-assign]
    remaking = asyncio.ensure_future(remake_missing(other))
    before_strays_are_written_down(world, is_put.wait)

    assert (await mended(world)).told == [(Difference.STRAY_OBJECT, Outcome.TO_BE_REMOVED, key)]
    world.clock.advance(seconds=59)
    await world.use.remove_objects().due(limit=9)
    is_written_down.set()
    await remaking
    world.clock.advance(seconds=60)
    await world.use.remove_objects().due(limit=9)

    assert key in world.tables.media[media.id].published_keys(())
    assert key in world.store.objects


async def test_two_runs_at_once_do_no_harm(world: World) -> None:
    torn, _ = await with_thumbnails(world, 2)
    await world.store.delete([variant_key(torn.object_key, 128)])
    for number in range(20):
        await put(world, f"public/media/1/99/{number}.jpg")

    heard = await asyncio.gather(mended(world), mended(world))

    counts = Counter(each.outcome for one in heard for each in one.findings)
    assert counts[Outcome.REMOVED] >= 20
    assert counts[Outcome.OWED_AGAIN] >= 1
    await world.use.sweep()()
    await world.work()
    assert_consistent(world)


async def test_a_database_that_knows_nothing_of_the_bucket_has_no_strays_removed(
    world: World,
) -> None:
    await put(world, STRAY)

    (finding,) = (await mended(world)).findings

    assert (finding.difference, finding.outcome) == (Difference.STRAY_OBJECT, Outcome.LEFT)
    assert finding.needs_someone
    assert STRAY in world.store.objects


async def test_media_of_another_bucket_is_not_compared_and_loses_nothing(world: World) -> None:
    moved = await with_thumbnails(world, 2)
    world.clock.advance(seconds=49 * 3600)
    world.store.bucket = "other"
    await world.ready(moved[0].owner_id)
    await world.work()
    await world.store.delete([moved[0].object_key])
    before = dict(world.store.objects)

    heard = await mended(world)

    assert heard.findings == []
    assert sum(stretch.elsewhere for stretch in heard.stretches) == 2
    assert world.store.objects == before


async def test_a_store_that_removes_nothing_leaves_strays_to_the_sweep(world: World) -> None:
    await with_thumbnails(world)
    await put(world, STRAY)
    delete = world.store.delete

    async def refuse(keys: Sequence[str]) -> None:
        raise PartUnavailable("object_store", "no right to delete")

    world.store.delete = refuse  # type: ignore[method-assign]
    heard = await mended(world)
    world.store.delete = delete  # type: ignore[method-assign]

    assert heard.told == [(Difference.STRAY_OBJECT, Outcome.TO_BE_REMOVED, STRAY)]
    world.clock.advance(seconds=20)
    await world.use.sweep()()
    assert_consistent(world)


@pytest.mark.parametrize("part", ["store", "tables"])
async def test_a_part_that_is_down_ends_the_run(world: World, part: str) -> None:
    await with_thumbnails(world)
    getattr(world, part).is_down = True

    with pytest.raises(PartUnavailable):
        await mended(world)
    with pytest.raises(PartUnavailable):
        await looked(world)


@pytest.mark.parametrize("page", [1, 2, 3, 4, 5, 7])
async def test_pages_of_any_size_find_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    whole, torn, lost, gone = await with_thumbnails(world, 4)
    await world.store.delete(
        [variant_key(torn.object_key, 1024), lost.object_key, *gone.published_keys((512,))]
    )
    strays = {
        await put(world, key)
        for key in (
            "public/media/0/0/first.jpg",
            "public/media/1/1/amid.jpg",
            *(f"public/media/1/1/sub/{number}" for number in range(9)),
            "public/media/9/9/last.jpg",
            "incoming/9/9/last.jpg",
        )
    }
    monkeypatch.setattr(compare_bucket, "PAGE", page)

    heard = await looked(world)

    found = Counter(each.difference for each in heard.findings)
    assert {key for kind, _, key in heard.told if kind is Difference.STRAY_OBJECT} == strays
    assert found == {
        Difference.STRAY_OBJECT: len(strays),
        Difference.ORIGINAL_LOST: 2,
        Difference.THUMBNAIL_LOST: 4,
    }
    assert {each.media_id for each in heard.findings} == {None, torn.id, lost.id, gone.id}
    assert whole.id not in {each.media_id for each in heard.findings}
    assert heard.objects == len(world.store.objects)


async def test_objects_of_one_media_item_stay_together_on_any_page(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await with_thumbnails(world, 9)
    monkeypatch.setattr(compare_bucket, "PAGE", 6)
    asked = asked_of_the_store(world)

    assert (await looked(world)).findings == []
    assert asked == []


async def test_a_store_that_lists_in_no_order_costs_work_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    media = await with_thumbnails(world, 6)
    await world.store.delete([media[3].object_key])
    await put(world, STRAY)
    monkeypatch.setattr(compare_bucket, "PAGE", 4)
    list_in_order = world.store.objects_under

    async def backwards(prefix: str) -> AsyncIterator[ListedObject]:
        for each in reversed([found async for found in list_in_order(prefix)]):
            yield each

    world.store.objects_under = backwards  # type: ignore[method-assign]

    heard = await mended(world)

    assert {each.key for each in heard.findings} <= {STRAY, media[3].object_key}
    assert STRAY not in world.store.objects


async def test_what_is_still_to_be_done_is_counted(world: World) -> None:
    owner = await world.user()
    first = await world.ready(owner)
    world.clock.advance(seconds=60)
    await world.ready(owner)

    debts = await world.use.inventory().debts()

    assert (debts.thumbnails_owed, debts.longest_owed) == (2, first.id)
    assert debts.owed_since == first.ready_at
    assert debts.objects_to_remove == len(world.tables.deletions) > 0
