"""Posts, likes and comments in SQL."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from functools import cache, partial
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    and_,
    bindparam,
    delete,
    insert,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from mediaport.adapters.sql.database import Database, insert_once, next_id, violates
from mediaport.adapters.sql.failures import VIOLATIONS, in_the_name_of_a_user
from mediaport.adapters.sql.rows import (
    AVATAR,
    columns_of,
    mark_attached,
    profiles,
    purge_media,
)
from mediaport.adapters.sql.shown import (
    comment_columns,
    post_columns,
    to_known_post,
    to_shown_comment,
    to_shown_post,
)
from mediaport.adapters.sql.statements import Statement, written_out
from mediaport.adapters.sql.tables import comments as comments_table
from mediaport.adapters.sql.tables import likes, media, users
from mediaport.adapters.sql.tables import posts as table
from mediaport.adapters.sql.types import Id, UtcDateTime
from mediaport.application.ports.media_repository import ObjectDeletion
from mediaport.application.ports.post_repository import Position, PostRepository
from mediaport.application.ports.shown import ShownComment, ShownPost
from mediaport.domain.errors import (
    MediaAlreadyAttached,
    MediaNotFound,
    NotAuthenticated,
    PostNotFound,
)
from mediaport.domain.posts import Comment, CommentId, Post, PostId
from mediaport.domain.users import UserId

POST_COLUMNS = tuple(field.name for field in fields(Post))
COMMENT_COLUMNS = tuple(field.name for field in fields(Comment))

_VIEWER = bindparam("viewer", type_=Id)


def _beside(
    table: FromClause, name: str, on: Callable[[FromClause], ColumnElement[bool]], *, by_key: bool
) -> tuple[FromClause, ColumnElement[bool]]:
    """A table to join, and on what. By key, PostgreSQL has no choice but to look each row up.

    Else it may read and sort all of a table that is small, or all that the viewer ever liked.
    SQLite has no LATERAL, and looks each row up anyway.
    """
    if by_key:
        return select(table).where(on(table)).limit(written_out(1)).lateral(name), true()
    alias = table.alias(name)
    return alias, on(alias)


def _shown(page: Select[Any], *, by_key: bool) -> Select[Any]:
    """Posts with all that a viewer sees of them. The page comes first, from an index."""
    posts, beside = page.subquery("page"), partial(_beside, by_key=by_key)
    owner, is_owner = beside(users, "owner", lambda it: it.c.id == posts.c.owner_id)
    avatar, is_avatar = beside(media, "avatar", lambda it: it.c.id == owner.c.avatar_media_id)
    picture, is_picture = beside(media, "picture", lambda it: it.c.id == posts.c.media_id)
    liked, is_liked = beside(
        likes,
        "liked",
        lambda it: and_(it.c.post_id == posts.c.id, it.c.user_id == _VIEWER),
    )
    columns = post_columns(posts, liked.c.user_id.is_not(None), owner, avatar, picture)
    shown = select(*columns).select_from(
        posts.join(owner, is_owner)
        .outerjoin(avatar, is_avatar)
        .outerjoin(picture, is_picture)
        .outerjoin(liked, is_liked)
    )
    return shown.order_by(posts.c.created_at.desc(), posts.c.id.desc())


@cache
def _page(limit: int, *, of_owner: bool, goes_on: bool) -> Statement:
    """A page of the feed; the limit is written out, for a plan that goes by it."""
    newest = table.c.created_at.desc(), table.c.id.desc()
    page = select(table).order_by(*newest).limit(written_out(limit))
    if of_owner:
        page = page.where(table.c.owner_id == bindparam("owner"))
    if goes_on:
        place = tuple_(bindparam("created_at", type_=UtcDateTime()), bindparam("id", type_=Id))
        page = page.where(tuple_(table.c.created_at, table.c.id) < place)
    return Statement(_shown(page, by_key=True), plain=_shown(page, by_key=False))


_one = select(table).where(table.c.id == bindparam("post_id"))
_SHOW = Statement(
    _shown(_one, by_key=True).order_by(None), plain=_shown(_one, by_key=False).order_by(None)
)
_GET = Statement(select(*columns_of(table, POST_COLUMNS)).where(table.c.id == bindparam("post_id")))
_values = [bindparam(name, type_=table.c[name].type) for name in POST_COLUMNS]
_added = insert(table).values(dict(zip(POST_COLUMNS, _values, strict=True)))
# Attached and kept from the sweep at once. The key is taken first, as by whoever else attaches it.
_post = _added.returning(table.c.media_id).cte("post")
_ADD = Statement(
    update(media)
    .where(media.c.id == select(_post.c.media_id).scalar_subquery())
    .values(unattached_since=None)
)


class SqlPostRepository(PostRepository):
    """Keeps posts in `posts`, `likes` and `comments`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, make: Callable[[PostId], Post]) -> Post:
        """Keep a new post; the unique key decides which post shows a media item."""
        if self._database.is_sqlite:
            async with self._database.write() as connection:
                post = make(PostId(await next_id(connection, table)))
                with _attaching(post):
                    await connection.execute(_added, _post_values(post))
                if post.media_id is not None:
                    await mark_attached(connection, post.media_id)
        else:
            post = make(PostId(await self._database.new_id(table)))
            with _attaching(post):
                await self._database.run(_ADD, **_post_values(post))
        return post

    async def get(self, post_id: PostId) -> Post:
        """The post."""
        rows = await self._database.run(_GET, post_id=post_id)
        if not rows:
            raise PostNotFound(post_id)
        return _to_post(rows[0])

    async def show(self, post_id: PostId, *, viewer: UserId) -> ShownPost:
        """The post as `viewer` sees it."""
        rows = await self._database.run(_SHOW, post_id=post_id, viewer=viewer)
        if not rows:
            raise PostNotFound(post_id)
        return to_shown_post(rows[0])

    async def page(
        self, *, viewer: UserId, owner: UserId | None, before: Position | None, limit: int
    ) -> Sequence[ShownPost]:
        """Posts older than `before`."""
        values: dict[str, Any] = {"viewer": viewer}
        if owner is not None:
            values["owner"] = owner
        if before is not None:
            values |= {"created_at": before.created_at, "id": before.id}
        statement = _page(limit, of_owner=owner is not None, goes_on=before is not None)
        to_post = to_known_post if before is None else to_shown_post
        return [to_post(row) for row in await self._database.run(statement, **values)]

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
                await purge_media(connection, [post.media_id], deletions)

    async def like(self, post_id: PostId, *, by: UserId, now: datetime) -> int:
        """Count one like per user."""
        like = {"post_id": post_id, "user_id": by, "created_at": now}
        async with self._database.write() as connection:
            await _lock(connection, post_id)
            with in_the_name_of_a_user():
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
            with in_the_name_of_a_user():
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


async def _show_comments(connection: AsyncConnection, page: Select[Any]) -> list[ShownComment]:
    comments = page.subquery("page")
    statement = (
        select(*comment_columns(comments, users, AVATAR))
        .select_from(profiles(comments, comments.c.author_id))
        .order_by(comments.c.created_at, comments.c.id)
    )
    return [to_shown_comment(row) for row in await connection.execute(statement)]


@contextmanager
def _attaching(post: Post) -> Iterator[None]:
    """What the keys say against a new post, as the port says it."""
    try:
        yield
    except VIOLATIONS as error:
        if post.media_id is None or "fk_posts_owner_id" in str(error):
            raise NotAuthenticated.as_deleted() from error
        if violates(error, "uq_posts_media_id", columns="posts.media_id"):
            raise MediaAlreadyAttached(post.media_id) from error
        raise MediaNotFound(post.media_id) from error


def _post_values(post: Post) -> dict[str, Any]:
    return {name: getattr(post, name) for name in POST_COLUMNS}


def _to_post(row: Sequence[Any]) -> Post:
    return msgspec.convert(dict(zip(POST_COLUMNS, row, strict=False)), Post)
