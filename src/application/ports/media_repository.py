"""Where media items are kept."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from mediaport.domain.media import Media, MediaId
from mediaport.domain.policy import UploadPolicy
from mediaport.domain.users import UserId

# What a killed process held is free again after this, and nobody honest is overtaken: completing
# takes well under a second, the slowest image a few.
THUMBNAILS_CLAIM_LASTS = timedelta(seconds=30)
# It also outlasts the longest call to the store that a completion can have left behind.
COMPLETION_CLAIM_LASTS = timedelta(seconds=25)
# Likewise, the longest call that removes objects.
REMOVAL_CLAIM_LASTS = timedelta(seconds=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectDeletion:
    """An object that nothing refers to any more, to be removed from the store at `due_at`."""

    object_key: str
    due_at: datetime


def with_late_variants(
    deletions: Sequence[ObjectDeletion], keys: Iterable[str]
) -> list[ObjectDeletion]:
    """The deletions of a media item, and those of variants that came after they were planned.

    Whoever plans them knows the sizes that are set here; others may just be set elsewhere.
    """
    planned = {deletion.object_key for deletion in deletions}
    late = [
        ObjectDeletion(object_key=key, due_at=max(deletion.due_at for deletion in deletions))
        for key in keys
        if key not in planned
    ]
    return [*deletions, *late]


@dataclass(frozen=True, slots=True, kw_only=True)
class ThumbnailClaim:
    """The right to make the thumbnails of `media`, this being the `start`-th try (from 1)."""

    media: Media
    start: int
    until: datetime


@dataclass(frozen=True, slots=True)
class OwedThumbnails:
    """A media item whose thumbnails are owed, and whose it is."""

    media_id: MediaId
    owner_id: UserId


# Every owner comes before this one.
ANYONE = UserId(2**63 - 1)


@runtime_checkable  # HTTP handlers ask for it by its type
class MediaRepository(Protocol):
    """Media items and their variants. Each method is one transaction.

    Every method raises `PartUnavailable` when the database does not answer.
    """

    @abstractmethod
    async def add(
        self,
        make: Callable[[MediaId], Media],
        *,
        owner_id: UserId,
        policy: UploadPolicy,
        now: datetime,
    ) -> Media:
        """Keep a new media item, made by `make` from an id of its own.

        Only if `policy.check_quota` lets it pass, beside what the owner has at `now`: exactly so,
        however many are added at once. What it raises, or `make` does, is raised, and nothing kept.

        Raises:
            NotAuthenticated: The owner was deleted meanwhile.
        """
        ...

    @abstractmethod
    async def get(self, media_id: MediaId) -> Media:
        """The media item with its variants.

        Raises:
            MediaNotFound: There is none.
        """
        ...

    @abstractmethod
    async def describe(self, media: Media) -> None:
        """Keep the alt text of `media`.

        Raises:
            MediaNotFound: It was deleted meanwhile.
        """
        ...

    @abstractmethod
    async def claim_completion(
        self,
        media_id: MediaId,
        *,
        now: datetime,
        until: datetime,
        deletions: Sequence[ObjectDeletion],
    ) -> Media | None:
        """The pending media item, for the one caller that may complete it before `until`.

        Writes `deletions` down, of what the completion will leave behind. None if it is ready,
        gone, or another caller's claim lasts.
        """
        ...

    @abstractmethod
    async def release_completion(self, media_id: MediaId, *, until: datetime) -> None:
        """Give the claim that lasts until then back, so that it can be tried again at once."""
        ...

    @abstractmethod
    async def mark_ready(
        self, media: Media, *, claimed_until: datetime, deletions: Sequence[ObjectDeletion]
    ) -> bool:
        """Keep `media` as ready and write `deletions` down.

        Only if it is pending and the completion is still claimed by the claim until then.
        """
        ...

    @abstractmethod
    async def purge(self, media: Media, *, deletions: Sequence[ObjectDeletion]) -> None:
        """Forget the media item and its variants, and write `deletions` down.

        Those of variants that came after `deletions` were planned are written down with them.

        Raises:
            MediaStillShown: A post, a profile or another place refers to it.
            MediaNotFound: It is gone already.
        """
        ...

    @abstractmethod
    async def expire(
        self, media: Media, *, now: datetime, deletions: Sequence[ObjectDeletion]
    ) -> bool:
        """Purge `media` as `purge` does, if it is still pending and nobody is completing it."""
        ...

    @abstractmethod
    async def expired(self, *, before: datetime, now: datetime, limit: int) -> Sequence[Media]:
        """Pending media whose time was over at `before` and that nobody is completing."""
        ...

    @abstractmethod
    async def unattached(self, *, before: datetime, limit: int) -> Sequence[Media]:
        """Media that became ready before then and that nothing has shown since, oldest first."""
        ...

    @abstractmethod
    async def claim_thumbnails(
        self, media_id: MediaId, *, now: datetime, until: datetime
    ) -> ThumbnailClaim | None:
        """The right to make owed thumbnails, held alone until `until`; counts as one start.

        None if none are owed, or another claim lasts.
        """
        ...

    @abstractmethod
    async def release_thumbnails(
        self, claim: ThumbnailClaim, *, counted: bool, until: datetime | None = None
    ) -> None:
        """Give a claim back; it counts as a start unless what stopped it was not the image.

        Nobody is to try again before `until`, if that is given.
        """
        ...

    @abstractmethod
    async def save_thumbnails(self, media: Media) -> bool:
        """Keep thumbnails, or their failure, if they are still owed."""
        ...

    @abstractmethod
    async def hold_deletions(self, keys: Sequence[str], *, now: datetime, until: datetime) -> bool:
        """Let nobody remove objects of these keys before `until`: they are being made anew.

        False, and nothing is held, if someone is about to remove one of them, or holds it.
        """
        ...

    @abstractmethod
    async def replace_thumbnails(
        self, media: Media, *, now: datetime, held_until: datetime, dropped_due_at: datetime
    ) -> bool:
        """Keep thumbnails, or their failure, in place of what was made, or had failed, before.

        Strikes the deletions of their objects off. Objects of variants that `media` no longer has
        are written down as due at `dropped_due_at`. Nothing is kept if the media item is gone or
        owes thumbnails, the hold on their deletions is over, or someone may be removing one.
        """
        ...

    @abstractmethod
    async def owed_thumbnails(self, *, now: datetime, limit: int) -> Sequence[MediaId]:
        """Media whose thumbnails are owed and claimed by nobody; of an owner, the oldest first."""
        ...

    @abstractmethod
    async def next_owed(self, *, before: UserId, now: datetime) -> OwedThumbnails | None:
        """Of all who are owed thumbnails, the owner with the next lower id, and what is owed first.

        Only what nobody claims; of one owner, the longest waiting. None if there is no such owner.
        Costs the same however much is owed.
        """
        ...

    @abstractmethod
    async def claim_deletions(
        self, *, now: datetime, until: datetime, limit: int
    ) -> Sequence[tuple[int, str]]:
        """Number and object key of deletions that are due, the longest due first.

        They are for this caller alone until `until`.
        """
        ...

    @abstractmethod
    async def forget_deletions(self, numbers: Sequence[int]) -> None:
        """Strike deletions off that are done."""
        ...

    @abstractmethod
    async def check(self) -> None:
        """Return if the database answers and is migrated."""
        ...
