"""Rows to entities and back. Entities validate themselves again on the way in.

Rows are read by position: a row may hold several media items, users and posts, one after another.
msgspec makes entities of dictionaries, enums and all, six times as fast as Python does.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Join,
    Table,
    Text,
    case,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from mediaport.adapters.sql.database import insert_all
from mediaport.adapters.sql.statements import written_out
from mediaport.adapters.sql.tables import (
    media,
    media_variants,
    object_deletions,
    posts,
    users,
)
from mediaport.application.ports.media_repository import ObjectDeletion, with_late_variants
from mediaport.application.ports.user_repository import Profile
from mediaport.domain.errors import MediaStillShown
from mediaport.domain.keys import variant_key
from mediaport.domain.media import Media, MediaId, ThumbnailsStatus
from mediaport.domain.users import User

# What only the database needs: who works on a row, how often it was tried, what the sweep finds.
_NOT_SHOWN = {
    "thumbnails_starts",
    "thumbnails_claimed_until",
    "completion_claimed_until",
    "unattached_since",
    "variants",
}
MEDIA_COLUMNS = tuple(str(column.name) for column in media.columns if column.name not in _NOT_SHOWN)
USER_COLUMNS = ("id", "username", "password_hash", "avatar_media_id", "created_at")
# Of variants. Where they are follows from their media item and their size.
_VARIANT_COLUMNS = ("size", "width", "height", "size_bytes")
VARIANTS = msgspec.json.Decoder(list[tuple[int, int, int, int]])
AVATAR = media.alias("avatar")


class json_rows(FunctionElement[str]):  # noqa: N801 - the name of a function
    """Some columns of all rows as one JSON text: an array of arrays."""

    type = Text()
    inherit_cache = True


@compiles(json_rows, "postgresql")
def _json_of_postgresql(element: json_rows, compiler: Any, **options: Any) -> str:
    return f"json_agg(json_build_array({compiler.process(element.clauses, **options)}))::text"


@compiles(json_rows, "sqlite")
def _json_of_sqlite(element: json_rows, compiler: Any, **options: Any) -> str:
    return f"json_group_array(json_array({compiler.process(element.clauses, **options)}))"


def columns_of(table: FromClause, names: Iterable[str]) -> list[Any]:
    """Columns of a table, in the order of their names."""
    return [table.c[name] for name in names]


def media_columns(table: FromClause = media) -> list[Any]:
    """All that `to_media` asks for: one row has the variants of a media item with it."""
    return [*columns_of(table, MEDIA_COLUMNS), variants_column(table)]


def variants_column(table: FromClause) -> ColumnElement[Any]:
    """The variants of a media item, as `VARIANTS` reads them; null where there are none."""
    variants = media_variants.alias()
    sizes = select(json_rows(*columns_of(variants, _VARIANT_COLUMNS)))
    theirs = sizes.where(variants.c.media_id == table.c.id).scalar_subquery()
    is_made = table.c.thumbnails_status == written_out(ThumbnailsStatus.READY)
    # The subquery is run for what an older version made, alone.
    return case((is_made, func.coalesce(table.c.variants, theirs)))


def user_columns() -> list[Any]:
    """All that `to_user` asks for."""
    return columns_of(users, USER_COLUMNS)


def profile_columns() -> list[Any]:
    """All that `to_profile` asks for, of `profiles`."""
    return [*user_columns(), *media_columns(AVATAR)]


def profiles(table: FromClause, user_id: ColumnElement[int] | None = None) -> Join:
    """A table joined to users, each with their `AVATAR`."""
    people = table if user_id is None else table.join(users, users.c.id == user_id)
    return people.outerjoin(AVATAR, AVATAR.c.id == users.c.avatar_media_id)


def media_values(item: Media) -> dict[str, Any]:
    """The columns of a media item, without its variants."""
    return {name: getattr(item, name) for name in MEDIA_COLUMNS}


def to_media(row: Sequence[Any]) -> Media:
    """The media item in the values of `media_columns`."""
    values: dict[str, Any] = dict(zip(MEDIA_COLUMNS, row, strict=False))
    sizes = row[len(MEDIA_COLUMNS)]
    values["variants"] = _variants(values, sizes) if sizes else ()
    return msgspec.convert(values, Media)


def to_new_media(row: Sequence[Any]) -> Media:
    """The media item in a row of `MEDIA_COLUMNS`, that has no variants yet."""
    return to_media([*row[: len(MEDIA_COLUMNS)], None])


def to_user(row: Sequence[Any]) -> User:
    """The user in the values of `user_columns`."""
    return msgspec.convert(dict(zip(USER_COLUMNS, row, strict=True)), User)


def to_profile(row: Sequence[Any]) -> Profile:
    """The profile in the values of `profile_columns`."""
    user, avatar = row[: len(USER_COLUMNS)], row[len(USER_COLUMNS) :]
    return Profile(user=to_user(user), avatar=to_media(avatar) if avatar[0] else None)


def variants_text(item: Media) -> str:
    """The variants of a media item as its row has them."""
    sizes = [[getattr(it, name) for name in _VARIANT_COLUMNS] for it in item.variants]
    return msgspec.json.encode(sizes).decode()


def _variants(values: Mapping[str, Any], sizes: str) -> list[dict[str, Any]]:
    """The variants of the media item with these values, smallest first."""
    return [
        {
            "size": size,
            "object_key": variant_key(values["object_key"], size),
            "public_url": variant_key(values["public_url"], size),
            "width": width,
            "height": height,
            "size_bytes": size_bytes,
        }
        for size, width, height, size_bytes in sorted(VARIANTS.decode(sizes))
    ]


async def insert_variants(connection: AsyncConnection, item: Media) -> None:
    """Keep the variants of a media item."""
    rows = [
        {
            "media_id": item.id,
            "size": variant.size,
            "object_key": variant.object_key,
            "url": variant.public_url,
            "width": variant.width,
            "height": variant.height,
            "size_bytes": variant.size_bytes,
        }
        for variant in item.variants
    ]
    await insert_all(connection, media_variants, rows)


async def delete_variants(connection: AsyncConnection, media_ids: Sequence[int]) -> Sequence[str]:
    """Forget the variants of media items; the keys of their objects."""
    statement = delete(media_variants).where(media_variants.c.media_id.in_(media_ids))
    return (await connection.scalars(statement.returning(media_variants.c.object_key))).all()


async def lock_in_order(connection: AsyncConnection, table: Table, ids: Collection[int]) -> None:
    """Lock rows in the order in which everyone does."""
    rows = select(table.c.id).where(table.c.id.in_(ids)).order_by(table.c.id)
    await connection.execute(rows.with_for_update())


async def require_unposted(connection: AsyncConnection, media_ids: Sequence[int]) -> None:
    """Lock the posts that show media, as whoever deletes a post does, before the media.

    Raises:
        MediaStillShown: There is such a post.
    """
    showing = select(posts.c.media_id).where(posts.c.media_id.in_(media_ids)).order_by(posts.c.id)
    shown = (await connection.scalars(showing.with_for_update(key_share=True))).first()
    if shown is not None:
        raise MediaStillShown(shown)


async def purge_media(
    connection: AsyncConnection, media_ids: Sequence[int], deletions: Sequence[ObjectDeletion]
) -> int:
    """Forget media items and write their objects down; how many were there.

    Raises:
        IntegrityError: Something refers to one of them.
    """
    # The locks keep workers from adding variants in between.
    await lock_in_order(connection, media, media_ids)
    keys = await delete_variants(connection, media_ids)
    gone = await connection.execute(delete(media).where(media.c.id.in_(media_ids)))
    await write_down(connection, with_late_variants(deletions, keys))
    return gone.rowcount


async def mark_attached(connection: AsyncConnection, media_id: MediaId) -> None:
    """Keep the sweep from looking at a media item. What refers to it must be written already.

    Two that attach the same one wait for each other at its unique key, before this row is locked.
    """
    statement = update(media).where(media.c.id == media_id).values(unattached_since=None)
    await connection.execute(statement)


async def write_down(connection: AsyncConnection, deletions: Sequence[ObjectDeletion]) -> None:
    """Keep deletions until they are carried out."""
    rows = [
        {"object_key": deletion.object_key, "due_at": deletion.due_at} for deletion in deletions
    ]
    await insert_all(connection, object_deletions, rows)


async def write_down_dropped(
    connection: AsyncConnection, before: Sequence[str], *, kept: Sequence[str], due_at: datetime
) -> None:
    """Keep deletions of those objects of a media item that it no longer has."""
    dropped = [key for key in before if key not in kept]
    await write_down(connection, [ObjectDeletion(object_key=key, due_at=due_at) for key in dropped])


async def strike_off(connection: AsyncConnection, numbers: Sequence[int]) -> None:
    """Forget deletions, which the caller has locked."""
    await connection.execute(delete(object_deletions).where(object_deletions.c.id.in_(numbers)))


async def unclaimed_deletions(
    connection: AsyncConnection,
    keys: Sequence[str],
    *,
    now: datetime,
    but_by: datetime | None = None,
) -> Sequence[int] | None:
    """The numbers of deletions of these keys, locked; None if someone claims one of them.

    A claim that lasts until `but_by` is the caller's own.
    """
    statement = (
        select(object_deletions.c.id, object_deletions.c.claimed_until)
        .where(object_deletions.c.object_key.in_(keys))
        .order_by(object_deletions.c.id)  # everyone locks them in one order
        .with_for_update()
    )
    found = (await connection.execute(statement)).all()
    if any(row.claimed_until not in {None, but_by} and row.claimed_until > now for row in found):
        return None
    return [row.id for row in found]
