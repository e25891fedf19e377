"""Where posts, likes and comments are kept."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from mediaport.application.ports.media_repository import ObjectDeletion
from mediaport.application.ports.shown import ShownComment, ShownPost
from mediaport.domain.posts import Comment, CommentId, Post, PostId
from mediaport.domain.users import UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A place in a list ordered by time, then id: the last item that was shown."""

    created_at: datetime
    id: int


@runtime_checkable  # HTTP handlers ask for it by its type
class PostRepository(Protocol):
    """Posts with their likes and comments. Each method is one transaction.

    Every method raises `PartUnavailable` when the database does not answer.
    """

    @abstractmethod
    async def add(self, make: Callable[[PostId], Post]) -> Post:
        """Keep a new post, made by `make` from the next id.

        Raises:
            MediaAlreadyAttached: Another post shows its media.
            MediaNotFound: Its media was deleted meanwhile.
            NotAuthenticated: Its owner was.
        """
        ...

    @abstractmethod
    async def get(self, post_id: PostId) -> Post:
        """The post.

        Raises:
            PostNotFound: There is none.
        """
        ...

    @abstractmethod
    async def show(self, post_id: PostId, *, viewer: UserId) -> ShownPost:
        """The post as `viewer` sees it.

        Raises:
            PostNotFound: There is none.
        """
        ...

    @abstractmethod
    async def page(
        self, *, viewer: UserId, owner: UserId | None, before: Position | None, limit: int
    ) -> Sequence[ShownPost]:
        """Posts older than `before`, newest first: of everyone, or of one owner."""
        ...

    @abstractmethod
    async def delete(self, post: Post, *, deletions: Sequence[ObjectDeletion]) -> None:
        """Forget the post, its likes and comments, and purge its media.

        `deletions` are those of its media.

        Raises:
            PostNotFound: It is gone already.
        """
        ...

    @abstractmethod
    async def like(self, post_id: PostId, *, by: UserId, now: datetime) -> int:
        """Count one like per user, however often; answer how many there are.

        Raises:
            PostNotFound: There is no such post.
            NotAuthenticated: The user was deleted meanwhile.
        """
        ...

    @abstractmethod
    async def unlike(self, post_id: PostId, *, by: UserId) -> int:
        """Take a like back, if there is one; answer how many there are.

        Raises:
            PostNotFound: There is no such post.
        """
        ...

    @abstractmethod
    async def add_comment(
        self, post_id: PostId, make: Callable[[CommentId], Comment]
    ) -> ShownComment:
        """Keep a new comment, made by `make` from the next id, and count it.

        Raises:
            PostNotFound: There is no such post.
            NotAuthenticated: Its author was deleted meanwhile.
        """
        ...

    @abstractmethod
    async def comments(
        self, post_id: PostId, *, after: Position | None, limit: int
    ) -> Sequence[ShownComment]:
        """Comments younger than `after`, oldest first.

        Raises:
            PostNotFound: There is no such post.
        """
        ...
