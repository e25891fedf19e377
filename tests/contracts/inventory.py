"""What every inventory says. Subclass it once per database."""

from abc import abstractmethod
from dataclasses import replace
from datetime import datetime

import pytest

from mediaport.application.ports.inventory import Debts, Extent, Inventory
from mediaport.domain.keys import variant_key
from mediaport.domain.media import Media, Variant
from tests.contracts.repositories import NOW, SOON, Repositories, deletion, later, variants_of

SIZES = (128, 512)
NOBODYS = "public/media/1/99/nobody.jpg"


def beside(media: Media, size: int) -> str:
    return variant_key(media.object_key, size)


def proper(media: Media) -> tuple[Variant, ...]:
    """Variants under the keys that the product gives them."""
    return tuple(replace(each, object_key=beside(media, each.size)) for each in variants_of(media))


async def settled(repositories: Repositories) -> Media:
    media = await repositories.ready(await repositories.user())
    made = media.with_thumbnails(proper(media), placeholder="cA==")
    assert await repositories.media.save_thumbnails(made)
    return made


async def due(repositories: Repositories, now: datetime) -> set[str]:
    return {key for _, key in await repositories.claimed(now)}


class InventoryContract:
    """The tests; `repositories` and `inventory`, over one database, come from the subclass."""

    @pytest.fixture
    @abstractmethod
    def repositories(self) -> Repositories: ...

    @pytest.fixture
    @abstractmethod
    def inventory(self, repositories: Repositories) -> Inventory: ...

    async def owe(self, inventory: Inventory, media: Media, sizes: tuple[int, ...] = SIZES) -> bool:
        return await inventory.owe_thumbnails(
            media.owing_thumbnails(),
            to_come=[beside(media, size) for size in sizes],
            now=NOW,
            dropped_due_at=SOON,
        )

    async def test_it_says_how_much_there_is_and_whether_it_is_of_the_bucket(
        self, repositories: Repositories, inventory: Inventory
    ) -> None:
        assert await inventory.extent("b") == Extent(media=0, is_of_bucket=False)
        owner = await repositories.user()
        assert await inventory.extent("b") == Extent(media=0, is_of_bucket=False)
        await repositories.pending(owner)
        assert await inventory.extent("b") == Extent(media=1, is_of_bucket=False)
        await repositories.ready(owner)

        assert await inventory.extent("b") == Extent(media=2, is_of_bucket=True)
        assert await inventory.extent("c") == Extent(media=2, is_of_bucket=False)

    async def test_ready_media_come_in_the_order_of_the_bytes_of_their_keys(
        self, repositories: Repositories, inventory: Inventory
    ) -> None:
        owner = await repositories.user()
        await repositories.pending(owner)
        media = [await repositories.ready(owner) for _ in range(11)]
        made = media[4].with_thumbnails(proper(media[4]), placeholder="cA==")
        await repositories.media.save_thumbnails(made)
        in_order = sorted([*media[:4], made, *media[5:]], key=lambda each: each.object_key.encode())
        assert [each.id for each in in_order] != [each.id for each in media]

        found = await inventory.ready_media(after="", up_to=None, limit=99)

        assert found == in_order

    async def test_ready_media_come_in_stretches(
        self, repositories: Repositories, inventory: Inventory
    ) -> None:
        owner = await repositories.user()
        media = [await repositories.ready(owner) for _ in range(5)]
        keys = [each.object_key for each in media]

        page = await inventory.ready_media(after=keys[0], up_to=keys[3], limit=2)
        rest = await inventory.ready_media(after=keys[2], up_to=keys[3], limit=2)
        last = await inventory.ready_media(after=keys[3], up_to=None, limit=2)

        assert (page, rest, last) == (media[1:3], [media[3]], [media[4]])
        assert await inventory.ready_media(after=keys[4], up_to=None, limit=2) == []
        assert await inventory.ready_media(after="", up_to=keys[0] + "x", limit=9) == [media[0]]

    async def test_objects_of_pending_media_are_known_while_it_is_pending(
        self, repositories: Repositories, inventory: Inventory
    ) -> None:
        media = await repositories.pending(await repositories.user())
        keys = [media.incoming_key, media.object_key, beside(media, 64)]

        assert await inventory.known([*keys, NOBODYS]) == set(keys)
        await repositories.media.purge(media, deletions=[])
        assert await inventory.known(keys) == set()
        assert await inventory.known([]) == set()

    async def test_thumbnails_of_any_size_are_known_while_they_are_owed(
        self, repositories: Repositories, inventory: Inventory
    ) -> None:
        media = await repositories.ready(await repositories.user())
        keys = [media.object_key, beside(media, 64), beside(media, 128)]

        assert await inventory.known([*keys, media.incoming_key]) == set(keys)
        made = media.with_thumbnails(proper(media)[:1], placeholder="cA==")
        await repositories.media.save_thumbnails(made)
        assert await inventory.known(keys) == {media.object_key, beside(media, 128)}

    async def test_a_thumbnail_is_known_by_its_row_whatever_its_key(
        self, repositories: Repositories, inventory: Inventory
    ) -> None:
        media = await repositories.with_thumbnails(await repositories.user())
        keys = [variant.object_key for variant in media.variants]

        assert await inventory.known([*keys, f"{keys[0]}x"]) == set(keys)

    async def test_what_is_to_be_removed_is_known_until_it_is(
        self, repositories: Repositories, inventory: Inventory
    ) -> None:
        media = await repositories.pending(await repositories.user())
        await repositories.media.purge(media, deletions=[deletion(NOBODYS)])

        assert await inventory.known([NOBODYS]) == {NOBODYS}
        numbers = [number for number, _ in await repositories.claimed(NOW)]
        await repositories.media.forget_deletions(numbers)
        assert await inventory.known([NOBODYS]) == set()

    async def test_what_nobody_knows_is_written_down_and_nothing_else(
        self, repositories: Repositories, inventory: Inventory
    ) -> None:
        media = await settled(repositories)
        known = media.published_keys(())
        left_behind = beside(media, 64)
        of_nobody = variant_key(NOBODYS, 64)

        written = await inventory.write_down(
            [*known, NOBODYS, left_behind, of_nobody], due_at=NOW, remakable_due_at=SOON
        )

        assert written == [NOBODYS, left_behind, of_nobody]
        assert await due(repositories, NOW) == {NOBODYS, of_nobody}
        assert await due(repositories, SOON) == {NOBODYS, of_nobody, left_behind}
        again = await inventory.write_down(written, due_at=NOW, remakable_due_at=SOON)
        assert again == []

    async def test_a_page_of_keys_is_taken_at_once(
        self, repositories: Repositories, inventory: Inventory
    ) -> None:
        keys = [f"public/media/1/{number}/name_128.webp" for number in range(1000)]

        assert await inventory.write_down(keys, due_at=NOW, remakable_due_at=NOW) == keys
        assert await inventory.known(keys) == set(keys)

    async def test_thumbnails_that_are_owed_again_are_claimed_as_if_they_were_new(
        self, repositories: Repositories, inventory: Inventory
    ) -> None:
        media = await repositories.ready(await repositories.user())
        for _ in range(2):
            await repositories.media.claim_thumbnails(media.id, now=NOW, until=NOW)
        await repositories.media.claim_thumbnails(media.id, now=NOW, until=SOON)
        made = media.with_thumbnails(proper(media), placeholder="cA==")
        await repositories.media.save_thumbnails(made)
        await repositories.media.describe(made.described("A dog"))

        assert await self.owe(inventory, made)

        assert await repositories.media.get(media.id) == media.described("A dog")
        claim = await repositories.media.claim_thumbnails(media.id, now=NOW, until=SOON)
        assert claim is not None
        assert claim.start == 1
        assert await repositories.media.save_thumbnails(made)
        assert await due(repositories, later(9999)) == set()

    async def test_only_thumbnails_that_are_made_can_be_owed_again(
        self, repositories: Repositories, inventory: Inventory
    ) -> None:
        owner = await repositories.user()
        owed, failed, gone = [await repositories.ready(owner) for _ in range(3)]
        await repositories.media.save_thumbnails(failed.without_thumbnails(reason="gave_up"))
        await repositories.media.purge(gone, deletions=[])
        before = [await repositories.media.get(each.id) for each in (owed, failed)]

        assert not any([await self.owe(inventory, each) for each in (owed, failed, gone)])

        assert [await repositories.media.get(each.id) for each in (owed, failed)] == before

    async def test_deletions_of_what_is_to_come_are_struck_off_and_the_rest_is_written_down(
        self, repositories: Repositories, inventory: Inventory
    ) -> None:
        media = await settled(repositories)
        dropped = media.with_thumbnails(media.variants[:1], placeholder="cA==")
        await repositories.replace(dropped, dropped_due_at=NOW)
        assert await due(repositories, NOW) == {beside(media, 512)}

        assert await self.owe(inventory, dropped, sizes=(512, 1024))

        assert await due(repositories, NOW) == set()
        assert await due(repositories, SOON) == {beside(media, 128)}

    async def test_what_is_being_removed_or_made_anew_is_not_owed_again(
        self, repositories: Repositories, inventory: Inventory
    ) -> None:
        media = await settled(repositories)
        dropped = media.with_thumbnails(media.variants[:1], placeholder="cA==")
        await repositories.replace(dropped, dropped_due_at=NOW)
        await repositories.claimed(NOW, lasting_s=20)

        assert not await self.owe(inventory, dropped)

        assert await repositories.media.get(media.id) == dropped
        assert await due(repositories, later(20)) == {beside(media, 512)}

    async def test_what_is_still_to_be_done_is_counted(
        self, repositories: Repositories, inventory: Inventory
    ) -> None:
        owner = await repositories.user()
        nothing = Debts(thumbnails_owed=0, longest_owed=None, owed_since=None, objects_to_remove=0)
        assert await inventory.debts() == nothing
        await repositories.with_thumbnails(owner)
        await repositories.pending(owner)
        await repositories.ready(owner, now=later(60))
        first = await repositories.ready(owner, now=later(30))
        await inventory.write_down([NOBODYS], due_at=SOON, remakable_due_at=SOON)

        assert await inventory.debts() == Debts(
            thumbnails_owed=2,
            longest_owed=first.id,
            owed_since=later(30),
            objects_to_remove=1,
        )
