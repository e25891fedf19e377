"""Whose thumbnails are made next: all who wait have a turn, however many of their own wait."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from mediaport.adapters.memory.images import picture
from mediaport.application.ports.images import ThumbnailSet
from mediaport.application.ports.media_repository import ThumbnailClaim
from mediaport.domain.media import Media, MediaId
from mediaport.domain.users import UserId
from tests.world import World


async def owing(world: World, *owners: UserId) -> list[Media]:
    """One media item of each, in that order; a second one of the same owner is another picture."""
    return [
        await world.ready(owner, body=picture(width=1000 * owner + number))
        for number, owner in enumerate(owners)
    ]


def owners(begun: Sequence[bytes]) -> list[int]:
    """Whose originals they are, by their width."""
    return [int(body.split()[1].partition(b"x")[0]) // 1000 for body in begun]


async def take(world: World, *, turns: int) -> None:
    """One turn after the other."""
    for _ in range(turns):
        await world.use.make_next_thumbnails()()


async def test_who_comes_late_with_one_is_next(world: World) -> None:
    many, one = await world.user("many"), await world.user("one")
    await owing(world, *[many] * 9)
    begun = world.record_decodes()

    await take(world, turns=3)
    await owing(world, one)
    await take(world, turns=7)

    assert owners(begun) == [many] * 3 + [one] + [many] * 6


async def test_owners_take_turns(world: World) -> None:
    ada, bob, cyd = [await world.user(name) for name in ("ada", "bob", "cyd")]
    await owing(world, ada, ada, ada, bob, bob, cyd)
    begun = world.record_decodes()

    await take(world, turns=6)

    assert owners(begun) == [cyd, bob, ada, bob, ada, ada]


async def test_of_one_owner_the_longest_waiting_comes_first(world: World) -> None:
    media = await owing(world, *[await world.user()] * 3)

    await take(world, turns=2)

    assert [world.tables.media[item.id].has_settled for item in media] == [True, True, False]


async def test_those_who_register_meanwhile_keep_nobody_waiting(world: World) -> None:
    ada, bob = await world.user("ada"), await world.user("bob")
    await owing(world, ada, bob)
    begun = world.record_decodes()

    for number in range(4):
        await take(world, turns=1)
        await owing(world, await world.user(f"new{number}"))

    assert owners(begun)[:2] == [bob, ada]


async def test_an_owner_of_slow_images_leaves_a_turn_to_others(world: World) -> None:
    slow, quick = await world.user("slow"), await world.user("quick")
    await owing(world, *[slow] * 9, *[quick] * 5)
    go_on, decode, made = asyncio.Event(), world.images.make_thumbnails, 0

    async def decode_slowly(original: bytes, *, sizes: Sequence[int]) -> ThumbnailSet:
        nonlocal made
        if owners([original]) == [slow]:
            await go_on.wait()
        else:
            made += 1
        return await decode(original, sizes=sizes)

    world.images.make_thumbnails = decode_slowly  # type: ignore[method-assign]
    begun = world.record_decodes()
    jobs = [asyncio.create_task(take(world, turns=7)) for _ in range(2)]
    while made < 5:
        await asyncio.sleep(0)

    assert owners(begun).count(slow) <= 2
    go_on.set()
    await asyncio.gather(*jobs)
    assert len(begun) == 14


async def test_what_another_process_was_faster_with_costs_no_turn(world: World) -> None:
    first, second = await owing(world, *[await world.user()] * 2)
    claim = world.media.claim_thumbnails

    async def be_late(
        media_id: MediaId, *, now: datetime, until: datetime
    ) -> ThumbnailClaim | None:
        theirs = await claim(media_id, now=now, until=until)
        world.media.claim_thumbnails = claim  # type: ignore[method-assign]
        assert theirs
        return None

    world.media.claim_thumbnails = be_late  # type: ignore[method-assign]
    await take(world, turns=1)

    assert not world.tables.media[first.id].has_settled
    assert world.tables.media[second.id].has_settled


async def test_a_turn_in_which_nothing_is_owed_is_over_at_once(world: World) -> None:
    begun = world.record_decodes()

    await take(world, turns=2)

    assert begun == []
