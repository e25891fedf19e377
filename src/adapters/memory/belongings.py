"""What users have, in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from mediaport.adapters.memory.tables import MemoryTables
from mediaport.application.ports.belongings import Belongings, Counts, Like
from mediaport.application.ports.media_repository import ObjectDeletion, with_late_variants
from mediaport.application.ports.post_repository import Position
from mediaport.domain.media import Media
from mediaport.domain.posts import Comment, CommentId, Post, PostId
from mediaport.domain.users import UserId

Dated = TypeVar("Dated", Post, Media)


class MemoryBelongings(Belongings):
    """Reads and empties `MemoryTables`."""

    def __init__(self, tables: MemoryTables) -> None:
        self._tables = tables

    async def counts(self, user_id: UserId) -> Counts:
        """How much there is."""
        self._tables.answer()
        posts = [post.id for post in self._tables.posts.values() if post.owner_id == user_id]
        comments, likes = self._tables.comments, self._tables.likes
        of_others = [each for each in comments if each.author_id != user_id]
        return Counts(
            posts=len(posts),
            comments=len(comments) - len(of_others),
            likes=sum(by == user_id for _, by in likes),
            media=sum(each.owner_id == user_id for each in self._tables.media.values()),
            comments_of_others=sum(each.post_id in posts for each in of_others),
            likes_of_others=sum(post_id in posts and by != user_id for post_id, by in likes),
        )

    async def posts(self, user_id: UserId, *, after: Position | None, limit: int) -> Sequence[Post]:
        """Their posts, oldest first."""
        self._tables.answer()
        theirs = [post for post in self._tables.posts.values() if post.owner_id == user_id]
        return _page(theirs, after, limit)

    async def media(
        self, user_id: UserId, *, after: Position | None, limit: int
    ) -> Sequence[Media]:
        """Their media, oldest first."""
        self._tables.answer()
        theirs = [each for each in self._tables.media.values() if each.owner_id == user_id]
        return _page(theirs, after, limit)

    async def comments(self, user_id: UserId, *, after: CommentId, limit: int) -> Sequence[Comment]:
        """Their comments, by id."""
        self._tables.answer()
        theirs = [
            each for each in self._tables.comments if each.author_id == user_id and each.id > after
        ]
        return sorted(theirs, key=lambda each: each.id)[:limit]

    async def likes(self, user_id: UserId, *, after: PostId, limit: int) -> Sequence[Like]:
        """Their likes, by post."""
        self._tables.answer()
        theirs = sorted(
            (post_id, at)
            for (post_id, by), at in self._tables.likes.items()
            if by == user_id and post_id > after
        )
        return [Like(post_id=post_id, created_at=at) for post_id, at in theirs[:limit]]

    async def take_back_likes(self, user_id: UserId, *, limit: int) -> int:
        """Take likes back."""
        chosen = await self.likes(user_id, after=PostId(0), limit=limit)
        self._forget(likes=[(like.post_id, user_id) for like in chosen])
        return len(chosen)

    async def take_back_comments(self, user_id: UserId, *, limit: int) -> int:
        """Forget comments."""
        chosen = await self.comments(user_id, after=CommentId(0), limit=limit)
        self._forget(comments=chosen)
        return len(chosen)

    async def thin_out(self, post_id: PostId, *, limit: int) -> int:
        """Forget some of what is under a post."""
        self._tables.answer()
        likes = [like for like in self._tables.likes if like[0] == post_id][:limit]
        comments = [each for each in self._tables.comments if each.post_id == post_id][:limit]
        self._forget(likes=likes, comments=comments)
        return len(likes) + len(comments)

    async def purge_posts(self, posts: Sequence[Post], *, now: datetime) -> None:  # noqa: ARG002 - here, what nothing shows counts from when it was ready
        """Forget posts."""
        self._tables.answer()
        for post in posts:
            self._tables.forget_post(post.id)

    async def empty_places(self, user_id: UserId, *, limit: int) -> int:
        """Let places show nothing."""
        self._tables.answer()
        media, places = self._tables.media, self._tables.attachments
        theirs = [place for place, shown in places.items() if media[shown].owner_id == user_id]
        for place in theirs[:limit]:
            del places[place]
        return len(theirs[:limit])

    async def purge_media(
        self, media: Sequence[Media], *, deletions: Sequence[ObjectDeletion]
    ) -> bool:
        """Forget media, all or none."""
        self._tables.answer()
        if any(self._tables.is_shown(each.id) for each in media):
            return False
        gone = [self._tables.media.pop(each.id, each) for each in media]
        keys = [variant.object_key for each in gone for variant in each.variants]
        self._tables.write_down(with_late_variants(deletions, keys))
        return True

    async def close_account(self, user_id: UserId) -> bool:
        """Forget the user."""
        counts = await self.counts(user_id)
        if counts.posts or counts.comments or counts.likes or counts.media:
            return False
        self._tables.users.pop(user_id, None)
        return True

    def _forget(
        self, *, likes: Sequence[tuple[PostId, UserId]] = (), comments: Sequence[Comment] = ()
    ) -> None:
        tables = self._tables
        for post_id, by in likes:
            del tables.likes[post_id, by]
            post = tables.posts[post_id]
            tables.posts[post_id] = replace(post, like_count=post.like_count - 1)
        for comment in comments:
            tables.comments.remove(comment)
            post = tables.posts[comment.post_id]
            tables.posts[post.id] = replace(post, comment_count=post.comment_count - 1)


def _page(items: list[Dated], after: Position | None, limit: int) -> list[Dated]:
    found = [
        each
        for each in items
        if after is None or (each.created_at, each.id) > (after.created_at, after.id)
    ]
    return sorted(found, key=lambda each: (each.created_at, each.id))[:limit]
