"""Where media are said to be served, and how that changes. Subclass it once per database."""

from abc import abstractmethod

import pytest

from mediaport.application.ports.public_urls import BasesPage, PublicUrls
from mediaport.domain.media import MediaId
from tests.contracts.repositories import Repositories

START = MediaId(0)
NEW = "https://new.example/media"


class PublicUrlsContract:
    """The tests; `repositories` and `public_urls`, over one database, come from the subclass."""

    @pytest.fixture
    @abstractmethod
    def repositories(self) -> Repositories: ...

    @pytest.fixture
    @abstractmethod
    def public_urls(self) -> PublicUrls: ...

    async def rewrite(
        self, public_urls: PublicUrls, *, old: str | None = None, bucket: str = "b"
    ) -> int:
        page = await public_urls.rewrite(bucket=bucket, base=NEW, old=old, after=START, limit=9)
        return page.media

    async def test_bases_are_counted_page_by_page(
        self, repositories: Repositories, public_urls: PublicUrls
    ) -> None:
        owner = await repositories.user()
        first, second = await repositories.ready(owner), await repositories.pending(owner)
        await public_urls.rewrite(bucket="b", base=NEW, old=None, after=START, limit=1)

        assert await public_urls.bases(bucket="b", after=START, limit=9) == BasesPage(
            last=second.id, counts={"https://cdn": 1, NEW: 1}, elsewhere=0
        )
        assert await public_urls.bases(bucket="b", after=START, limit=1) == BasesPage(
            last=first.id, counts={NEW: 1}, elsewhere=0
        )
        assert await public_urls.bases(bucket="other", after=START, limit=9) == BasesPage(
            last=second.id, counts={}, elsewhere=2
        )
        nothing = BasesPage(last=None, counts={}, elsewhere=0)
        assert await public_urls.bases(bucket="b", after=second.id, limit=9) == nothing

    async def test_media_get_the_base_with_their_thumbnails(
        self, repositories: Repositories, public_urls: PublicUrls
    ) -> None:
        owner = await repositories.user()
        made, pending = await repositories.with_thumbnails(owner), await repositories.pending(owner)

        assert await self.rewrite(public_urls) == 2
        assert await self.rewrite(public_urls) == 0

        for media in (made, pending):
            now = await repositories.media.get(media.id)
            assert now.public_url == f"{NEW}/{media.object_key}"
            urls = [each.public_url for each in now.variants]
            assert urls == [f"{NEW}/{each.object_key}" for each in media.variants]

    async def test_only_those_of_the_bucket_and_of_the_base_that_is_named(
        self, repositories: Repositories, public_urls: PublicUrls
    ) -> None:
        media = await repositories.ready(await repositories.user())

        assert await self.rewrite(public_urls, bucket="other") == 0
        assert await self.rewrite(public_urls, old="https://other") == 0
        # No beginning of a base, either.
        assert await self.rewrite(public_urls, old="https://cd") == 0
        assert await repositories.media.get(media.id) == media
        assert await self.rewrite(public_urls, old="https://cdn") == 1

    async def test_each_page_says_where_the_next_begins(
        self, repositories: Repositories, public_urls: PublicUrls
    ) -> None:
        owner = await repositories.user()
        ids = [(await repositories.pending(owner)).id for _ in range(3)]

        after, pages = START, []
        while True:
            page = await public_urls.rewrite(bucket="b", base=NEW, old=None, after=after, limit=2)
            if page.last is None:
                break
            pages.append((page.last, page.media))
            after = page.last

        assert pages == [(ids[1], 2), (ids[2], 1)]
