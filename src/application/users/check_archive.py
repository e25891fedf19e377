"""An archive is held to all that it will be held to, before anything of it is brought in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from mediaport.application.ports.archive import (
    ArchiveReader,
    ArchiveUnfit,
    ExportedMedia,
    ExportedPost,
    ExportedProfile,
)
from mediaport.application.ports.clock import Clock
from mediaport.application.ports.images import Images
from mediaport.domain.errors import DomainError
from mediaport.domain.keys import KeyPrefixes
from mediaport.domain.media import Media, MediaId
from mediaport.domain.policy import AVATAR, POST_IMAGE, Kind, UploadPolicy
from mediaport.domain.posts import Post, PostId
from mediaport.domain.users import UserId

_NOBODY = UserId(0)
# What was posted a moment ago on another server may be dated a little later than it is here.
CLOCKS_DIFFER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What an archive holds, all of it fit to be brought in.

    Attributes:
        media: By the ids that posts and the profile name them by.
    """

    profile: ExportedProfile
    media: dict[int, ExportedMedia]
    posts: int


@dataclass(frozen=True, slots=True)
class CheckArchive:
    """Reads an archive once from end to end, and changes nothing."""

    images: Images
    clock: Clock
    policy: UploadPolicy
    prefixes: KeyPrefixes

    async def __call__(self, archive: ArchiveReader) -> Checked:
        """What it holds.

        Raises:
            ArchiveUnfit: It is damaged, or holds what could not be uploaded or posted.
        """
        profile = archive.profile()
        shown = {profile.avatar, *(post.media for post in archive.posts())}
        media: dict[int, ExportedMedia] = {}
        size_bytes = 0
        for each in archive.media():
            if each.id in media:
                raise ArchiveUnfit(f"there are two media {each.id}")
            media[each.id] = each
            if each.id in shown and each.sha256 is not None:  # all else stays in the archive
                with _named(f"media {each.id}"):
                    await self._check_media(each, archive)
                size_bytes += each.size_bytes
        limit = self.policy.max_stored_bytes
        if size_bytes > limit:
            raise ArchiveUnfit(
                f"{size_bytes} bytes of media are more than a user may have: {limit}"
            )
        if profile.avatar is not None:
            _require(media.get(profile.avatar), AVATAR, whose="the profile")
        return Checked(profile=profile, media=media, posts=self._check_posts(archive, media))

    async def _check_media(self, exported: ExportedMedia, archive: ArchiveReader) -> None:
        """Hold a media item to what an upload is held to."""
        now = self.clock.now()
        _check_date(exported.created_at, now)
        draft = Media.request(
            id=MediaId(exported.id),
            owner_id=_NOBODY,
            kind=Kind(exported.kind),
            content_type=exported.content_type,
            size_bytes=exported.size_bytes,
            policy=self.policy,
            prefixes=self.prefixes,
            name="",
            bucket="",
            public_base_url="",
            now=now,
        ).described(exported.alt)
        body = await archive.original(exported)

        async def read(start: int, length: int) -> bytes:
            return body[start : start + length]

        facts = await self.images.inspect(read, size_bytes=len(body))
        draft.check_image(facts, max_pixels=self.policy.max_pixels)
        if facts.needs_stripping:
            await self.images.strip(body)

    def _check_posts(self, archive: ArchiveReader, media: dict[int, ExportedMedia]) -> int:
        now, shown, seen = self.clock.now(), set[int](), set[int]()
        for each in archive.posts():
            whose = f"post {each.id}"
            if each.id in seen:
                raise ArchiveUnfit(f"there are two posts {each.id}")
            seen.add(each.id)
            with _named(whose):
                _check_date(each.created_at, now)
                as_post(each, owner_id=_NOBODY, media_id=_media_id(each))
            if each.media is not None:
                _require(media.get(each.media), POST_IMAGE, whose=whose)
                if each.media in shown:
                    raise ArchiveUnfit(f"{whose} shows media {each.media}, as another post does")
                shown.add(each.media)
        return len(seen)


def as_post(
    exported: ExportedPost,
    *,
    owner_id: UserId,
    media_id: MediaId | None,
    post_id: PostId | None = None,
) -> Post:
    """A post, of its date.

    Raises:
        DomainError: It could not be posted.
    """
    return Post(
        id=PostId(exported.id) if post_id is None else post_id,
        owner_id=owner_id,
        body=exported.body,
        media_id=media_id,
        created_at=exported.created_at,
    )


def _media_id(post: ExportedPost) -> MediaId | None:
    return None if post.media is None else MediaId(post.media)


def _require(media: ExportedMedia | None, kind: Kind, *, whose: str) -> None:
    if media is None or media.kind != kind:
        raise ArchiveUnfit(f"the picture of {whose} is not among its media of kind {kind}")


def _check_date(date: datetime, now: datetime) -> None:
    if date.tzinfo is None:
        raise ArchiveUnfit(f"{date.isoformat()} has no time zone")
    if date > now + CLOCKS_DIFFER:
        raise ArchiveUnfit(f"{date.isoformat()} is still to come")


@contextmanager
def _named(item: str) -> Iterator[None]:
    """Say of what is unfit what it is."""
    try:
        yield
    except (DomainError, ArchiveUnfit, ValueError) as error:
        raise ArchiveUnfit(f"{item}: {error}") from error
