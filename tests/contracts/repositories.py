"""What the repositories do together. Subclass it once per database."""

import asyncio
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import ClassVar

import pytest

from mediaport.application.ports.attachment_repository import AttachmentRepository
from mediaport.application.ports.leases import Leases
from mediaport.application.ports.media_repository import (
    ANYONE,
    MediaRepository,
    ObjectDeletion,
    OwedThumbnails,
)
from mediaport.application.ports.post_repository import Position, PostRepository
from mediaport.application.ports.remake_repository import Remake, RemakeRepository, Stretch
from mediaport.application.ports.shown import Author, ShownComment, ShownMedia, ShownPost
from mediaport.application.ports.user_repository import UserRepository
from mediaport.domain.attachments import Place
from mediaport.domain.errors import (
    MediaAlreadyAttached,
    MediaNotFound,
    MediaStillShown,
    PostNotFound,
    TooManyPendingBytes,
    TooManyPendingUploads,
    UsernameTaken,
    UserNotFound,
)
from mediaport.domain.keys import KeyPrefixes, variant_key
from mediaport.domain.media import ImageFacts, Media, MediaId, ThumbnailsStatus, Variant
from mediaport.domain.policy import AVATAR, POST_IMAGE, ContentType, Kind, UploadPolicy, Usage
from mediaport.domain.posts import Comment, Post, PostId
from mediaport.domain.users import User, UserId

NOW = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)
FACTS = ImageFacts(content_type=ContentType.JPEG, width=60, height=40, needs_stripping=False)
POLICY = UploadPolicy(
    max_bytes={POST_IMAGE: 1000, AVATAR: 1000, Kind("banner"): 1000},
    max_pixels=10_000,
    max_pending=3,
    max_pending_bytes=1000,
    max_stored_bytes=1000,
    url_ttl_s=300,
    pending_ttl_s=3600,
    unattached_ttl_s=86_400,
    thumbnail_sizes=(128, 512),
)
AMPLE = replace(POLICY, max_pending=1000, max_pending_bytes=10**6, max_stored_bytes=10**9)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


SOON = later(60)


def pending_media(
    media_id: MediaId,
    *,
    owner_id: UserId,
    kind: Kind = POST_IMAGE,
    size_bytes: int = 10,
    now: datetime = NOW,
    name: str = "name",
) -> Media:
    """A new upload."""
    return Media.request(
        id=media_id,
        owner_id=owner_id,
        kind=kind,
        content_type="image/jpeg",
        size_bytes=size_bytes,
        policy=POLICY,
        prefixes=KeyPrefixes(incoming="incoming/", public="public/"),
        name=f"{name}{media_id}",
        bucket="b",
        public_base_url="https://cdn",
        now=now,
    )


class Looking(UploadPolicy):
    """Leaves no room, so that it is shown all that an owner has."""

    seen: ClassVar[list[Usage]]

    def check_quota(self, usage: Usage, *, size_bytes: int, now: datetime) -> None:
        self.seen.append(usage)
        raise MediaNotFound(0)


@dataclass(frozen=True)
class Repositories:
    """All of them, over one database, and the steps that tests start from."""

    media: MediaRepository
    users: UserRepository
    posts: PostRepository
    remakes: RemakeRepository
    leases: Leases
    attachments: AttachmentRepository

    async def user(self, name: str = "ada") -> User:
        return await self.users.add(
            lambda user_id: User(id=user_id, username=name, password_hash="h", created_at=NOW)
        )

    async def attach(self, place: Place, media: Media) -> None:
        assert await self.attachments.replace(place, media.id, before=None, now=NOW, deletions=[])

    async def pending(
        self,
        owner: User,
        kind: Kind = POST_IMAGE,
        *,
        now: datetime = NOW,
        size_bytes: int = 10,
        policy: UploadPolicy | None = None,
    ) -> Media:
        """A new upload; held to the quotas of `policy`, if one is given."""

        make = partial(pending_media, owner_id=owner.id, kind=kind, size_bytes=size_bytes, now=now)
        return await self.media.add(make, owner_id=owner.id, policy=policy or AMPLE, now=now)

    async def ready(self, owner: User, kind: Kind = POST_IMAGE, *, now: datetime = NOW) -> Media:
        media = (await self.pending(owner, kind)).complete(FACTS, etag="e", size_bytes=9, now=now)
        assert await self.mark_ready(media)
        return media

    async def mark_ready(self, media: Media, *deletions: ObjectDeletion) -> bool:
        until = later(30)
        await self.media.claim_completion(media.id, now=NOW, until=until, deletions=[])
        return await self.media.mark_ready(media, claimed_until=until, deletions=deletions)

    async def with_thumbnails(self, owner: User, kind: Kind = POST_IMAGE) -> Media:
        media = await self.ready(owner, kind)
        made = media.with_thumbnails(variants_of(media), placeholder="cA==")
        assert await self.media.save_thumbnails(made)
        return made

    async def replace(
        self,
        media: Media,
        *,
        now: datetime = NOW,
        held_until: datetime = SOON,
        dropped_due_at: datetime = NOW,
    ) -> bool:
        return await self.media.replace_thumbnails(
            media, now=now, held_until=held_until, dropped_due_at=dropped_due_at
        )

    async def post(
        self, owner: User, media: Media | None = None, *, now: datetime = NOW, body: str = "x"
    ) -> Post:
        return await self.posts.add(
            lambda post_id: Post(
                id=post_id,
                owner_id=owner.id,
                body=body,
                media_id=media.id if media else None,
                created_at=now,
            )
        )

    async def comment(self, post: Post, author: User, *, now: datetime = NOW) -> ShownComment:
        return await self.posts.add_comment(
            post.id,
            lambda comment_id: Comment(
                id=comment_id, post_id=post.id, author_id=author.id, body="x", created_at=now
            ),
        )

    async def deletions(self) -> list[str]:
        return [key for _, key in await self.claimed(later(10**6))]

    async def claimed(self, now: datetime, *, lasting_s: float = 0) -> Sequence[tuple[int, str]]:
        """Deletions that are due, claimed so shortly that they can be looked at again."""
        until = now + timedelta(seconds=lasting_s)
        return await self.media.claim_deletions(now=now, until=until, limit=999)


