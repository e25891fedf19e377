"""What the in-memory repositories share, so that they can hold one another to their keys."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from mediaport.application.ports.media_repository import ObjectDeletion, with_late_variants
from mediaport.application.ports.remake_repository import Remake
from mediaport.application.ports.shown import Author
from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.application.ports.user_repository import Profile
from mediaport.domain.attachments import Place
from mediaport.domain.errors import NotAuthenticated
from mediaport.domain.media import Media, MediaId
from mediaport.domain.posts import Comment, Post, PostId
from mediaport.domain.users import User, UserId


@dataclass
class MemoryTables:
    """A database in dictionaries.

    Attributes:
        is_down: Set it, and every call fails as an unreachable database does.
    """

    users: dict[UserId, User] = field(default_factory=dict)
    media: dict[MediaId, Media] = field(default_factory=dict)
    posts: dict[PostId, Post] = field(default_factory=dict)
    attachments: dict[Place, MediaId] = field(default_factory=dict)
    likes: dict[tuple[PostId, UserId], datetime] = field(default_factory=dict)
    comments: list[Comment] = field(default_factory=list)
    deletions: dict[int, ObjectDeletion] = field(default_factory=dict)
    deletion_claims: dict[int, datetime] = field(default_factory=dict)
    remakes: dict[int, Remake] = field(default_factory=dict)
    finished_remakes: set[int] = field(default_factory=set)
    completion_claims: dict[MediaId, datetime] = field(default_factory=dict)
    thumbnail_claims: dict[MediaId, datetime] = field(default_factory=dict)
    thumbnail_starts: dict[MediaId, int] = field(default_factory=dict)
    leases: dict[str, datetime] = field(default_factory=dict)
    last_ids: dict[str, int] = field(default_factory=dict)
    is_down: bool = False

    def next_id(self, table: str) -> int:
        """The next id of a table; none is handed out twice."""
        self.last_ids[table] = self.last_ids.get(table, 0) + 1
        return self.last_ids[table]

    def answer(self) -> None:
        """Fail if the database was taken down."""
        if self.is_down:
            raise PartUnavailable("database", "it was taken down")

    def require_user(self, user_id: UserId) -> None:
        """Fail as a foreign key does, if the user was deleted."""
        if user_id not in self.users:
            raise NotAuthenticated.as_deleted()

    def is_shown(self, media_id: MediaId) -> bool:
        """Whether a post, a profile or another place refers to a media item."""
        return (
            any(post.media_id == media_id for post in self.posts.values())
            or any(user.avatar_media_id == media_id for user in self.users.values())
            or media_id in self.attachments.values()
        )

    def write_down(self, deletions: Sequence[ObjectDeletion]) -> None:
        """Keep deletions."""
        for deletion in deletions:
            self.deletions[self.next_id("object_deletions")] = deletion

    def strike_off(self, numbers: Sequence[int]) -> None:
        """Forget deletions and their claims."""
        for number in numbers:
            self.deletions.pop(number, None)
            self.deletion_claims.pop(number, None)

    def unclaimed_deletions(
        self, keys: Sequence[str], *, now: datetime, but_by: datetime | None = None
    ) -> Sequence[int] | None:
        """The numbers of deletions of these keys; None if someone claims one of them.

        A claim that lasts until `but_by` is the caller's own.
        """
        numbers = [
            number for number, deletion in self.deletions.items() if deletion.object_key in keys
        ]
        claims = self.deletion_claims
        if any(
            claims.get(number) != but_by and claims.get(number, now) > now for number in numbers
        ):
            return None
        return numbers

    def forget_post(self, post_id: PostId) -> None:
        """Forget a post with what is under it, if it is there."""
        self.posts.pop(post_id, None)
        self.likes = {like: at for like, at in self.likes.items() if like[0] != post_id}
        self.comments = [each for each in self.comments if each.post_id != post_id]

    def purge(self, media_id: MediaId, deletions: Sequence[ObjectDeletion]) -> None:
        """Forget a media item."""
        variants = self.media.pop(media_id).variants
        self.write_down(with_late_variants(deletions, [variant.object_key for variant in variants]))

    def profile(self, user_id: UserId) -> Profile:
        """A user with their avatar."""
        user = self.users[user_id]
        avatar = None
        if user.avatar_media_id is not None:
            avatar = self.media[MediaId(user.avatar_media_id)]
        return Profile(user=user, avatar=avatar)

    def author(self, user_id: UserId) -> Author:
        """A user as their posts show them."""
        profile = self.profile(user_id)
        return Author.of(profile.user, profile.avatar)
