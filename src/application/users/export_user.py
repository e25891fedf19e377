"""A user takes along all that is theirs."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeVar

from mediaport.application.ports.archive import (
    ArchiveWriter,
    ExportedLike,
    ExportedMedia,
    ExportedProfile,
    exported_comment,
    exported_post,
)
from mediaport.application.ports.belongings import Belongings
from mediaport.application.ports.media_repository import MediaRepository
from mediaport.application.ports.object_store import ObjectMissing, ObjectStore
from mediaport.application.ports.post_repository import Position
from mediaport.application.ports.user_repository import UserRepository
from mediaport.domain.errors import MediaNotFound, UserNotFound
from mediaport.domain.media import Media
from mediaport.domain.posts import CommentId, Post, PostId
from mediaport.domain.users import User, UserId

# Facts alone are read so many at a time; originals one by one.
PAGE = 500

Item = TypeVar("Item")
Place = TypeVar("Place")


@dataclass(slots=True, kw_only=True)
class Taken:
    """How much was written.

    Attributes:
        lost: Media whose original is not in the store: they are in the archive without it.
        pending: Uploads that were not completed: there is nothing to take along of them.
    """

    posts: int = 0
    comments: int = 0
    likes: int = 0
    media: int = 0
    size_bytes: int = 0
    lost: int = 0
    pending: int = 0


@dataclass(frozen=True, slots=True)
class ExportUser:
    """Writes what is a user's into an archive, page by page. What comes meanwhile may miss it."""

    users: UserRepository
    belongings: Belongings
    media: MediaRepository
    store: ObjectStore

    async def __call__(self, username: str, archive: ArchiveWriter) -> Taken:
        """Write all there is.

        Raises:
            UserNotFound: There is no user of that name.
        """
        user = await self.users.find(username)
        if user is None:
            raise UserNotFound(username)
        taken = Taken()
        brought = await self._media(user.id, archive, taken)
        archive.add(_profile(user, brought))
        await self._posts(user.id, archive, taken, brought)
        async for comment in _all(
            lambda after: self.belongings.comments(user.id, after=after, limit=PAGE),
            start=CommentId(0),
            place=lambda comment: comment.id,
        ):
            archive.add(exported_comment(comment))
            taken.comments += 1
        async for like in _all(
            lambda after: self.belongings.likes(user.id, after=after, limit=PAGE),
            start=PostId(0),
            place=lambda like: like.post_id,
        ):
            archive.add(ExportedLike(post=like.post_id, created_at=like.created_at))
            taken.likes += 1
        return taken

    async def _media(self, user_id: UserId, archive: ArchiveWriter, taken: Taken) -> set[int]:
        """Write media and their originals; their ids."""
        brought: set[int] = set()

        async for media in _all(
            lambda after: self.belongings.media(user_id, after=after, limit=PAGE),
            start=None,
            place=_place,
        ):
            if not media.is_ready:
                taken.pending += 1
                continue
            try:
                body = await self._original(media)
            except MediaNotFound:
                continue  # deleted a moment ago
            exported = _exported(media, body)
            if body is None:
                taken.lost += 1
            else:
                await archive.keep(exported, body)
                taken.size_bytes += len(body)
            archive.add(exported)
            taken.media += 1
            brought.add(media.id)
        return brought

    async def _original(self, media: Media) -> bytes | None:
        """What was published; None if the store has lost it."""
        try:
            return await self.store.read(media.object_key)
        except ObjectMissing:
            await self.media.get(media.id)
            return None

    async def _posts(
        self, user_id: UserId, archive: ArchiveWriter, taken: Taken, brought: set[int]
    ) -> None:
        async for post in _all(
            lambda after: self.belongings.posts(user_id, after=after, limit=PAGE),
            start=None,
            place=_place,
        ):
            if post.media_id is None or post.media_id in brought:
                archive.add(exported_post(post))
                taken.posts += 1


async def _all(
    page_after: Callable[[Place], Awaitable[Sequence[Item]]],
    *,
    start: Place,
    place: Callable[[Item], Place],
) -> AsyncIterator[Item]:
    after = start
    while page := await page_after(after):
        for item in page:
            yield item
        after = place(page[-1])


def _place(item: Post | Media) -> Position | None:
    return Position(created_at=item.created_at, id=item.id)


def _profile(user: User, brought: set[int]) -> ExportedProfile:
    avatar = user.avatar_media_id
    return ExportedProfile(
        username=user.username,
        created_at=user.created_at,
        avatar=avatar if avatar in brought else None,
    )


def _exported(media: Media, body: bytes | None) -> ExportedMedia:
    return ExportedMedia(
        id=media.id,
        kind=media.kind,
        content_type=media.content_type,
        size_bytes=media.size_bytes if body is None else len(body),
        width=media.width or 0,
        height=media.height or 0,
        alt=media.alt,
        created_at=media.created_at,
        sha256=None if body is None else sha256(body).hexdigest(),
    )
