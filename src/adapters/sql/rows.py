"""Rows to entities and back. Entities validate themselves again on the way in."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import FromClause, Label, RowMapping, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mediaport.adapters.sql.database import insert_all
from mediaport.adapters.sql.tables import media, media_variants, object_deletions
from mediaport.application.ports.media_repository import ObjectDeletion, with_late_variants
from mediaport.domain.media import Media, MediaId, Status, ThumbnailsStatus, Variant
from mediaport.domain.policy import ContentType, Kind
from mediaport.domain.users import User

Variants = Mapping[int, tuple[Variant, ...]]

# What only the database needs: who works on a row, how often it was tried, what the sweep finds.
_NOT_SHOWN = {
    "thumbnails_starts",
    "thumbnails_claimed_until",
    "completion_claimed_until",
    "unattached_since",
}
MEDIA_COLUMNS = tuple(column.name for column in media.columns if column.name not in _NOT_SHOWN)
USER_COLUMNS = ("id", "username", "password_hash", "avatar_media_id", "created_at")


def labelled(table: FromClause, columns: Iterable[str], prefix: str) -> list[Label[Any]]:
    """Columns of a joined table under names of their own."""
    return [table.c[name].label(prefix + name) for name in columns]


def media_values(item: Media) -> dict[str, Any]:
    """The columns of a media item, without its variants."""
    return {name: getattr(item, name) for name in MEDIA_COLUMNS}


def to_media(row: RowMapping, variants: Variants, prefix: str = "") -> Media:
    """The media item in a row."""
    values = {name: row[prefix + name] for name in MEDIA_COLUMNS}
    values["kind"] = Kind(values["kind"])
    values["status"] = Status(values["status"])
    values["content_type"] = ContentType(values["content_type"])
    values["thumbnails_status"] = ThumbnailsStatus(values["thumbnails_status"])
    return Media(**values, variants=variants.get(values["id"], ()))


def to_user(row: RowMapping, prefix: str = "") -> User:
    """The user in a row."""
    return User(**{name: row[prefix + name] for name in USER_COLUMNS})


async def variants_of(connection: AsyncConnection, media_ids: Sequence[int]) -> Variants:
    """The variants of some media items, smallest first, by media id."""
    if not media_ids:
        return {}
    statement = (
        select(media_variants)
        .where(media_variants.c.media_id.in_(media_ids))
        .order_by(media_variants.c.media_id, media_variants.c.size)
    )
    found: dict[int, tuple[Variant, ...]] = {}
    for row in await connection.execute(statement):
        variant = Variant(
            size=row.size,
            object_key=row.object_key,
            public_url=row.url,
            width=row.width,
            height=row.height,
            size_bytes=row.size_bytes,
        )
        found[row.media_id] = (*found.get(row.media_id, ()), variant)
    return found


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


async def delete_variants(connection: AsyncConnection, media_id: MediaId) -> Sequence[str]:
    """Forget the variants of a media item; the keys of their objects."""
    statement = delete(media_variants).where(media_variants.c.media_id == media_id)
    return (await connection.scalars(statement.returning(media_variants.c.object_key))).all()


async def purge_media(
    connection: AsyncConnection, media_id: MediaId, deletions: Sequence[ObjectDeletion]
) -> bool:
    """Forget a media item and write its objects down; False if it is gone already.

    Raises:
        IntegrityError: Something refers to it.
    """
    # The lock keeps a worker from adding variants in between.
    await connection.execute(select(media.c.id).where(media.c.id == media_id).with_for_update())
    keys = await delete_variants(connection, media_id)
    gone = await connection.execute(delete(media).where(media.c.id == media_id))
    await write_down(connection, with_late_variants(deletions, keys))
    return gone.rowcount == 1


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
