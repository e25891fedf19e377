"""What is written into an archive is read from it. Subclass it once per kind of archive."""

from abc import abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest

from mediaport.application.ports.archive import (
    ArchiveReader,
    ArchiveUnfit,
    ArchiveWriter,
    ExportedComment,
    ExportedLike,
    ExportedMedia,
    ExportedPost,
    ExportedProfile,
)
from tests.contracts.repositories import NOW

PROFILE = ExportedProfile(username="ada", created_at=NOW, avatar=7)
ORIGINAL = b"\xff\xd8 a picture \x00"
MEDIA = ExportedMedia(
    id=7,
    kind="avatar",
    content_type="image/jpeg",
    size_bytes=len(ORIGINAL),
    width=3,
    height=2,
    alt='A "dog"\n, näher',
    created_at=NOW,
    sha256=sha256(ORIGINAL).hexdigest(),
)
LOST = replace(MEDIA, id=8, kind="post_image", alt=None, sha256=None)
POSTS = [
    ExportedPost(id=3, body="", created_at=NOW, media=8, like_count=2, comment_count=1),
    ExportedPost(id=4, body="\u2028 Hello\n🙂", created_at=NOW + timedelta(days=1), media=None),
]


class ArchiveContract:
    """The tests; `written` and `read`, of one place, come from the subclass."""

    @abstractmethod
    def written(self) -> AbstractContextManager[ArchiveWriter]: ...

    @abstractmethod
    def read(self) -> AbstractContextManager[ArchiveReader]: ...

    async def write(
        self, media: Sequence[ExportedMedia] = (MEDIA, LOST), original: bytes = ORIGINAL
    ) -> None:
        with self.written() as archive:
            for each in media:
                if each.sha256:
                    await archive.keep(each, original)
                archive.add(each)
            archive.add(PROFILE)
            for post in POSTS:
                archive.add(post)
            archive.add(ExportedComment(id=1, post=99, body="Nice", created_at=NOW))
            archive.add(ExportedLike(post=99, created_at=NOW))

    async def test_what_was_written_is_read(self) -> None:
        await self.write()

        with self.read() as archive:
            assert archive.profile() == PROFILE
            assert list(archive.media()) == [MEDIA, LOST]
            assert list(archive.posts()) == POSTS
            assert list(archive.posts()) == POSTS  # as often as one likes
            assert await archive.original(MEDIA) == ORIGINAL

    async def test_an_original_that_is_missing_is_told(self) -> None:
        await self.write()

        with self.read() as archive, pytest.raises(ArchiveUnfit, match="missing"):
            await archive.original(replace(MEDIA, id=9))

    async def test_an_original_of_another_size_or_hash_is_told(self) -> None:
        await self.write(original=ORIGINAL[::-1])

        with self.read() as archive:
            for other in (MEDIA, replace(MEDIA, size_bytes=3)):
                with pytest.raises(ArchiveUnfit):
                    await archive.original(other)
