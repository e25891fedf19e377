"""What a database holds, seen past all ports: of a real one and of the one in memory."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update

from mediaport.adapters.memory.tables import MemoryTables
from mediaport.adapters.sql import tables
from mediaport.adapters.sql.database import Database
from mediaport.adapters.sql.rows import media_columns, to_media
from mediaport.domain.media import Media, MediaId
from mediaport.domain.posts import Post, PostId
from mediaport.domain.users import UserId


@dataclass(frozen=True)
class Rows:
    """All rows that the invariants speak of.

    Attributes:
        avatars: Of each user, by id.
        completing_until: When the claim on a completion runs out, of the media that have one.
        deletions: Keys of objects that are to go.
        liked: How often each post is liked.
        counted: What the database counts of each owner's media, as it changes: how many are
            pending, what they declare, what is stored. None where there is no database.
    """

    names: frozenset[str]
    avatars: Mapping[UserId, int | None]
    media: Mapping[MediaId, Media]
    posts: Mapping[PostId, Post]
    completing_until: Mapping[MediaId, datetime]
    deletions: frozenset[str]
    leases: frozenset[str]
    liked: Counter[PostId]
    commented: Counter[PostId]
    counted: Mapping[UserId, tuple[int, ...]] | None = None

    @property
    def shown(self) -> dict[MediaId, UserId]:
        """Media that a post or a profile refers to, and who shows them."""
        attached = {
            post.media_id: post.owner_id
            for post in self.posts.values()
            if post.media_id is not None
        }
        worn = {
            MediaId(media_id): user
            for user, media_id in self.avatars.items()
            if media_id is not None
        }
        return attached | worn

    @property
    def kept(self) -> tuple[object, ...]:
        """What a refused request leaves as it was."""
        return self.avatars, self.media, self.posts


def in_memory(kept: MemoryTables) -> Rows:
    """The rows of the database in memory."""
    return Rows(
        names=frozenset(user.username for user in kept.users.values()),
        avatars={user.id: user.avatar_media_id for user in kept.users.values()},
        media=dict(kept.media),
        posts=dict(kept.posts),
        completing_until={
            media_id: until
            for media_id, until in kept.completion_claims.items()
            if media_id in kept.media
        },
        deletions=frozenset(deletion.object_key for deletion in kept.deletions.values()),
        leases=frozenset(kept.leases),
        liked=Counter(post_id for post_id, _ in kept.likes),
        commented=Counter(comment.post_id for comment in kept.comments),
    )


async def in_database(database: Database) -> Rows:
    """The rows of a real database."""
    async with database.read() as connection:
        users = (await connection.execute(select(tables.users))).all()
        media = (await connection.execute(select(*media_columns()))).all()
        claim = tables.media.c.completion_claimed_until
        claims = await connection.execute(
            select(tables.media.c.id, claim).where(claim.is_not(None))
        )
        counted = (await connection.execute(select(tables.media_usage))).all()
        posts = (await connection.execute(select(tables.posts))).mappings().all()
        keys = (await connection.scalars(select(tables.object_deletions.c.object_key))).all()
        leases = (await connection.scalars(select(tables.leases.c.name))).all()
        likes = (await connection.scalars(select(tables.likes.c.post_id))).all()
        comments = (await connection.scalars(select(tables.comments.c.post_id))).all()
    return Rows(
        names=frozenset(row.username for row in users),
        avatars={UserId(row.id): row.avatar_media_id for row in users},
        media={row[0]: to_media(row) for row in media},
        posts={row["id"]: Post(**row) for row in posts},
        completing_until=dict(claims.all()),
        deletions=frozenset(keys),
        leases=frozenset(leases),
        liked=Counter(likes),
        commented=Counter(comments),
        counted={row.owner_id: tuple(row[1:]) for row in counted},
    )


async def remove_all(database: Database) -> None:
    """Leave no row in a real database."""
    async with database.write() as connection:
        await connection.execute(update(tables.users).values(avatar_media_id=None))
        for table in reversed(tables.metadata.sorted_tables):
            await connection.execute(delete(table))
