"""Posts, likes and comments in SQL."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Select, and_, delete, insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from mediaport.adapters.sql.database import Database, insert_once, next_id, violates
from mediaport.adapters.sql.rows import (
    MEDIA_COLUMNS,
    USER_COLUMNS,
    Variants,
    labelled,
    mark_attached,
    purge_media,
    to_media,
    to_user,
    variants_of,
)
from mediaport.adapters.sql.tables import comments as comments_table
from mediaport.adapters.sql.tables import likes, media, users
from mediaport.adapters.sql.tables import posts as table
from mediaport.application.ports.media_repository import ObjectDeletion
from mediaport.application.ports.post_repository import (
    Position,
    PostRepository,
    ShownComment,
    ShownPost,
)
from mediaport.application.ports.user_repository import Profile
from mediaport.domain.errors import MediaAlreadyAttached, MediaNotFound, PostNotFound
from mediaport.domain.posts import Comment, CommentId, Post, PostId
from mediaport.domain.users import UserId

POST_COLUMNS = tuple(field.name for field in fields(Post))
COMMENT_COLUMNS = tuple(field.name for field in fields(Comment))

_avatar = media.alias("avatar")
_PROFILE = [
    *labelled(users, USER_COLUMNS, "user_"),
    *labelled(_avatar, MEDIA_COLUMNS, "avatar_"),
]


class SqlPostRepository(PostRepository):
    """Keeps posts in `posts`, `likes` and `comments`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, make: Callable[[PostId], Post]) -> Post:
        """Keep a new post; the unique key decides which post shows a media item."""
        async with self._database.write() as connection:
            post = make(PostId(await next_id(connection, table)))
            values = {name: getattr(post, name) for name in POST_COLUMNS}
            try:
                await connection.execute(insert(table).values(values))
            except IntegrityError as error:
                if post.media_id is None:
                    raise
                if violates(error, "uq_posts_media_id", columns="posts.media_id"):
                    raise MediaAlreadyAttached(post.media_id) from error
                raise MediaNotFound(post.media_id) from error
            if post.media_id is not None:
                await mark_attached(connection, post.media_id)
        return post

    async def get(self, post_id: PostId) -> Post:
        """The post."""
        statement = select(table).where(table.c.id == post_id)
        async with self._database.read() as connection:
            row = (await connection.execute(statement)).mappings().first()
        if row is None:
            raise PostNotFound(post_id)
        return _to_post(row)

    async def show(self, post_id: PostId, *, viewer: UserId) -> ShownPost:
        """The post as `viewer` sees it."""
        page = select(table).where(table.c.id == post_id)
        async with self._database.read() as connection:
            shown = await _show(connection, page, viewer)
        if not shown:
            raise PostNotFound(post_id)
        return shown[0]

    async def page(
        self, *, viewer: UserId, owner: UserId | None, before: Position | None, limit: int
    ) -> Sequence[ShownPost]:
        """Posts older than `before`: first the page, from an index, then the joins."""
        page = select(table).order_by(table.c.created_at.desc(), table.c.id.desc()).limit(limit)
        if owner is not None:
            page = page.where(table.c.owner_id == owner)
        if before is not None:
            place = tuple_(table.c.created_at, table.c.id)
            page = page.where(place < tuple_(before.created_at, before.id))
        async with self._database.read() as connection:
            return await _show(connection, page, viewer)

    async def delete(self, post: Post, *, deletions: Sequence[ObjectDeletion]) -> None:
        """Forget the post with all that hangs on it."""
        async with self._database.write() as connection:
            await _lock(connection, post.id)
            await connection.execute(delete(likes).where(likes.c.post_id == post.id))
            await connection.execute(
                delete(comments_table).where(comments_table.c.post_id == post.id)
            )
            await connection.execute(delete(table).where(table.c.id == post.id))
            if post.media_id is not None:
                await purge_media(connection, post.media_id, deletions)

    async def like(self, post_id: PostId, *, by: UserId, now: datetime) -> int:
        """Count one like per user."""
        like = {"post_id": post_id, "user_id": by, "created_at": now}
        async with self._database.write() as connection:
            await _lock(connection, post_id)
            added = await insert_once(connection, likes, like)
            return await _add_likes(connection, post_id, int(added))

    async def unlike(self, post_id: PostId, *, by: UserId) -> int:
        """Take a like back."""
        like = delete(likes).where(likes.c.post_id == post_id, likes.c.user_id == by)
        async with self._database.write() as connection:
            await _lock(connection, post_id)
            removed = (await connection.execute(like)).rowcount
            return await _add_likes(connection, post_id, -removed)

    async def add_comment(
        self, post_id: PostId, make: Callable[[CommentId], Comment]
    ) -> ShownComment:
        """Keep a new comment and count it."""
        count = (
            update(table)
            .where(table.c.id == post_id)
            .values(comment_count=table.c.comment_count + 1)
        )
        async with self._database.write() as connection:
            if (await connection.execute(count)).rowcount == 0:
                raise PostNotFound(post_id)
            comment = make(CommentId(await next_id(connection, comments_table)))
            values = {name: getattr(comment, name) for name in COMMENT_COLUMNS}
            await connection.execute(insert(comments_table).values(values))
        added = select(comments_table).where(comments_table.c.id == comment.id)
        async with self._database.read() as connection:
            shown = await _show_comments(connection, added)
        if not shown:
            raise PostNotFound(post_id)  # Deleted a moment ago.
        return shown[0]

    async def comments(
        self, post_id: PostId, *, after: Position | None, limit: int
    ) -> Sequence[ShownComment]:
        """Comments younger than `after`, oldest first."""
        page = (
            select(comments_table)
            .where(comments_table.c.post_id == post_id)
            .order_by(comments_table.c.created_at, comments_table.c.id)
            .limit(limit)
        )
        if after is not None:
            place = tuple_(comments_table.c.created_at, comments_table.c.id)
            page = page.where(place > tuple_(after.created_at, after.id))
        async with self._database.read() as connection:
            exists = await connection.scalar(select(table.c.id).where(table.c.id == post_id))
            if exists is None:
                raise PostNotFound(post_id)
            return await _show_comments(connection, page)


