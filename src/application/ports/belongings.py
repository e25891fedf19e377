"""All that is one user's, wherever it is: to hand it out, and to take it away."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mediaport.application.ports.media_repository import ObjectDeletion
from mediaport.application.ports.post_repository import Position
from mediaport.domain.media import Media
from mediaport.domain.posts import Comment, CommentId, Post, PostId
from mediaport.domain.users import UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How much there is of a user, and of others under their posts."""

    posts: int
    comments: int
    likes: int
    media: int
    comments_of_others: int
    likes_of_others: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Like:
    """A user's like of a post."""

    post_id: PostId
    created_at: datetime


class Belongings(Protocol):
    """What users have. Each method is one transaction, and a short one: `limit` bounds it.

    Every method raises `PartUnavailable` when the database does not answer.
    """

    @abstractmethod
    async def counts(self, user_id: UserId) -> Counts:
        """How much there is."""
        ...

    @abstractmethod
    async def posts(self, user_id: UserId, *, after: Position | None, limit: int) -> Sequence[Post]:
        """Their posts younger than `after`, oldest first."""
        ...

    @abstractmethod
    async def media(
        self, user_id: UserId, *, after: Position | None, limit: int
    ) -> Sequence[Media]:
        """Their media of every status, with their variants, younger than `after`, oldest first."""
        ...

    @abstractmethod
    async def comments(self, user_id: UserId, *, after: CommentId, limit: int) -> Sequence[Comment]:
        """Their comments, wherever they are, by id."""
        ...

    @abstractmethod
    async def likes(self, user_id: UserId, *, after: PostId, limit: int) -> Sequence[Like]:
        """Their likes, by the id of the post."""
        ...

    @abstractmethod
    async def take_back_likes(self, user_id: UserId, *, limit: int) -> int:
        """Take likes of theirs back, and count them off; how many were found."""
        ...

    @abstractmethod
    async def take_back_comments(self, user_id: UserId, *, limit: int) -> int:
        """Forget comments of theirs, and count them off; how many were found."""
        ...

    @abstractmethod
    async def thin_out(self, post_id: PostId, *, limit: int) -> int:
        """Forget likes and comments under a post, some of each, and count them off; how many."""
        ...

    @abstractmethod
    async def purge_posts(self, posts: Sequence[Post], *, now: datetime) -> None:
        """Forget posts with what is under them. Nothing shows their media from `now` on."""
        ...

    @abstractmethod
    async def empty_places(self, user_id: UserId, *, limit: int) -> int:
        """Let places show nothing that show media of theirs; how many were found."""
        ...

    @abstractmethod
    async def purge_media(
        self, media: Sequence[Media], *, deletions: Sequence[ObjectDeletion]
    ) -> bool:
        """Forget media and their variants, and write `deletions` down.

        Those of variants that came after `deletions` were planned are written down with them.
        False, and nothing changed, if a post, a profile or another place refers to one of them.
        """
        ...

    @abstractmethod
    async def close_account(self, user_id: UserId) -> bool:
        """Forget the user; False, and nothing changed, if anything of theirs is left."""
        ...