def variants_of(media: Media) -> tuple[Variant, ...]:
    return tuple(
        Variant(
            size=size,
            object_key=variant_key(media.object_key, size),
            public_url=variant_key(media.public_url, size),
            width=size,
            height=40,
            size_bytes=5,
        )
        for size in (128, 512)
    )


def deletion(key: str = "old", due_at: datetime = NOW) -> ObjectDeletion:
    return ObjectDeletion(object_key=key, due_at=due_at)


def bodies(page: Sequence[ShownPost]) -> list[str]:
    return [shown.body for shown in page]


class RepositoriesContract:
    """The tests; `repositories` comes from the subclass."""

    @pytest.fixture
    @abstractmethod
    def repositories(self) -> Repositories: ...

    async def test_a_user_is_found_again(self, repositories: Repositories) -> None:
        user = await repositories.user()

        assert await repositories.users.get(user.id) == user
        assert await repositories.users.find("ada") == user
        assert await repositories.users.find("eve") is None
        assert (await repositories.users.profile("ada")).avatar is None
        with pytest.raises(UserNotFound):
            await repositories.users.get(UserId(99))
        with pytest.raises(UserNotFound):
            await repositories.users.profile("eve")

    async def test_a_name_is_given_once_however_many_ask(self, repositories: Repositories) -> None:
        answers = await asyncio.gather(
            *(repositories.user() for _ in range(8)), return_exceptions=True
        )

        assert sum(isinstance(answer, User) for answer in answers) == 1
        assert sum(isinstance(answer, UsernameTaken) for answer in answers) == 7

    async def test_media_is_read_back_as_it_was(self, repositories: Repositories) -> None:
        owner = await repositories.user()
        pending = await repositories.pending(owner)
        assert await repositories.media.get(pending.id) == pending

        made = await repositories.with_thumbnails(owner)
        assert await repositories.media.get(made.id) == made
        with pytest.raises(MediaNotFound):
            await repositories.media.get(MediaId(99))

    async def test_an_id_is_never_given_twice(self, repositories: Repositories) -> None:
        owner = await repositories.user()
        first = await repositories.pending(owner)
        await repositories.media.purge(first, deletions=[])

        assert (await repositories.pending(owner)).id > first.id

    async def test_pending_uploads_are_limited_exactly(self, repositories: Repositories) -> None:
        owner, other = await repositories.user("ada"), await repositories.user("bob")
        await repositories.pending(owner, now=later(-4000))  # expired: does not count
        await repositories.ready(owner)  # ready: does not count

        answers = await asyncio.gather(
            *(repositories.pending(owner, policy=POLICY) for _ in range(20)),
            return_exceptions=True,
        )

        assert sum(isinstance(answer, Media) for answer in answers) == 3  # row 31
        refused = [answer for answer in answers if isinstance(answer, TooManyPendingUploads)]
        assert len(refused) == 17
        assert refused[0].context["retry_after_s"] == 3601
        await repositories.pending(other, policy=POLICY)

    async def test_pending_bytes_are_limited_exactly(self, repositories: Repositories) -> None:
        owner = await repositories.user()
        policy = replace(POLICY, max_pending=100)

        answers = await asyncio.gather(
            *(repositories.pending(owner, size_bytes=150, policy=policy) for _ in range(20)),
            return_exceptions=True,
        )

        assert sum(isinstance(answer, Media) for answer in answers) == 6  # row 31
        refused = [answer for answer in answers if isinstance(answer, TooManyPendingBytes)]
        assert len(refused) == 14
        assert refused[0].context["pending_bytes"] == 900

    async def test_usage_is_what_one_owner_has(self, repositories: Repositories) -> None:
        ada, bob = await repositories.user("ada"), await repositories.user("bob")
        await repositories.pending(ada, now=later(-4000))  # expired
        await repositories.pending(ada, now=later(-10), size_bytes=20)
        await repositories.pending(ada, size_bytes=30)
        await repositories.ready(ada)
        await repositories.pending(bob, size_bytes=40)
        limits = {each.name: getattr(POLICY, each.name) for each in fields(POLICY)}
        policy, Looking.seen = Looking(**{**limits, "max_pending": 0}), []

        for owner in (ada, bob, await repositories.user("eve")):
            with pytest.raises(MediaNotFound):
                await repositories.pending(owner, policy=policy)

        assert policy.seen == [
            Usage(pending=2, pending_bytes=50, expires_at=later(3590), stored_bytes=9),
            Usage(pending=1, pending_bytes=40, expires_at=later(3600), stored_bytes=0),
            Usage(pending=0, pending_bytes=0, expires_at=None, stored_bytes=0),
        ]

    async def test_an_upload_that_is_over_counts_while_it_is_being_completed(
        self, repositories: Repositories
    ) -> None:
        owner = await repositories.user()
        policy = replace(POLICY, max_pending=1)
        media = await repositories.pending(owner, now=later(-3599), policy=policy)
        await repositories.media.claim_completion(media.id, now=NOW, until=later(25), deletions=[])

        with pytest.raises(TooManyPendingUploads):  # row 31
            await repositories.pending(owner, now=later(10), policy=policy)
        await repositories.pending(owner, now=later(25), policy=policy)

    async def test_what_nothing_has_shown_since_it_was_ready_is_found_oldest_first(
        self, repositories: Repositories
    ) -> None:
        owner = await repositories.user()
        attached = await repositories.ready(owner, now=later(-500))
        worn = await repositories.ready(owner, AVATAR, now=later(-500))
        younger = await repositories.ready(owner, now=later(-100))
        older = await repositories.ready(owner, now=later(-200))
        made = older.with_thumbnails(variants_of(older), placeholder="cA==")
        await repositories.media.save_thumbnails(made)
        await repositories.ready(owner, now=later(-50))
        await repositories.pending(owner, now=later(-500))
        await repositories.post(owner, attached)
        await repositories.users.replace_avatar(owner, worn.id, deletions=[])

        found = await repositories.media.unattached(before=later(-100), limit=9)

        assert found == [made, younger]
        assert await repositories.media.unattached(before=later(-100), limit=1) == [made]

    async def test_a_lease_is_had_by_one_at_a_time(self, repositories: Repositories) -> None:
        leases = repositories.leases

        answers = await asyncio.gather(
            *(leases.claim("sweep", now=NOW, until=later(30 + number)) for number in range(8))
        )
        until = later(30 + answers.index(True))

        assert sum(answers) == 1
        assert not await leases.claim("sweep", now=later(29), until=later(99))
        assert await leases.claim("other", now=NOW, until=later(30))
        assert await leases.claim("sweep", now=later(1), until=later(60), held_until=until)
        assert not await leases.claim("sweep", now=later(1), until=later(99), held_until=until)

    async def test_a_lease_ends_when_it_is_given_back_or_runs_out(
        self, repositories: Repositories
    ) -> None:
        leases = repositories.leases
        await leases.claim("sweep", now=NOW, until=later(30))

        await leases.release("sweep", held_until=later(20))  # none of theirs
        assert not await leases.claim("sweep", now=NOW, until=later(40))
        await leases.release("sweep", held_until=later(30))
        assert await leases.claim("sweep", now=NOW, until=later(40))
        assert await leases.claim("sweep", now=later(40), until=later(70))

    async def test_a_lease_that_a_wrong_clock_made_keeps_nobody(
        self, repositories: Repositories
    ) -> None:
        leases = repositories.leases
        await leases.claim("sweep", now=later(4000), until=later(4030))

        assert await leases.claim("sweep", now=NOW, until=later(30))
        # One that was made a moment later is none of these.
        assert not await leases.claim("sweep", now=later(-29), until=later(1))

    async def test_alt_text_is_kept_whatever_else_happens(self, repositories: Repositories) -> None:
        owner = await repositories.user()
        media = await repositories.pending(owner)
        await repositories.media.describe(media.described("A dog"))
        ready = media.complete(FACTS, etag="e", size_bytes=9, now=NOW)
        await repositories.mark_ready(ready)
        await repositories.media.save_thumbnails(
            ready.with_thumbnails(variants_of(media), placeholder="cA==")
        )

        assert (await repositories.media.get(media.id)).alt == "A dog"
        with pytest.raises(MediaNotFound):
            await repositories.media.describe(replace(media, id=MediaId(99)))

    async def test_what_a_completion_leaves_behind_is_written_down_by_who_completes(
        self, repositories: Repositories
    ) -> None:
        media = await repositories.pending(await repositories.user())

        await asyncio.gather(
            *(
                repositories.media.claim_completion(
                    media.id, now=NOW, until=later(30), deletions=[deletion(f"staged/{number}")]
                )
                for number in range(8)
            )
        )

        due = await repositories.deletions()
        assert len([key for key in due if key.startswith("staged/")]) == 1

    async def test_a_completion_is_claimed_by_one_at_a_time(
        self, repositories: Repositories
    ) -> None:
        media = await repositories.pending(await repositories.user())

        async def claim(now: float = 0) -> Media | None:
            return await repositories.media.claim_completion(
                media.id, now=later(now), until=later(now + 30), deletions=[]
            )

        claims = await asyncio.gather(*(claim() for _ in range(8)))
        assert [held for held in claims if held] == [media]  # row 13
        assert await claim(29) is None
        assert await claim(30) == media
        await repositories.media.release_completion(media.id, until=later(30))  # ran out
        assert await claim(31) is None
        await repositories.media.release_completion(media.id, until=later(60))
        assert await claim(31) == media
        ready = media.complete(FACTS, etag="e", size_bytes=9, now=NOW)
        for stale, is_marked in ((60, False), (61, True)):
            marked = await repositories.media.mark_ready(
                ready, claimed_until=later(stale), deletions=[]
            )
            assert marked == is_marked
        assert await claim(999) is None

    async def test_media_is_marked_ready_once(self, repositories: Repositories) -> None:
        media = await repositories.pending(await repositories.user())
        ready = media.complete(FACTS, etag="first", size_bytes=9, now=NOW)

        assert await repositories.mark_ready(ready, deletion("incoming"))
        assert not await repositories.mark_ready(replace(ready, etag="second"), deletion("other"))

        assert (await repositories.media.get(media.id)).etag == "first"
        assert await repositories.deletions() == ["incoming"]

    async def test_media_that_is_gone_is_not_marked_ready(self, repositories: Repositories) -> None:
        media = await repositories.pending(await repositories.user())
        await repositories.media.purge(media, deletions=[])

        ready = media.complete(FACTS, etag="e", size_bytes=9, now=NOW)
        assert not await repositories.mark_ready(ready)

    async def test_purged_media_is_gone_and_its_objects_written_down(
        self, repositories: Repositories
    ) -> None:
        media = await repositories.with_thumbnails(await repositories.user())
        small, large = [variant.object_key for variant in media.variants]

        await repositories.media.purge(media, deletions=[deletion(small), deletion("b", later(9))])

        assert [key for _, key in await repositories.claimed(later(8))] == [small]
        written_down = await repositories.deletions()
        assert written_down == [small, "b", large]  # what nobody planned for goes with the last
        with pytest.raises(MediaNotFound):
            await repositories.media.get(media.id)
        with pytest.raises(MediaNotFound):
            await repositories.media.purge(media, deletions=[deletion("c")])
        assert await repositories.deletions() == written_down

    async def test_what_is_shown_cannot_be_purged(self, repositories: Repositories) -> None:
        owner = await repositories.user()
        attached = await repositories.with_thumbnails(owner)
        worn = await repositories.with_thumbnails(owner, AVATAR)
        await repositories.post(owner, attached)
        await repositories.users.replace_avatar(owner, worn.id, deletions=[])

        for media in (attached, worn):
            with pytest.raises(MediaStillShown):  # rows 18 and 19
                await repositories.media.purge(media, deletions=[deletion()])
            assert await repositories.media.get(media.id) == media
        assert await repositories.deletions() == []

    async def test_attach_and_purge_at_once_have_one_winner(
        self, repositories: Repositories
    ) -> None:
        owner = await repositories.user()
        for _ in range(5):
            media = await repositories.ready(owner)
            attached, purged = await asyncio.gather(
                repositories.post(owner, media),
                repositories.media.purge(media, deletions=[]),
                return_exceptions=True,
            )
            if isinstance(attached, Post):  # row 19
                assert isinstance(purged, MediaStillShown)
                assert await repositories.media.get(media.id) == media
            else:
                assert isinstance(attached, MediaNotFound)
                assert purged is None

    async def test_expired_uploads_are_found_oldest_first(self, repositories: Repositories) -> None:
        owner = await repositories.user()
        young = await repositories.pending(owner, now=later(10))
        old, claimed = [await repositories.pending(owner) for _ in range(2)]
        await repositories.ready(owner)
        await repositories.media.claim_completion(
            claimed.id, now=NOW, until=later(9000), deletions=[]
        )

        async def expired(before: float, limit: int = 9) -> list[Media]:
            return list(
                await repositories.media.expired(before=later(before), now=NOW, limit=limit)
            )

        assert await expired(3599) == []
        assert await expired(3600) == [old]
        assert await expired(3610) == [old, young]
        assert len(await expired(3610, limit=1)) == 1

    async def test_only_what_is_pending_and_left_alone_expires(
        self, repositories: Repositories
    ) -> None:
        owner = await repositories.user()
        left, claimed = [await repositories.pending(owner) for _ in range(2)]
        ready = await repositories.ready(owner)
        await repositories.media.claim_completion(
            claimed.id, now=NOW, until=later(15), deletions=[]
        )

        async def expire(media: Media, now: float) -> bool:
            return await repositories.media.expire(
                media, now=later(now), deletions=[deletion(str(media.id))]
            )

        assert await expire(left, 0)
        assert not await expire(left, 0)
        assert not await expire(claimed, 14)
        assert not await expire(replace(left, id=ready.id), 0)
        assert await expire(claimed, 15)
        assert await repositories.deletions() == [str(left.id), str(claimed.id)]
        assert await repositories.media.get(ready.id) == ready

    async def test_owed_thumbnails_are_claimed_by_one_at_a_time(
        self, repositories: Repositories
    ) -> None:
        owner = await repositories.user()
        media = await repositories.ready(owner)
        await repositories.pending(owner)
        claim = repositories.media.claim_thumbnails

        claims = await asyncio.gather(
            *(claim(media.id, now=NOW, until=later(20)) for _ in range(8))
        )
        (held,) = [found for found in claims if found]  # row 46
        assert (held.media, held.start) == (media, 1)
        assert await repositories.media.owed_thumbnails(now=later(19), limit=9) == []
        assert await repositories.media.owed_thumbnails(now=later(20), limit=9) == [media.id]

        again = await claim(media.id, now=later(20), until=later(40))
        assert again
        assert again.start == 2
        await repositories.media.release_thumbnails(held, counted=False)  # ran out: not theirs
        assert await claim(media.id, now=later(21), until=later(40)) is None
        await repositories.media.release_thumbnails(again, counted=False, until=None)
        third = await claim(media.id, now=later(21), until=later(40))
        assert third
        assert third.start == 2
        await repositories.media.release_thumbnails(third, counted=True)
        fourth = await claim(media.id, now=later(22), until=later(40))
        assert fourth
        assert fourth.start == 3

    async def test_owners_come_one_after_the_other_with_what_they_are_owed_first(
        self, repositories: Repositories
    ) -> None:
        older, newer, idle = [await repositories.user(name) for name in ("ada", "bob", "cyd")]
        late = await repositories.ready(newer, now=later(-1))
        first = await repositories.ready(newer, now=later(-2))
        only = await repositories.ready(older, now=later(-9))
        await repositories.pending(idle)

        async def next_owed(*, before: UserId, now: float = 0) -> OwedThumbnails | None:
            return await repositories.media.next_owed(before=before, now=later(now))

        assert await next_owed(before=ANYONE) == OwedThumbnails(first.id, newer.id)
        assert await next_owed(before=newer.id) == OwedThumbnails(only.id, older.id)
        assert await next_owed(before=older.id) is None

        await repositories.media.claim_thumbnails(first.id, now=NOW, until=later(20))
        assert await next_owed(before=ANYONE) == OwedThumbnails(late.id, newer.id)
        assert await next_owed(before=ANYONE, now=20) == OwedThumbnails(first.id, newer.id)

        await repositories.media.claim_thumbnails(late.id, now=NOW, until=later(20))
        assert await next_owed(before=ANYONE) == OwedThumbnails(only.id, older.id)
        await repositories.media.save_thumbnails(only.without_thumbnails(reason="torn"))
        assert await next_owed(before=ANYONE) is None

    async def test_thumbnails_are_saved_once(self, repositories: Repositories) -> None:
        media = await repositories.ready(await repositories.user())
        made = media.with_thumbnails(variants_of(media), placeholder="cA==")

        assert await repositories.media.save_thumbnails(made)
        assert not await repositories.media.save_thumbnails(made)
        assert not await repositories.media.save_thumbnails(media.without_thumbnails(reason="late"))

        assert await repositories.media.get(media.id) == made
        assert await repositories.media.owed_thumbnails(now=later(999), limit=9) == []
        assert await repositories.media.claim_thumbnails(media.id, now=NOW, until=later(9)) is None

    async def test_a_failure_is_kept_with_its_reason(self, repositories: Repositories) -> None:
        media = await repositories.ready(await repositories.user())

        assert await repositories.media.save_thumbnails(media.without_thumbnails(reason="torn"))

        failed = await repositories.media.get(media.id)
        assert failed.thumbnails_status is ThumbnailsStatus.FAILED
        assert failed.thumbnails_error == "torn"

    async def test_nothing_is_saved_for_media_that_is_gone(
        self, repositories: Repositories
    ) -> None:
        media = await repositories.ready(await repositories.user())
        await repositories.media.purge(media, deletions=[])

        made = media.with_thumbnails(variants_of(media), placeholder="cA==")
        assert not await repositories.media.save_thumbnails(made)  # row 53

    async def test_of_an_owner_the_longest_owed_come_first(
        self, repositories: Repositories
    ) -> None:
        owner = await repositories.user()
        ids = [(await repositories.ready(owner, now=later(-n))).id for n in range(3)]

        owed = await repositories.media.owed_thumbnails(now=NOW, limit=2)

        assert list(owed) == ids[:0:-1]

    async def test_deletions_are_due_until_they_are_forgotten(
        self, repositories: Repositories
    ) -> None:
        media = await repositories.ready(await repositories.user())
        await repositories.media.purge(
            media, deletions=[deletion("now"), deletion("then", later(60))]
        )

        ((number, key),) = await repositories.claimed(NOW)
        assert key == "now"
        await repositories.media.forget_deletions([number])
        await repositories.media.forget_deletions([])
        assert await repositories.deletions() == ["then"]

    async def test_a_deletion_is_carried_out_by_one_at_a_time(
        self, repositories: Repositories
    ) -> None:
        media = await repositories.ready(await repositories.user())
        keys = [f"{number:02}" for number in range(40)]
        deletions = [deletion(key, later(-int(key))) for key in keys]
        await repositories.media.purge(media, deletions=[*deletions, deletion("then", later(99))])

        claims = await asyncio.gather(
            *(
                repositories.media.claim_deletions(now=NOW, until=later(20), limit=12)
                for _ in range(5)
            )
        )

        assert sorted(key for claim in claims for _, key in claim) == keys
        assert await repositories.claimed(later(19)) == []
        again = await repositories.media.claim_deletions(now=later(20), until=later(40), limit=2)
        assert [key for _, key in again] == ["39", "38"]  # the longest due first

    async def test_thumbnails_are_replaced_and_what_is_dropped_is_written_down(
        self, repositories: Repositories
    ) -> None:
        before = await repositories.with_thumbnails(await repositories.user())
        await repositories.media.describe(before.described("A dog"))
        small, large = variants_of(before)
        key, url = (variant_key(each, 640) for each in (before.object_key, before.public_url))
        larger = replace(large, size=640, object_key=key, public_url=url, width=7)
        made = before.with_thumbnails((small, larger), placeholder="bmV3")

        assert await repositories.replace(made, dropped_due_at=later(60))

        assert await repositories.media.get(made.id) == made.described("A dog")
        assert await repositories.claimed(later(59)) == []
        assert await repositories.deletions() == [large.object_key]

    async def test_thumbnails_that_had_failed_are_replaced_by_good_ones_and_by_other_reasons(
        self, repositories: Repositories
    ) -> None:
        media = await repositories.ready(await repositories.user())
        await repositories.media.save_thumbnails(media.without_thumbnails(reason="gave_up"))
        made = media.with_thumbnails(variants_of(media), placeholder="cA==")

        for settled in (media.without_thumbnails(reason="torn"), made, made):
            assert await repositories.replace(settled)
            assert await repositories.media.get(media.id) == settled

    async def test_nothing_is_replaced_where_thumbnails_are_owed_or_the_media_is_gone(
        self, repositories: Repositories
    ) -> None:
        owner = await repositories.user()
        owed, gone = [await repositories.ready(owner) for _ in range(2)]
        await repositories.media.purge(gone, deletions=[])

        for media in (owed, gone):
            made = media.with_thumbnails(variants_of(media), placeholder="cA==")
            assert not await repositories.replace(made)  # row 53

        assert await repositories.media.get(owed.id) == owed
        assert await repositories.deletions() == []

    async def test_a_late_deletion_is_held_and_then_struck_off_for_what_is_made_anew(
        self, repositories: Repositories
    ) -> None:
        media = await repositories.with_thumbnails(await repositories.user())
        small, large = variants_of(media)
        await repositories.replace(media.with_thumbnails((small,), placeholder="cA=="))
        keys = [large.object_key, "another"]

        assert await repositories.media.hold_deletions(keys, now=NOW, until=later(60))
        assert await repositories.claimed(later(59)) == []
        assert [key for _, key in await repositories.claimed(later(60))] == [large.object_key]
        assert await repositories.media.hold_deletions(keys, now=later(60), until=later(120))
        assert await repositories.replace(media, now=later(119), held_until=later(120))

        assert await repositories.deletions() == []
        assert await repositories.media.get(media.id) == media

    async def test_what_someone_may_be_removing_is_neither_held_nor_replaced(
        self, repositories: Repositories
    ) -> None:
        media = await repositories.with_thumbnails(await repositories.user())
        small, large = variants_of(media)
        kept = media.with_thumbnails((small,), placeholder="cA==")
        await repositories.replace(kept)
        await repositories.claimed(NOW, lasting_s=20)

        assert not await repositories.media.hold_deletions(
            [large.object_key], now=later(19), until=later(79)
        )
        assert not await repositories.replace(media, now=later(19), held_until=later(79))
        assert not await repositories.replace(media, now=later(79), held_until=later(79))

        assert await repositories.media.get(media.id) == kept
        assert await repositories.media.hold_deletions(
            [large.object_key], now=later(20), until=later(80)
        )

    async def test_removing_and_making_anew_at_once_have_one_winner(
        self, repositories: Repositories
    ) -> None:
        media = await repositories.with_thumbnails(await repositories.user())
        kept = media.with_thumbnails(variants_of(media)[:1], placeholder="cA==")
        for _ in range(5):
            await repositories.replace(kept)

            claimed, is_made = await asyncio.gather(
                repositories.claimed(NOW, lasting_s=20), repositories.replace(media)
            )

            assert is_made != bool(claimed)
            await repositories.media.forget_deletions([number for number, _ in claimed])
            assert await repositories.deletions() == []

    async def test_runs_with_other_sizes_at_once_leave_no_object_without_its_row_or_deletion(
        self, repositories: Repositories
    ) -> None:
        media = await repositories.with_thumbnails(await repositories.user())
        small, large = variants_of(media)
        runs = [media, media.with_thumbnails((small,), placeholder="cA==")]

        assert all(await asyncio.gather(*(repositories.replace(run) for run in runs * 4)))

        kept = (await repositories.media.get(media.id)).variants
        dropped = set(await repositories.deletions())
        assert dropped == {large.object_key} - {variant.object_key for variant in kept}

    async def test_a_run_is_gone_on_with_where_it_stands_until_it_is_finished(
        self, repositories: Repositories
    ) -> None:
        remakes = repositories.remakes
        assert await remakes.unfinished() is None
        run = await remakes.begin(recipe="128 px", now=NOW)
        assert run == Remake(id=run.id, started_at=NOW, recipe="128 px", last_media_id=MediaId(0))

        for stands_at in (7, 5):  # another process goes on with the same run
            await remakes.advance(replace(run, last_media_id=MediaId(stands_at)))
        assert await remakes.unfinished() == replace(run, last_media_id=MediaId(7))

        restarted = await remakes.begin(recipe="128 px", now=later(1))
        assert await remakes.unfinished() == restarted
        await remakes.finish(restarted, now=later(2))
        assert await remakes.unfinished() is None

    async def test_all_media_are_gone_over_by_id_up_to_the_latest_that_was_there(
        self, repositories: Repositories
    ) -> None:
        owner = await repositories.user()
        made = await repositories.with_thumbnails(owner)
        gone = await repositories.ready(owner)
        ready = await repositories.ready(owner, now=later(-5))
        pending = await repositories.pending(owner)
        await repositories.media.purge(gone, deletions=[])
        remakes, nothing = repositories.remakes, MediaId(0)

        stretch = await remakes.ahead(after=nothing)
        await repositories.pending(owner)

        assert stretch == Stretch(after=nothing, up_to=pending.id, count=3)
        assert await remakes.page(stretch, after=nothing, limit=2) == [made, ready]
        assert await remakes.page(stretch, after=ready.id, limit=2) == [pending]
        assert await remakes.page(stretch, after=pending.id, limit=2) == []
        assert (await remakes.ahead(after=ready.id)).count == 2
        assert await remakes.ahead(after=MediaId(99)) == Stretch(
            after=MediaId(99), up_to=MediaId(99), count=0
        )

    async def test_a_post_is_shown_with_all_that_belongs_to_it(
        self, repositories: Repositories
    ) -> None:
        ada, bob = await repositories.user("ada"), await repositories.user("bob")
        media = await repositories.with_thumbnails(ada)
        avatar = await repositories.with_thumbnails(ada, AVATAR)
        await repositories.users.replace_avatar(ada, avatar.id, deletions=[])
        post = await repositories.post(ada, media)
        await repositories.posts.like(post.id, by=bob.id, now=NOW)

        seen = await repositories.posts.show(post.id, viewer=bob.id)

        liked = replace(post, like_count=1)
        owner = Author.of(ada, avatar)
        assert seen == ShownPost.of(liked, owner=owner, media=media, liked_by_me=True)
        assert seen.media
        assert seen.media.thumbnails == {each.size: each.public_url for each in media.variants}
        assert not (await repositories.posts.show(post.id, viewer=ada.id)).liked_by_me
        assert await repositories.posts.get(post.id) == liked
        assert (await repositories.users.profile("ada")).avatar == avatar

    async def test_posts_without_pictures_are_shown_too(self, repositories: Repositories) -> None:
        owner = await repositories.user()
        post = await repositories.post(owner)

        seen = await repositories.posts.show(post.id, viewer=owner.id)

        assert (seen.media, seen.owner.avatar) == (None, None)
        for missing in (repositories.posts.get(PostId(99)),):
            with pytest.raises(PostNotFound):
                await missing
        with pytest.raises(PostNotFound):
            await repositories.posts.show(PostId(99), viewer=owner.id)

    async def test_one_media_item_is_attached_once(self, repositories: Repositories) -> None:
        owner = await repositories.user()
        media = await repositories.ready(owner)

        answers = await asyncio.gather(
            *(repositories.post(owner, media) for _ in range(8)), return_exceptions=True
        )

        assert sum(isinstance(answer, Post) for answer in answers) == 1  # row 17
        assert sum(isinstance(answer, MediaAlreadyAttached) for answer in answers) == 7

    async def test_media_that_is_gone_cannot_be_attached(self, repositories: Repositories) -> None:
        owner = await repositories.user()
        media = await repositories.ready(owner)
        await repositories.media.purge(media, deletions=[])

        with pytest.raises(MediaNotFound):
            await repositories.post(owner, media)
        with pytest.raises(MediaNotFound):
            await repositories.users.replace_avatar(owner, media.id, deletions=[])

    async def test_the_feed_is_paged_newest_first(self, repositories: Repositories) -> None:
        ada, bob = await repositories.user("ada"), await repositories.user("bob")
        for owner, seconds, body in (
            (ada, 0, "1"),
            (bob, 1, "2"),
            (ada, 1, "3"),
            (ada, 1, "4"),
            (bob, 2, "5"),
        ):
            await repositories.post(owner, now=later(seconds), body=body)

        async def page(owner: User | None = None, last: ShownPost | None = None) -> list[ShownPost]:
            before = Position(created_at=last.created_at, id=last.id) if last else None
            shown = await repositories.posts.page(
                viewer=ada.id, owner=owner.id if owner else None, before=before, limit=2
            )
            return list(shown)

        first = await page()
        second = await page(last=first[-1])
        third = await page(last=second[-1])
        assert bodies([*first, *second, *third]) == ["5", "4", "3", "2", "1"]
        of_ada = await page(owner=ada)
        assert bodies([*of_ada, *await page(owner=ada, last=of_ada[-1])]) == ["4", "3", "1"]

    async def test_a_page_shows_what_has_changed_since(self, repositories: Repositories) -> None:
        ada, bob = await repositories.user("ada"), await repositories.user("bob")
        media = await repositories.ready(ada)
        post = await repositories.post(ada, media)

        async def shown(viewer: User) -> ShownPost:
            (only,) = await repositories.posts.page(
                viewer=viewer.id, owner=None, before=None, limit=2
            )
            return only

        assert (await shown(ada), await shown(bob)) == (await shown(bob), await shown(ada))
        await repositories.posts.like(post.id, by=bob.id, now=NOW)
        by_ada, by_bob = await shown(ada), await shown(bob)
        assert (by_ada.like_count, by_ada.liked_by_me) == (1, False)
        assert by_bob == by_ada._replace(liked_by_me=True)
        made = media.with_thumbnails(variants_of(media), placeholder="cA==")
        await repositories.media.save_thumbnails(made)
        assert (await shown(ada)).media == ShownMedia.of(made)
        avatar = await repositories.ready(ada, AVATAR)
        await repositories.users.replace_avatar(ada, avatar.id, deletions=[])
        assert (await shown(bob)).owner.avatar == ShownMedia.of(avatar)

    async def test_a_post_and_its_media_can_be_deleted_at_once(
        self, repositories: Repositories
    ) -> None:
        owner = await repositories.user()
        for _ in range(10):
            media = await repositories.with_thumbnails(owner)
            post = await repositories.post(owner, media)

            deleted, *purged = await asyncio.gather(
                repositories.posts.delete(post, deletions=[deletion("picture")]),
                *(
                    repositories.media.purge(media, deletions=[deletion("picture")])
                    for _ in range(3)
                ),
                return_exceptions=True,
            )

            assert deleted is None
            assert {type(error) for error in purged} <= {MediaStillShown, MediaNotFound}

    async def test_a_deleted_post_takes_everything_along(self, repositories: Repositories) -> None:
        owner = await repositories.user()
        media = await repositories.with_thumbnails(owner)
        post, other = await repositories.post(owner, media), await repositories.post(owner)
        await repositories.posts.like(post.id, by=owner.id, now=NOW)
        await repositories.comment(post, owner)

        await repositories.posts.delete(post, deletions=[deletion("picture")])
        await repositories.posts.delete(other, deletions=[])

        written_down = ["picture", *(variant.object_key for variant in media.variants)]
        assert await repositories.deletions() == written_down
        with pytest.raises(MediaNotFound):
            await repositories.media.get(media.id)
        with pytest.raises(PostNotFound):
            await repositories.posts.delete(post, deletions=[deletion("again")])
        assert await repositories.deletions() == written_down

    async def test_likes_are_counted_exactly(self, repositories: Repositories) -> None:
        users = [await repositories.user(f"user{number}") for number in range(5)]
        post = await repositories.post(users[0])
        like, unlike = repositories.posts.like, repositories.posts.unlike

        await asyncio.gather(*(like(post.id, by=user.id, now=NOW) for user in users * 2))
        assert (await repositories.posts.get(post.id)).like_count == 5
        assert await unlike(post.id, by=users[0].id) == 4
        assert await unlike(post.id, by=users[0].id) == 4
        for missing in (
            like(PostId(99), by=users[0].id, now=NOW),
            unlike(PostId(99), by=users[0].id),
        ):
            with pytest.raises(PostNotFound):
                await missing

    async def test_comments_are_counted_and_paged_oldest_first(
        self, repositories: Repositories
    ) -> None:
        ada, bob = await repositories.user("ada"), await repositories.user("bob")
        post = await repositories.post(ada)
        written = [
            await repositories.comment(post, author, now=later(seconds))
            for author, seconds in ((ada, 0), (bob, 0), (ada, 5))
        ]
        comments = repositories.posts.comments

        first = await comments(post.id, after=None, limit=2)
        last = first[-1]
        rest = await comments(
            post.id, after=Position(created_at=last.created_at, id=last.id), limit=2
        )

        assert [*first, *rest] == written
        assert [shown.author.username for shown in first] == ["ada", "bob"]
        assert (await repositories.posts.get(post.id)).comment_count == 3
        with pytest.raises(PostNotFound):
            await comments(PostId(99), after=None, limit=2)
        with pytest.raises(PostNotFound):
            await repositories.comment(replace(post, id=PostId(99)), ada)

    async def test_a_user_can_bring_an_id_along(self, repositories: Repositories) -> None:
        owner = User(id=UserId(7_000_000_000), username="owner", password_hash="!", created_at=NOW)

        await asyncio.gather(*(repositories.users.keep(owner) for _ in range(4)))
        await repositories.users.keep(replace(owner, password_hash="another"))

        assert await repositories.users.get(owner.id) == owner

    async def test_a_replaced_avatar_is_purged(self, repositories: Repositories) -> None:
        owner = await repositories.user()
        first, second = [await repositories.with_thumbnails(owner, AVATAR) for _ in range(2)]
        replace_avatar = repositories.users.replace_avatar

        assert await replace_avatar(owner, first.id, deletions=[])
        assert not await replace_avatar(owner, second.id, deletions=[deletion("stale")])
        owner = await repositories.users.get(owner.id)
        assert await replace_avatar(owner, second.id, deletions=[deletion("first")])
        owner = await repositories.users.get(owner.id)
        assert await replace_avatar(owner, None, deletions=[deletion("second")])

        assert await repositories.deletions() == [
            "first",
            *(variant.object_key for variant in first.variants),
            "second",
            *(variant.object_key for variant in second.variants),
        ]
        for media in (first, second):
            with pytest.raises(MediaNotFound):
                await repositories.media.get(media.id)

    async def test_it_says_that_it_answers(self, repositories: Repositories) -> None:
        await repositories.media.check()