async def _lock(connection: AsyncConnection, post_id: PostId) -> None:
    """Keep likes, comments and the deletion of one post in line; posts before all else.

    Raises:
        PostNotFound: There is no such post.
    """
    lock = select(table.c.id).where(table.c.id == post_id).with_for_update()
    if (await connection.execute(lock)).first() is None:
        raise PostNotFound(post_id)


async def _add_likes(connection: AsyncConnection, post_id: PostId, change: int) -> int:
    statement = (
        update(table)
        .where(table.c.id == post_id)
        .values(like_count=table.c.like_count + change)
        .returning(table.c.like_count)
    )
    count: int = (await connection.execute(statement)).scalar_one()
    return count


async def _show(connection: AsyncConnection, page: Select[Any], viewer: UserId) -> list[ShownPost]:
    posts = page.subquery("page")
    liked = and_(likes.c.post_id == posts.c.id, likes.c.user_id == viewer)
    statement = (
        select(
            posts,
            *_PROFILE,
            *labelled(media, MEDIA_COLUMNS, "media_of_"),
            likes.c.user_id.is_not(None).label("liked_by_me"),
        )
        .select_from(
            posts.join(users, users.c.id == posts.c.owner_id)
            .outerjoin(_avatar, _avatar.c.id == users.c.avatar_media_id)
            .outerjoin(media, media.c.id == posts.c.media_id)
            .outerjoin(likes, liked)
        )
        .order_by(posts.c.created_at.desc(), posts.c.id.desc())
    )
    rows = (await connection.execute(statement)).mappings().all()
    variants = await variants_of(connection, _ids(rows, "media_of_id", "avatar_id"))
    return [
        ShownPost(
            post=_to_post(row),
            owner=_to_profile(row, variants),
            media=to_media(row, variants, "media_of_") if row["media_of_id"] else None,
            liked_by_me=bool(row["liked_by_me"]),
        )
        for row in rows
    ]


async def _show_comments(connection: AsyncConnection, page: Select[Any]) -> list[ShownComment]:
    comments = page.subquery("page")
    statement = (
        select(comments, *_PROFILE)
        .select_from(
            comments.join(users, users.c.id == comments.c.author_id).outerjoin(
                _avatar, _avatar.c.id == users.c.avatar_media_id
            )
        )
        .order_by(comments.c.created_at, comments.c.id)
    )
    rows = (await connection.execute(statement)).mappings().all()
    variants = await variants_of(connection, _ids(rows, "avatar_id"))
    return [
        ShownComment(
            comment=Comment(**{name: row[name] for name in COMMENT_COLUMNS}),
            author=_to_profile(row, variants),
        )
        for row in rows
    ]


def _ids(rows: Sequence[RowMapping], *columns: str) -> list[int]:
    found = {row[column] for row in rows for column in columns}
    return [media_id for media_id in found if media_id is not None]


def _to_post(row: RowMapping) -> Post:
    return Post(**{name: row[name] for name in POST_COLUMNS})


def _to_profile(row: RowMapping, variants: Variants) -> Profile:
    avatar = to_media(row, variants, "avatar_") if row["avatar_id"] else None
    return Profile(user=to_user(row, "user_"), avatar=avatar)
