"""What users have, in SQL."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, Table, delete, func, select, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from mediaport.adapters.sql import tables
from mediaport.adapters.sql.database import Database
from mediaport.adapters.sql.post_repository import COMMENT_COLUMNS, POST_COLUMNS
from mediaport.adapters.sql.rows import (
    columns_of,
    lock_in_order,
    media_columns,
    purge_media,
    require_unposted,
    to_media,
)
from mediaport.application.ports.belongings import Belongings, Counts, Like
from mediaport.application.ports.media_repository import ObjectDeletion
from mediaport.application.ports.post_repository import Position
from mediaport.domain.errors import MediaStillShown
from mediaport.domain.media import Media
from mediaport.domain.posts import Comment, CommentId, Post, PostId
from mediaport.domain.users import UserId


class SqlBelongings(Belongings):
    """Reads and empties what refers to a row of `users`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def counts(self, user_id: UserId) -> Counts:
        """How much there is, each counted by an index."""

        def under_theirs(table: Table, by: ColumnElement[int]) -> Select[Any]:
            both = table.join(tables.posts, tables.posts.c.id == table.c.post_id)
            is_anothers = tables.posts.c.owner_id == user_id, by != user_id
            return select(func.count()).select_from(both).where(*is_anothers)

        counted = {
            "posts": select(func.count()).where(tables.posts.c.owner_id == user_id),
            "comments": select(func.count()).where(tables.comments.c.author_id == user_id),
            "likes": select(func.count()).where(tables.likes.c.user_id == user_id),
            "media": select(func.count()).where(tables.media.c.owner_id == user_id),
            "comments_of_others": under_theirs(tables.comments, tables.comments.c.author_id),
            "likes_of_others": under_theirs(tables.likes, tables.likes.c.user_id),
        }
        statement = select(*(each.scalar_subquery().label(name) for name, each in counted.items()))
        async with self._database.read() as connection:
            return Counts(**(await connection.execute(statement)).mappings().one())

    async def posts(self, user_id: UserId, *, after: Position | None, limit: int) -> Sequence[Post]:
        """Their posts, oldest first."""
        page = _page(tables.posts, columns_of(tables.posts, POST_COLUMNS), user_id, after).limit(
            limit
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(page)).all()
        values = [dict(zip(POST_COLUMNS, row, strict=True)) for row in rows]
        return msgspec.convert(values, list[Post])

    async def media(
        self, user_id: UserId, *, after: Position | None, limit: int
    ) -> Sequence[Media]:
        """Their media, oldest first."""
        page = _page(tables.media, media_columns(), user_id, after).limit(limit)
        async with self._database.read() as connection:
            return [to_media(row) for row in await connection.execute(page)]

    async def comments(self, user_id: UserId, *, after: CommentId, limit: int) -> Sequence[Comment]:
        """Their comments, by id."""
        page = (
            select(*columns_of(tables.comments, COMMENT_COLUMNS))
            .where(tables.comments.c.author_id == user_id, tables.comments.c.id > after)
            .order_by(tables.comments.c.id)
            .limit(limit)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(page)).all()
        values = [dict(zip(COMMENT_COLUMNS, row, strict=True)) for row in rows]
        return msgspec.convert(values, list[Comment])

    async def likes(self, user_id: UserId, *, after: PostId, limit: int) -> Sequence[Like]:
        """Their likes, by post."""
        page = (
            select(tables.likes.c.post_id, tables.likes.c.created_at)
            .where(tables.likes.c.user_id == user_id, tables.likes.c.post_id > after)
            .order_by(tables.likes.c.post_id)
            .limit(limit)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(page)).all()
        return [Like(post_id=PostId(row.post_id), created_at=row.created_at) for row in rows]

    async def take_back_likes(self, user_id: UserId, *, limit: int) -> int:
        """Take likes back, under a lock on their posts."""
        theirs = tables.likes.c.user_id == user_id
        chosen = (
            select(tables.likes.c.post_id)
            .where(theirs)
            .order_by(tables.likes.c.post_id)
            .limit(limit)
        )
        async with self._database.write() as connection:
            ids = (await connection.scalars(chosen)).all()
            await lock_in_order(connection, tables.posts, ids)
            gone = delete(tables.likes).where(theirs, tables.likes.c.post_id.in_(ids))
            post_ids = (await connection.scalars(gone.returning(tables.likes.c.post_id))).all()
            await _count_off(connection, "like_count", post_ids)
        return len(ids)

    async def take_back_comments(self, user_id: UserId, *, limit: int) -> int:
        """Forget comments, under a lock on their posts."""
        chosen = (
            select(tables.comments.c.id, tables.comments.c.post_id)
            .where(tables.comments.c.author_id == user_id)
            .order_by(tables.comments.c.id)
            .limit(limit)
        )
        async with self._database.write() as connection:
            found = (await connection.execute(chosen)).all()
            await lock_in_order(connection, tables.posts, {row.post_id for row in found})
            gone = delete(tables.comments).where(
                tables.comments.c.id.in_([row.id for row in found])
            )
            post_ids = (await connection.scalars(gone.returning(tables.comments.c.post_id))).all()
            await _count_off(connection, "comment_count", post_ids)
        return len(found)

    async def thin_out(self, post_id: PostId, *, limit: int) -> int:
        """Forget some of what is under a post, under a lock on it."""
        removed = 0
        async with self._database.write() as connection:
            await lock_in_order(connection, tables.posts, [post_id])
            for table, key, counter in (
                (tables.likes, tables.likes.c.user_id, "like_count"),
                (tables.comments, tables.comments.c.id, "comment_count"),
            ):
                some = select(key).where(table.c.post_id == post_id).limit(limit)
                gone = delete(table).where(table.c.post_id == post_id, key.in_(some))
                count = (await connection.execute(gone)).rowcount
                await _count_off(connection, counter, [post_id] * count)
                removed += count
        return removed

    async def purge_posts(self, posts: Sequence[Post], *, now: datetime) -> None:
        """Forget posts: they are locked first, so nothing comes under them meanwhile."""
        ids = [post.id for post in posts]
        async with self._database.write() as connection:
            await lock_in_order(connection, tables.posts, ids)
            for table in (tables.likes, tables.comments):
                await connection.execute(delete(table).where(table.c.post_id.in_(ids)))
            gone = (
                delete(tables.posts)
                .where(tables.posts.c.id.in_(ids))
                .returning(tables.posts.c.media_id)
            )
            shown = [each for each in await connection.scalars(gone) if each is not None]
            await lock_in_order(connection, tables.media, shown)
            free = (
                update(tables.media)
                .where(tables.media.c.id.in_(shown))
                .values(unattached_since=now)
            )
            await connection.execute(free)

    async def empty_places(self, user_id: UserId, *, limit: int) -> int:
        """Let places show nothing, under a lock on what they show."""
        shown = (
            select(tables.attachments.c.media_id)
            .join(tables.media, tables.media.c.id == tables.attachments.c.media_id)
            .where(tables.media.c.owner_id == user_id)
            .limit(limit)
        )
        async with self._database.write() as connection:
            ids = (await connection.scalars(shown)).all()
            await lock_in_order(connection, tables.media, ids)
            places = tables.attachments.c.media_id.in_(ids)
            await connection.execute(delete(tables.attachments).where(places))
        return len(ids)

    async def purge_media(
        self, media: Sequence[Media], *, deletions: Sequence[ObjectDeletion]
    ) -> bool:
        """Forget media; the foreign keys keep what is shown."""
        ids = [each.id for each in media]
        try:
            async with self._database.write() as connection:
                await require_unposted(connection, ids)
                await purge_media(connection, ids, deletions)
        except (IntegrityError, MediaStillShown):
            return False
        return True

    async def close_account(self, user_id: UserId) -> bool:
        """Forget the user; the foreign keys know whether anything is left."""
        try:
            async with self._database.write() as connection:
                # First, as whoever adds media locks it first: so neither waits for the other.
                usage = delete(tables.media_usage).where(tables.media_usage.c.owner_id == user_id)
                await connection.execute(usage)
                await connection.execute(delete(tables.users).where(tables.users.c.id == user_id))
        except IntegrityError:
            return False
        return True


def _page(
    table: Table, columns: Sequence[Any], user_id: UserId, after: Position | None
) -> Select[Any]:
    page = select(*columns).where(table.c.owner_id == user_id)
    if after is not None:
        place = tuple_(table.c.created_at, table.c.id)
        page = page.where(place > tuple_(after.created_at, after.id))
    return page.order_by(table.c.created_at, table.c.id)


async def _count_off(connection: AsyncConnection, counter: str, post_ids: Sequence[int]) -> None:
    """Make a counter of posts smaller, by how often each is named."""
    by_count: dict[int, list[int]] = {}
    for post_id, count in Counter(post_ids).items():
        by_count.setdefault(count, []).append(post_id)
    for count, ids in by_count.items():
        fewer = {counter: tables.posts.c[counter] - count}
        await connection.execute(
            update(tables.posts).where(tables.posts.c.id.in_(ids)).values(fewer)
        )
