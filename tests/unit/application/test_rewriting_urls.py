"""The public base has changed."""

from collections import Counter

import pytest

from mediaport.application.media import rewrite_urls
from mediaport.application.media.rewrite_urls import Bases, BaseUnknown
from tests.world import World

OLD, NEW = "memory://public", "https://cdn.example"


async def moved(world: World, *, media: int) -> None:
    """Some media, and a new base."""
    owner = await world.user()
    for _ in range(media):
        await world.ready(owner)
    world.store.public_base_url = NEW


async def rewritten(world: World, old: str | None = None) -> int:
    use_case, counts = world.use.rewrite_urls(), list[int]()
    await use_case(await use_case.bases(), old=old, tell=counts.append)
    return sum(counts)


async def test_all_media_get_the_base_however_many_there_are(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewrite_urls, "COUNTED_AT_ONCE", 2)
    monkeypatch.setattr(rewrite_urls, "REWRITTEN_AT_ONCE", 2)
    await moved(world, media=5)
    await world.work()
    use_case = world.use.rewrite_urls()
    assert (await use_case.bases()).counts == {OLD: 5}

    assert await rewritten(world) == 5
    assert await rewritten(world) == 0

    assert await use_case.bases() == Bases(Counter({NEW: 5}))
    for media in world.tables.media.values():
        shown = [(each.public_url, each.object_key) for each in media.variants]
        for url, key in ((media.public_url, media.object_key), *shown):
            assert url == f"{NEW}/{key}"


async def test_a_base_that_no_url_has_changes_nothing(world: World) -> None:
    await moved(world, media=1)

    with pytest.raises(BaseUnknown, match="https://typo"):
        await rewritten(world, old="https://typo")

    assert (await world.use.rewrite_urls().bases()).counts == {OLD: 1}
    assert await rewritten(world, old=OLD) == 1


async def test_media_in_other_buckets_are_counted_and_left_alone(world: World) -> None:
    await moved(world, media=2)
    world.store.bucket = "another"

    assert await world.use.rewrite_urls().bases() == Bases(elsewhere=2)
    assert await rewritten(world) == 0
