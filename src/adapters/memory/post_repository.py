"""Posts, likes and comments in memory."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from mediaport.adapters.memory.tables import MemoryTables
from mediaport.application.ports.media_repository import ObjectDeletion
from mediaport.application.ports.post_repository import Position, PostRepository
from mediaport.application.ports.shown import ShownComment, ShownPost
from mediaport.domain.errors import MediaAlreadyAttached, MediaNotFound, PostNotFound
from mediaport.domain.posts import Comment, CommentId, Post, PostId
from mediaport.domain.users import UserId


class MemoryPostRepository(PostRepository):
    """Keeps posts in `MemoryTables`."""

    def __init__(self, tables: MemoryTables) -> None:
        self._tables = tables

    async def add(self, make: Callable[[PostId], Post]) -> Post:
        """Keep a new post."""
        self._tables.answer()
        post = make(PostId(self._tables.next_id("posts")))
        self._tables.require_user(post.owner_id)
        if post.media_id is not None:
            if post.media_id not in self._tables.media:
                raise MediaNotFound(post.media_id)
            if any(other.media_id == post.media_id for other in self._tables.posts.values()):
                raise MediaAlreadyAttached(post.media_id)
        self._tables.posts[post.id] = post
        return post

    async def get(self, post_id: PostId) -> Post:
        """The post."""
        self._tables.answer()
        if post_id not in self._tables.posts:
            raise PostNotFound(post_id)
        return self._tables.posts[post_id]

    async def show(self, post_id: PostId, *, viewer: UserId) -> ShownPost:
        """The post as `viewer` sees it."""
        post = await self.get(post_id)
        return ShownPost.of(
            post,
            owner=self._tables.author(post.owner_id),
            media=None if post.media_id is None else self._tables.media[post.media_id],
            liked_by_me=(post_id, viewer) in self._tables.likes,
        )

    async def page(
        self, *, viewer: UserId, owner: UserId | None, before: Position | None, limit: int
    ) -> Sequence[ShownPost]:
        """Posts older than `before`, newest first."""
        self._tables.answer()
        posts = [
            post
            for post in self._tables.posts.values()
            if (owner is None or post.owner_id == owner)
            and (before is None or (post.created_at, post.id) < (before.created_at, before.id))
        ]
        posts.sort(key=lambda post: (post.created_at, post.id), reverse=True)
        return [await self.show(post.id, viewer=viewer) for post in posts[:limit]]

    async def delete(self, post: Post, *, deletions: Sequence[ObjectDeletion]) -> None:
        """Forget the post and purge its media."""
        await self.get(post.id)
        self._tables.forget_post(post.id)
        if post.media_id is not None:
            self._tables.purge(post.media_id, deletions)

    async def like(self, post_id: PostId, *, by: UserId, now: datetime) -> int:
        """Count one like per user."""
        await self.get(post_id)
        self._tables.require_user(by)
        self._tables.likes.setdefault((post_id, by), now)
        return self._recount(post_id)

    async def unlike(self, post_id: PostId, *, by: UserId) -> int:
        """Take a like back."""
        await self.get(post_id)
        self._tables.likes.pop((post_id, by), None)
        return self._recount(post_id)

    def _recount(self, post_id: PostId) -> int:
        likes = sum(like[0] == post_id for like in self._tables.likes)
        post = self._tables.posts[post_id]
        self._tables.posts[post_id] = replace(post, like_count=likes)
        return likes

    async def add_comment(
        self, post_id: PostId, make: Callable[[CommentId], Comment]
    ) -> ShownComment:
        """Keep a new comment."""
        post = await self.get(post_id)
        comment = make(CommentId(self._tables.next_id("comments")))
        self._tables.require_user(comment.author_id)
        self._tables.comments.append(comment)
        self._tables.posts[post_id] = replace(post, comment_count=post.comment_count + 1)
        return ShownComment.of(comment, author=self._tables.author(comment.author_id))

    async def comments(
        self, post_id: PostId, *, after: Position | None, limit: int
    ) -> Sequence[ShownComment]:
        """Comments younger than `after`, oldest first."""
        await self.get(post_id)
        comments = [
            comment
            for comment in self._tables.comments
            if comment.post_id == post_id
            and (after is None or (comment.created_at, comment.id) > (after.created_at, after.id))
        ]
        comments.sort(key=lambda comment: (comment.created_at, comment.id))
        return [
            ShownComment.of(comment, author=self._tables.author(comment.author_id))
            for comment in comments[:limit]
        ]
