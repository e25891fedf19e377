"""What places show, and what races over it. Subclass it once per database."""

import asyncio

import pytest

from mediaport.application.ports.attachment_repository import AttachmentRepository
from mediaport.domain.attachments import Place
from mediaport.domain.errors import MediaAlreadyAttached, MediaNotFound, MediaStillShown
from mediaport.domain.media import Media, MediaId
from mediaport.domain.policy import Kind
from mediaport.domain.users import User
from tests.contracts.repositories import NOW, Repositories, deletion, later

BANNER = Kind("banner")
HERE, THERE = Place("profiles/7/banner"), Place("profiles/8/banner")


class AttachmentsContract:
    """`repositories` and `attachments`, over one database, come from the database's subclass."""

    @pytest.fixture
    async def owner(self, repositories: Repositories) -> User:
        return await repositories.user()

    async def show(
        self,
        attachments: AttachmentRepository,
        media: Media | None,
        *,
        place: Place = HERE,
        before: Media | None = None,
    ) -> bool:
        return await attachments.replace(
            place,
            media.id if media else None,
            before=before.id if before else None,
            now=NOW,
            deletions=[deletion("replaced")] if before else [],
        )

    async def test_a_place_shows_what_it_is_given(
        self, repositories: Repositories, attachments: AttachmentRepository, owner: User
    ) -> None:
        first, second = [await repositories.with_thumbnails(owner, BANNER) for _ in range(2)]

        assert await self.show(attachments, first)
        assert await self.show(attachments, second, place=THERE)

        assert await attachments.at([HERE, THERE, Place("nowhere")]) == {
            HERE: first,
            THERE: second,
        }
        assert await attachments.at([]) == {}

    async def test_what_is_replaced_is_purged(
        self, repositories: Repositories, attachments: AttachmentRepository, owner: User
    ) -> None:
        first, second = [await repositories.with_thumbnails(owner, BANNER) for _ in range(2)]

        assert await self.show(attachments, first)
        assert await self.show(attachments, second, before=first)
        assert await self.show(attachments, None, before=second)

        assert await attachments.at([HERE]) == {}
        assert await repositories.deletions() == [
            "replaced",
            *(variant.object_key for variant in first.variants),
            "replaced",
            *(variant.object_key for variant in second.variants),
        ]
        for media in (first, second):
            with pytest.raises(MediaNotFound):
                await repositories.media.get(media.id)

    async def test_a_place_that_has_changed_stays_as_it_is(
        self, repositories: Repositories, attachments: AttachmentRepository, owner: User
    ) -> None:
        shown, other, gone = [await repositories.ready(owner, BANNER) for _ in range(3)]
        await self.show(attachments, shown)

        assert not await self.show(attachments, other)
        assert not await self.show(attachments, other, before=gone)
        assert not await self.show(attachments, None, before=gone)

        assert await attachments.at([HERE]) == {HERE: shown}
        assert await repositories.deletions() == []

    async def test_one_media_item_is_shown_at_one_place(
        self, repositories: Repositories, attachments: AttachmentRepository, owner: User
    ) -> None:
        media, other = [await repositories.ready(owner, BANNER) for _ in range(2)]
        await self.show(attachments, other, place=THERE)

        answers = await asyncio.gather(
            *(self.show(attachments, media, place=Place(f"at/{n}")) for n in range(8)),
            return_exceptions=True,
        )

        assert answers.count(True) == 1
        assert sum(isinstance(answer, MediaAlreadyAttached) for answer in answers) == 7
        with pytest.raises(MediaAlreadyAttached):
            await self.show(attachments, media, place=THERE, before=other)
        assert await attachments.at([THERE]) == {THERE: other}

    async def test_of_several_at_once_one_changes_the_place(
        self, repositories: Repositories, attachments: AttachmentRepository, owner: User
    ) -> None:
        several = [await repositories.ready(owner, BANNER) for _ in range(8)]

        answers = await asyncio.gather(*(self.show(attachments, media) for media in several))

        assert answers.count(True) == 1
        assert await attachments.at([HERE]) == {HERE: several[answers.index(True)]}

    async def test_what_is_gone_cannot_be_shown(
        self, repositories: Repositories, attachments: AttachmentRepository, owner: User
    ) -> None:
        media, shown = [await repositories.ready(owner, BANNER) for _ in range(2)]
        await repositories.media.purge(media, deletions=[])
        await self.show(attachments, shown, place=THERE)

        with pytest.raises(MediaNotFound):
            await self.show(attachments, media)
        with pytest.raises(MediaNotFound):
            await self.show(attachments, media, place=THERE, before=shown)

        assert await attachments.at([HERE, THERE]) == {THERE: shown}

    async def test_what_is_shown_is_neither_purged_nor_found_by_the_sweep(
        self, repositories: Repositories, attachments: AttachmentRepository, owner: User
    ) -> None:
        media = await repositories.ready(owner, BANNER)
        assert await repositories.media.unattached(before=later(1), limit=9) == [media]

        await self.show(attachments, media)

        assert await repositories.media.unattached(before=later(10**6), limit=9) == []
        with pytest.raises(MediaStillShown):
            await repositories.media.purge(media, deletions=[deletion("shown")])
        assert await repositories.deletions() == []

    async def test_showing_and_purging_at_once_leave_one_of_both(
        self, repositories: Repositories, attachments: AttachmentRepository, owner: User
    ) -> None:
        for number in range(10):
            media, place = await repositories.ready(owner, BANNER), Place(f"at/{number}")

            shown, *purged = await asyncio.gather(
                self.show(attachments, media, place=place),
                *(repositories.media.purge(media, deletions=[]) for _ in range(3)),
                return_exceptions=True,
            )

            is_gone = any(answer is None for answer in purged)
            assert isinstance(shown, MediaNotFound) if is_gone else shown is True
            assert (await attachments.at([place])) == ({} if is_gone else {place: media})

    async def test_a_replacement_and_a_purge_of_the_new_one_at_once(
        self, repositories: Repositories, attachments: AttachmentRepository, owner: User
    ) -> None:
        for number in range(10):
            old, new = [await repositories.with_thumbnails(owner, BANNER) for _ in range(2)]
            place = Place(f"at/{number}")
            await self.show(attachments, old, place=place)

            replaced, _ = await asyncio.gather(
                self.show(attachments, new, place=place, before=old),
                repositories.media.purge(new, deletions=[]),
                return_exceptions=True,
            )

            shown = await attachments.at([place])
            assert shown == {place: new if replaced is True else old}
            assert replaced is True or isinstance(replaced, MediaNotFound)

    async def test_nothing_is_shown_twice(
        self, repositories: Repositories, attachments: AttachmentRepository, owner: User
    ) -> None:
        media = await repositories.ready(owner, BANNER)
        await self.show(attachments, media)

        assert not await self.show(attachments, media)
        with pytest.raises(MediaNotFound):
            await attachments.replace(
                THERE, MediaId(99), before=None, now=NOW, deletions=[deletion("never")]
            )
        assert await attachments.at([HERE, THERE]) == {HERE: media}
