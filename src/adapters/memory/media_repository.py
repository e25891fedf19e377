"""Media items in memory."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from mediaport.adapters.memory.tables import MemoryTables
from mediaport.application.ports.media_repository import (
    MediaRepository,
    ObjectDeletion,
    OwedThumbnails,
    ThumbnailClaim,
)
from mediaport.domain.errors import MediaNotFound, MediaStillShown
from mediaport.domain.media import Media, MediaId, Status
from mediaport.domain.policy import UploadPolicy, Usage
from mediaport.domain.users import UserId


def _is_held(claims: Mapping[MediaId, datetime], media_id: MediaId, now: datetime) -> bool:
    return claims.get(media_id, now) > now


class MemoryMediaRepository(MediaRepository):
    """Keeps media items in `MemoryTables`."""

    def __init__(self, tables: MemoryTables) -> None:
        self._tables = tables

    async def add(
        self,
        make: Callable[[MediaId], Media],
        *,
        owner_id: UserId,
        policy: UploadPolicy,
        now: datetime,
    ) -> Media:
        """Keep a new media item."""
        self._tables.answer()
        self._tables.require_user(owner_id)
        media = make(MediaId(self._tables.next_id("media")))
        policy.check_quota(self._usage(owner_id, now), size_bytes=media.size_bytes, now=now)
        self._tables.media[media.id] = media
        return media

    def _usage(self, owner_id: UserId, now: datetime) -> Usage:
        theirs = [media for media in self._tables.media.values() if media.owner_id == owner_id]
        live = [media for media in theirs if not media.is_ready and media.expires_at > now]
        completing = [
            media
            for media in theirs
            if not media.is_ready
            and media.expires_at <= now
            and _is_held(self._tables.completion_claims, media.id, now)
        ]
        return Usage(
            pending=len(live) + len(completing),
            pending_bytes=sum(media.size_bytes for media in [*live, *completing]),
            expires_at=min((media.expires_at for media in live), default=None),
            stored_bytes=sum(media.size_bytes for media in theirs if media.is_ready),
        )

    async def get(self, media_id: MediaId) -> Media:
        """The media item."""
        self._tables.answer()
        if media_id not in self._tables.media:
            raise MediaNotFound(media_id)
        return self._tables.media[media_id]

    async def describe(self, media: Media) -> None:
        """Keep the alt text."""
        current = await self.get(media.id)
        self._tables.media[media.id] = replace(current, alt=media.alt)

    async def claim_completion(
        self,
        media_id: MediaId,
        *,
        now: datetime,
        until: datetime,
        deletions: Sequence[ObjectDeletion],
    ) -> Media | None:
        """The pending media item, for one caller at a time."""
        self._tables.answer()
        media = self._tables.media.get(media_id)
        if (
            media is None
            or media.is_ready
            or _is_held(self._tables.completion_claims, media_id, now)
        ):
            return None
        self._tables.completion_claims[media_id] = until
        self._tables.write_down(deletions)
        return media

    async def release_completion(self, media_id: MediaId, *, until: datetime) -> None:
        """Give the claim back."""
        self._tables.answer()
        if self._tables.completion_claims.get(media_id) == until:
            del self._tables.completion_claims[media_id]

    async def mark_ready(
        self, media: Media, *, claimed_until: datetime, deletions: Sequence[ObjectDeletion]
    ) -> bool:
        """Keep `media` as ready, if it is pending and claimed."""
        self._tables.answer()
        current = self._tables.media.get(media.id)
        is_ours = self._tables.completion_claims.get(media.id) == claimed_until
        if current is None or current.is_ready or not is_ours:
            return False
        self._tables.completion_claims.pop(media.id, None)
        self._tables.media[media.id] = replace(media, alt=current.alt)
        self._tables.write_down(deletions)
        return True

    async def purge(self, media: Media, *, deletions: Sequence[ObjectDeletion]) -> None:
        """Forget the media item."""
        await self.get(media.id)
        if self._tables.is_shown(media.id):
            raise MediaStillShown(media.id)
        self._tables.purge(media.id, deletions)

    async def expire(
        self, media: Media, *, now: datetime, deletions: Sequence[ObjectDeletion]
    ) -> bool:
        """Purge pending media that nobody is completing."""
        self._tables.answer()
        current = self._tables.media.get(media.id)
        if (
            current is None
            or current.is_ready
            or _is_held(self._tables.completion_claims, media.id, now)
        ):
            return False
        await self.purge(media, deletions=deletions)
        return True

    async def expired(self, *, before: datetime, now: datetime, limit: int) -> Sequence[Media]:
        """Pending media whose time was over."""
        self._tables.answer()
        found = [
            media
            for media in self._tables.media.values()
            if media.status is Status.PENDING
            and media.expires_at <= before
            and not _is_held(self._tables.completion_claims, media.id, now)
        ]
        return sorted(found, key=lambda media: media.expires_at)[:limit]

    async def unattached(self, *, before: datetime, limit: int) -> Sequence[Media]:
        """Ready media that nothing shows."""
        self._tables.answer()
        found = [
            (media.ready_at, media.id)
            for media in self._tables.media.values()
            if media.ready_at is not None
            and media.ready_at <= before
            and not self._tables.is_shown(media.id)
        ]
        return [self._tables.media[media_id] for _, media_id in sorted(found)[:limit]]

    async def claim_thumbnails(
        self, media_id: MediaId, *, now: datetime, until: datetime
    ) -> ThumbnailClaim | None:
        """The right to make owed thumbnails."""
        self._tables.answer()
        media = self._tables.media.get(media_id)
        held = _is_held(self._tables.thumbnail_claims, media_id, now)
        if media is None or not media.owes_thumbnails or held:
            return None
        self._tables.thumbnail_claims[media_id] = until
        start = self._tables.thumbnail_starts.get(media_id, 0) + 1
        self._tables.thumbnail_starts[media_id] = start
        return ThumbnailClaim(media=media, start=start, until=until)

    async def release_thumbnails(
        self, claim: ThumbnailClaim, *, counted: bool, until: datetime | None = None
    ) -> None:
        """Give the claim back."""
        self._tables.answer()
        if self._tables.thumbnail_claims.get(claim.media.id) == claim.until:
            del self._tables.thumbnail_claims[claim.media.id]
            if until is not None:
                self._tables.thumbnail_claims[claim.media.id] = until
            self._tables.thumbnail_starts[claim.media.id] -= not counted

    async def save_thumbnails(self, media: Media) -> bool:
        """Keep thumbnails, if they are owed."""
        self._tables.answer()
        current = self._tables.media.get(media.id)
        if current is None or not current.owes_thumbnails:
            return False
        self._tables.thumbnail_claims.pop(media.id, None)
        self._tables.media[media.id] = replace(media, alt=current.alt)
        return True

    async def hold_deletions(self, keys: Sequence[str], *, now: datetime, until: datetime) -> bool:
        """Claim the deletions of these keys, if nobody else does."""
        self._tables.answer()
        numbers = self._tables.unclaimed_deletions(keys, now=now)
        if numbers is None:
            return False
        self._tables.deletion_claims |= dict.fromkeys(numbers, until)
        return True

    async def replace_thumbnails(
        self, media: Media, *, now: datetime, held_until: datetime, dropped_due_at: datetime
    ) -> bool:
        """Keep thumbnails in place of those before."""
        self._tables.answer()
        current = self._tables.media.get(media.id)
        keys = [variant.object_key for variant in media.variants]
        numbers = self._tables.unclaimed_deletions(keys, now=now, but_by=held_until)
        if now >= held_until or current is None or not current.has_settled or numbers is None:
            return False
        await self.forget_deletions(numbers)
        self._tables.media[media.id] = replace(media, alt=current.alt)
        self._tables.write_down(
            [
                ObjectDeletion(object_key=variant.object_key, due_at=dropped_due_at)
                for variant in current.variants
                if variant.object_key not in keys
            ]
        )
        return True

    async def owed_thumbnails(self, *, now: datetime, limit: int) -> Sequence[MediaId]:
        """Media whose thumbnails are owed and claimed by nobody."""
        self._tables.answer()
        owed = [
            (media.owner_id, media.ready_at, media.id)
            for media in self._tables.media.values()
            if media.owes_thumbnails and not _is_held(self._tables.thumbnail_claims, media.id, now)
        ]
        return [media_id for *_, media_id in sorted(owed)[:limit]]

    async def next_owed(self, *, before: UserId, now: datetime) -> OwedThumbnails | None:
        """The next lower owner's longest waiting."""
        self._tables.answer()
        owed = [
            (-media.owner_id, media.ready_at, media.id)
            for media in self._tables.media.values()
            if media.owes_thumbnails
            and media.owner_id < before
            and not _is_held(self._tables.thumbnail_claims, media.id, now)
        ]
        if not owed:
            return None
        *_, media_id = min(owed)
        return OwedThumbnails(media_id, self._tables.media[media_id].owner_id)

    async def claim_deletions(
        self, *, now: datetime, until: datetime, limit: int
    ) -> Sequence[tuple[int, str]]:
        """Deletions that are due, for one caller at a time."""
        self._tables.answer()
        due = sorted(
            (deletion.due_at, number, deletion.object_key)
            for number, deletion in self._tables.deletions.items()
            if deletion.due_at <= now and self._tables.deletion_claims.get(number, now) <= now
        )[:limit]
        self._tables.deletion_claims |= {number: until for _, number, _ in due}
        return [(number, key) for _, number, key in due]

    async def forget_deletions(self, numbers: Sequence[int]) -> None:
        """Strike deletions off."""
        self._tables.answer()
        self._tables.strike_off(numbers)

    async def check(self) -> None:
        """Fail if the database was taken down."""
        self._tables.answer()
