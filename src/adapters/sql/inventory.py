"""What rows say of objects, in SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Update, and_, exists, func, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mediaport.adapters.sql.database import Database
from mediaport.adapters.sql.rows import (
    delete_variants,
    media_columns,
    strike_off,
    to_media,
    unclaimed_deletions,
    write_down,
    write_down_dropped,
)
from mediaport.adapters.sql.tables import media as table
from mediaport.adapters.sql.tables import media_variants, object_deletions
from mediaport.application.ports.inventory import MOST, Debts, Extent, Inventory
from mediaport.application.ports.media_repository import ObjectDeletion
from mediaport.domain.keys import originals_of
from mediaport.domain.media import Media, MediaId, Status, ThumbnailsStatus

_IS_READY = table.c.status == Status.READY
_TO_COME = table.c.thumbnails_status == ThumbnailsStatus.PENDING


class SqlInventory(Inventory):
    """Reads `media`, `media_variants` and `object_deletions`, each by its index on keys."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def extent(self, bucket: str) -> Extent:
        """Count media by their ids alone: the index answers it."""
        is_of_bucket = select(exists().where(table.c.bucket == bucket, _IS_READY))
        async with self._database.read() as connection:
            count = (await connection.execute(select(func.count(table.c.id)))).scalar_one()
            found = (await connection.execute(is_of_bucket)).scalar_one()
        return Extent(media=count, is_of_bucket=found)

    async def ready_media(self, *, after: str, up_to: str | None, limit: int) -> Sequence[Media]:
        """Ready media with their variants, by their object key."""
        statement = (
            select(*media_columns())
            .where(_IS_READY, table.c.object_key > after)
            .order_by(table.c.object_key)
            .limit(limit)
        )
        if up_to is not None:
            statement = statement.where(table.c.object_key <= up_to)
        async with self._database.read() as connection:
            return [to_media(row) for row in await connection.execute(statement)]

    async def known(self, keys: Sequence[str]) -> set[str]:
        """Those keys that something refers to, or may be about to."""
        async with self._database.read() as connection:
            return await _known(connection, keys)

    async def write_down(
        self, keys: Sequence[str], *, due_at: datetime, remakable_due_at: datetime
    ) -> Sequence[str]:
        """Write objects down, under locks on the media items that could have them as thumbnails."""
        async with self._database.write() as connection:
            originals = await _locked_originals(connection, keys)
            known = await _known(connection, keys)
            strays = [key for key in keys if key not in known]
            deletions = [
                ObjectDeletion(
                    object_key=key,
                    due_at=due_at if originals.isdisjoint(originals_of(key)) else remakable_due_at,
                )
                for key in strays
            ]
            await write_down(connection, deletions)
        return strays

    async def owe_thumbnails(
        self, media: Media, *, to_come: Sequence[str], now: datetime, dropped_due_at: datetime
    ) -> bool:
        """Keep that thumbnails are owed, under a lock on the media item."""
        async with self._database.write() as connection:
            is_there = (await connection.execute(_has_thumbnails(media.id))).first()
            numbers = await unclaimed_deletions(connection, to_come, now=now)
            if is_there is None or numbers is None:
                return False
            await strike_off(connection, numbers)
            await connection.execute(_owing(media))
            before = await delete_variants(connection, [media.id])
            await write_down_dropped(connection, before, kept=to_come, due_at=dropped_due_at)
        return True

    async def debts(self) -> Debts:
        """Count what is owed and what is to be removed."""
        owed = select(table.c.id, table.c.ready_at).where(_IS_READY, _TO_COME)
        longest = owed.order_by(table.c.ready_at, table.c.id).limit(1)
        async with self._database.read() as connection:
            row = (await connection.execute(longest)).first()
            thumbnails_owed = (await connection.execute(_at_most(owed))).scalar_one()
            to_remove = _at_most(select(object_deletions.c.id))
            objects_to_remove = (await connection.execute(to_remove)).scalar_one()
        return Debts(
            thumbnails_owed=thumbnails_owed,
            longest_owed=MediaId(row.id) if row else None,
            owed_since=row.ready_at if row else None,
            objects_to_remove=objects_to_remove,
        )


def _at_most(rows: Select[Any]) -> Select[int]:
    return select(func.count()).select_from(rows.limit(MOST).subquery())


async def _known(connection: AsyncConnection, keys: Sequence[str]) -> set[str]:
    pending = and_(table.c.incoming_key.in_(keys), table.c.status == Status.PENDING)
    named = union_all(
        select(table.c.object_key).where(table.c.object_key.in_(keys)),
        select(table.c.incoming_key).where(pending),
        select(media_variants.c.object_key).where(media_variants.c.object_key.in_(keys)),
        select(object_deletions.c.object_key).where(object_deletions.c.object_key.in_(keys)),
    )
    known = set(await connection.scalars(named))
    candidates = _candidates(keys)
    to_come = select(table.c.object_key).where(table.c.object_key.in_(candidates), _TO_COME)
    owing = set(await connection.scalars(to_come)) if candidates else set()
    return known | {key for key in keys if not owing.isdisjoint(originals_of(key))}


async def _locked_originals(connection: AsyncConnection, keys: Sequence[str]) -> set[str]:
    """The originals that some keys could be thumbnails of; whoever remakes one has to wait."""
    candidates = _candidates(keys)
    if not candidates:
        return set()
    statement = (
        select(table.c.object_key)
        .where(table.c.object_key.in_(candidates))
        .order_by(table.c.id)  # everyone locks them in one order
        .with_for_update(key_share=True)  # posts may refer to them meanwhile
    )
    return set(await connection.scalars(statement))


def _candidates(keys: Sequence[str]) -> list[str]:
    """The originals that some keys could be thumbnails of, each once."""
    return list(dict.fromkeys(original for key in keys for original in originals_of(key)))


def _has_thumbnails(media_id: MediaId) -> Select[int]:
    return (
        select(table.c.id)
        .where(table.c.id == media_id, table.c.thumbnails_status == ThumbnailsStatus.READY)
        .with_for_update(key_share=True)
    )


def _owing(media: Media) -> Update:
    return (
        update(table)
        .where(table.c.id == media.id)
        .values(
            thumbnails_status=media.thumbnails_status,
            thumbnails_error=media.thumbnails_error,
            placeholder=media.placeholder,
            variants=None,
            thumbnails_starts=0,
            thumbnails_claimed_until=None,
        )
    )
