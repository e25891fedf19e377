"""What a user took along comes in: pictures as uploads do, posts with their dates."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from mediaport.application.media.complete_upload import CompleteUpload
from mediaport.application.media.describe_media import DescribeMedia
from mediaport.application.media.presign_upload import PresignUpload
from mediaport.application.ports.archive import ArchiveReader, ExportedMedia, ExportedPost
from mediaport.application.ports.belongings import Belongings
from mediaport.application.ports.object_store import ObjectStore
from mediaport.application.ports.post_repository import Position, PostRepository
from mediaport.application.ports.user_repository import UserRepository
from mediaport.application.users.check_archive import Checked, as_post
from mediaport.application.users.set_avatar import SetAvatar
from mediaport.domain.media import MediaId
from mediaport.domain.policy import Kind
from mediaport.domain.posts import Post, PostId
from mediaport.domain.users import UserId

PAGE = 500


@dataclass(slots=True, kw_only=True)
class Brought:
    """How much came in.

    Attributes:
        there_already: Posts that an earlier import of the same brought.
        left_out: Posts of a picture alone, which is not in the archive.
    """

    posts: int = 0
    media: int = 0
    there_already: int = 0
    left_out: int = 0
    has_new_avatar: bool = False


@dataclass(frozen=True, slots=True)
class ImportUser:
    """Brings an archive in that was checked, post by post.

    A post is known again by its date, to the microsecond, and its text. So what was stopped goes on
    where it was, and what was brought before is not brought twice. A picture comes just before its
    post: what is stopped in between leaves it to the sweep.
    """

    users: UserRepository
    posts: PostRepository
    belongings: Belongings
    store: ObjectStore
    presign_upload: PresignUpload
    complete_upload: CompleteUpload
    describe_media: DescribeMedia
    set_avatar: SetAvatar

    async def __call__(
        self,
        archive: ArchiveReader,
        checked: Checked,
        *,
        to: UserId,
        tell: Callable[[Brought], None],
    ) -> Brought:
        """Bring in what is not there yet; tell after each post.

        Raises:
            ArchiveUnfit: It was changed since it was checked.
            DomainError: It does not fit into what the user may have, beside what is there.
        """
        brought = Brought()
        there = await self._posts_of(to)
        for each in archive.posts():
            if there[_identity(each)]:
                there[_identity(each)] -= 1
                brought.there_already += 1
            else:
                await self._bring_post(each, archive, checked, brought, to=to)
            tell(brought)
        avatar = checked.profile.avatar
        if avatar is not None and (await self.users.get(to)).avatar_media_id is None:
            media_id = await self._bring(checked.media[avatar], archive, brought, to=to)
            if media_id is not None:
                await self.set_avatar(media_id, by=to)
                brought.has_new_avatar = True
        return brought

    async def _posts_of(self, user_id: UserId) -> Counter[int]:
        """How many posts the user has of each identity."""
        there: Counter[int] = Counter()
        after: Position | None = None
        while page := await self.belongings.posts(user_id, after=after, limit=PAGE):
            there.update(_identity(post) for post in page)
            after = Position(created_at=page[-1].created_at, id=page[-1].id)
        return there

    async def _bring_post(
        self,
        exported: ExportedPost,
        archive: ArchiveReader,
        checked: Checked,
        brought: Brought,
        *,
        to: UserId,
    ) -> None:
        media_id = None
        if exported.media is not None:
            media_id = await self._bring(checked.media[exported.media], archive, brought, to=to)
        if media_id is None and not exported.body.strip():
            brought.left_out += 1
            return

        def make(post_id: PostId) -> Post:
            return as_post(exported, owner_id=to, media_id=media_id, post_id=post_id)

        await self.posts.add(make)
        brought.posts += 1

    async def _bring(
        self, exported: ExportedMedia, archive: ArchiveReader, brought: Brought, *, to: UserId
    ) -> MediaId | None:
        """Take an original through what every upload goes through; None if there is none."""
        if exported.sha256 is None:
            return None
        body = await archive.original(exported)
        media, _ = await self.presign_upload(
            kind=Kind(exported.kind),
            content_type=exported.content_type,
            size_bytes=len(body),
            by=to,
        )
        await self.store.put(media.incoming_key, body, content_type=media.content_type)
        await self.complete_upload(media.id, by=to)
        if exported.alt is not None:
            await self.describe_media(media.id, alt=exported.alt, by=to)
        brought.media += 1
        return media.id


def _identity(post: Post | ExportedPost) -> int:
    """Of a date and a text; a number, so that a hundred thousand of them take little memory."""
    return hash((post.created_at, post.body))
