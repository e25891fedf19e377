"""Media items in SQL."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Select,
    and_,
    cast,
    delete,
    func,
    insert,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.exc import IntegrityError

from mediaport.adapters.sql.database import Database, next_id
from mediaport.adapters.sql.rows import (
    MEDIA_COLUMNS,
    delete_variants,
    insert_variants,
    mark_attached,
    media_values,
    purge_media,
    strike_off,
    to_media,
    unclaimed_deletions,
    variants_of,
    write_down,
    write_down_dropped,
)
from mediaport.adapters.sql.tables import media as table
from mediaport.adapters.sql.tables import object_deletions, users
from mediaport.application.ports.media_repository import (
    MediaRepository,
    ObjectDeletion,
    ThumbnailClaim,
)
from mediaport.domain.errors import MediaNotFound, MediaStillShown
from mediaport.domain.media import Media, MediaId, Status, ThumbnailsStatus
from mediaport.domain.policy import Usage
from mediaport.domain.users import UserId

_COLUMNS = [table.c[name] for name in MEDIA_COLUMNS]
_IS_PENDING = table.c.status == Status.PENDING
_OWES_THUMBNAILS = and_(
    table.c.status == Status.READY, table.c.thumbnails_status == ThumbnailsStatus.PENDING
)


def _is_free(claim: Column[datetime], now: datetime) -> ColumnElement[bool]:
    """Whether nobody holds a claim at that time."""
    return or_(claim.is_(None), claim <= now)


def _usage(owner_id: UserId, now: datetime) -> Select[int, int, Any, int]:
    """What `Usage` says, of one owner."""
    is_live = and_(_IS_PENDING, table.c.expires_at > now)

    def total(condition: ColumnElement[bool]) -> ColumnElement[int]:
        sizes = func.sum(cast(table.c.size_bytes, BigInteger)).filter(condition)
        return cast(func.coalesce(sizes, 0), BigInteger)

    # What is over, but just being completed: these few rows alone are looked at themselves.
    is_completing = and_(
        table.c.owner_id == owner_id,
        _IS_PENDING,
        table.c.expires_at <= now,
        table.c.completion_claimed_until > now,
    )
    completing = select(func.count()).where(is_completing).scalar_subquery()
    completing_bytes = select(total(true())).where(is_completing).scalar_subquery()
    return select(
        (func.count().filter(is_live) + completing).label("pending"),
        (total(is_live) + completing_bytes).label("pending_bytes"),
        func.min(table.c.expires_at).filter(is_live).label("expires_at"),
        total(table.c.status == Status.READY).label("stored_bytes"),
    ).where(table.c.owner_id == owner_id)


class SqlMediaRepository(MediaRepository):
    """Keeps media items in `media` and `media_variants`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self,
        make: Callable[[MediaId, Usage], Media],
        *,
        owner_id: UserId,
        now: datetime,
    ) -> Media:
        """Keep a new media item, under a lock on its owner: so a quota is exact."""
        owner = select(users.c.id).where(users.c.id == owner_id)
        async with self._database.write() as connection:
            # What refers to the owner meanwhile, such as a post, does not wait.
            await connection.execute(owner.with_for_update(key_share=True))
            usage = (await connection.execute(_usage(owner_id, now))).mappings().one()
            media = make(MediaId(await next_id(connection, table)), Usage(**usage))
            await connection.execute(insert(table).values(media_values(media)))
        return media

    async def get(self, media_id: MediaId) -> Media:
        """The media item with its variants."""
        statement = select(*_COLUMNS).where(table.c.id == media_id)
        async with self._database.read() as connection:
            row = (await connection.execute(statement)).mappings().first()
            if row is None:
                raise MediaNotFound(media_id)
            return to_media(row, await variants_of(connection, [media_id]))

    async def describe(self, media: Media) -> None:
        """Keep the alt text."""
        statement = update(table).where(table.c.id == media.id).values(alt=media.alt)
        async with self._database.write() as connection:
            if (await connection.execute(statement)).rowcount == 0:
                raise MediaNotFound(media.id)

    async def claim_completion(
        self,
        media_id: MediaId,
        *,
        now: datetime,
        until: datetime,
        deletions: Sequence[ObjectDeletion],
    ) -> Media | None:
        """The pending media item, for one caller at a time."""
        statement = (
            update(table)
            .where(
                table.c.id == media_id, _IS_PENDING, _is_free(table.c.completion_claimed_until, now)
            )
            .values(completion_claimed_until=until)
            .returning(*_COLUMNS)
        )
        async with self._database.write() as connection:
            row = (await connection.execute(statement)).mappings().first()
            if row is None:
                return None
            await write_down(connection, deletions)
        return to_media(row, {})

    async def release_completion(self, media_id: MediaId, *, until: datetime) -> None:
        """Give the claim back."""
        statement = (
            update(table)
            .where(table.c.id == media_id, table.c.completion_claimed_until == until)
            .values(completion_claimed_until=None)
        )
        async with self._database.write() as connection:
            await connection.execute(statement)

    async def mark_ready(
        self, media: Media, *, claimed_until: datetime, deletions: Sequence[ObjectDeletion]
    ) -> bool:
        """Keep `media` as ready, if it is pending and claimed."""
        statement = (
            update(table)
            .where(
                table.c.id == media.id,
                _IS_PENDING,
                table.c.completion_claimed_until == claimed_until,
            )
            .values(
                status=media.status,
                etag=media.etag,
                size_bytes=media.size_bytes,
                width=media.width,
                height=media.height,
                ready_at=media.ready_at,
                unattached_since=media.ready_at,
                completion_claimed_until=None,
            )
        )
        async with self._database.write() as connection:
            if (await connection.execute(statement)).rowcount == 0:
                return False
            await write_down(connection, deletions)
        return True

    async def purge(self, media: Media, *, deletions: Sequence[ObjectDeletion]) -> None:
        """Forget the media item; the foreign keys keep what is shown."""
        try:
            async with self._database.write() as connection:
                if not await purge_media(connection, media.id, deletions):
                    raise MediaNotFound(media.id)
        except IntegrityError as error:
            # Attached by an older version, it says otherwise, and the sweep would find it for ever.
            async with self._database.write() as connection:
                await mark_attached(connection, media.id)
            raise MediaStillShown(media.id) from error

    async def expire(
        self, media: Media, *, now: datetime, deletions: Sequence[ObjectDeletion]
    ) -> bool:
        """Purge pending media that nobody is completing; it has no variants yet."""
        statement = delete(table).where(
            table.c.id == media.id, _IS_PENDING, _is_free(table.c.completion_claimed_until, now)
        )
        async with self._database.write() as connection:
            if (await connection.execute(statement)).rowcount == 0:
                return False
            await write_down(connection, deletions)
        return True

    async def expired(self, *, before: datetime, now: datetime, limit: int) -> Sequence[Media]:
        """Pending media whose time was over."""
        statement = (
            select(*_COLUMNS)
            .where(
                _IS_PENDING,
                table.c.expires_at <= before,
                _is_free(table.c.completion_claimed_until, now),
            )
            .order_by(table.c.expires_at)
            .limit(limit)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(statement)).mappings()
            return [to_media(row, {}) for row in rows]

    async def unattached(self, *, before: datetime, limit: int) -> Sequence[Media]:
        """Ready media that nothing has shown since before then."""
        statement = (
            select(*_COLUMNS)
            .where(table.c.unattached_since <= before)
            .order_by(table.c.unattached_since)
            .limit(limit)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(statement)).mappings().all()
            variants = await variants_of(connection, [row["id"] for row in rows])
        return [to_media(row, variants) for row in rows]

    async def claim_thumbnails(
        self, media_id: MediaId, *, now: datetime, until: datetime
    ) -> ThumbnailClaim | None:
        """The right to make owed thumbnails."""
        statement = (
            update(table)
            .where(
                table.c.id == media_id,
                _OWES_THUMBNAILS,
                _is_free(table.c.thumbnails_claimed_until, now),
            )
            .values(
                thumbnails_claimed_until=until,
                thumbnails_starts=table.c.thumbnails_starts + 1,
            )
            .returning(*_COLUMNS, table.c.thumbnails_starts)
        )
        async with self._database.write() as connection:
            row = (await connection.execute(statement)).mappings().first()
        if row is None:
            return None
        return ThumbnailClaim(media=to_media(row, {}), start=row["thumbnails_starts"], until=until)

    async def release_thumbnails(self, claim: ThumbnailClaim, *, counted: bool) -> None:
        """Give the claim back."""
        statement = (
            update(table)
            .where(table.c.id == claim.media.id, table.c.thumbnails_claimed_until == claim.until)
            .values(
                thumbnails_claimed_until=None,
                thumbnails_starts=claim.start if counted else claim.start - 1,
            )
        )
        async with self._database.write() as connection:
            await connection.execute(statement)

    async def save_thumbnails(self, media: Media) -> bool:
        """Keep thumbnails, if they are owed."""
        statement = (
            update(table)
            .where(table.c.id == media.id, _OWES_THUMBNAILS)
            .values(
                thumbnails_status=media.thumbnails_status,
                thumbnails_error=media.thumbnails_error,
                placeholder=media.placeholder,
                thumbnails_claimed_until=None,
            )
        )
        async with self._database.write() as connection:
            if (await connection.execute(statement)).rowcount == 0:
                return False
            await insert_variants(connection, media)
        return True

    async def hold_deletions(self, keys: Sequence[str], *, now: datetime, until: datetime) -> bool:
        """Claim the deletions of these keys, if nobody else does."""
        async with self._database.write() as connection:
            numbers = await unclaimed_deletions(connection, keys, now=now)
            if numbers is None:
                return False
            held = update(object_deletions).where(object_deletions.c.id.in_(numbers))
            await connection.execute(held.values(claimed_until=until))
        return True

    async def replace_thumbnails(
        self, media: Media, *, now: datetime, held_until: datetime, dropped_due_at: datetime
    ) -> bool:
        """Keep thumbnails in place of those before, under a lock on the media item."""
        settled = select(table.c.id).where(
            table.c.id == media.id,
            table.c.status == Status.READY,
            table.c.thumbnails_status != ThumbnailsStatus.PENDING,
        )
        keys = [variant.object_key for variant in media.variants]
        async with self._database.write() as connection:
            is_there = (await connection.execute(settled.with_for_update())).first()
            numbers = await unclaimed_deletions(connection, keys, now=now, but_by=held_until)
            if now >= held_until or is_there is None or numbers is None:
                return False
            await strike_off(connection, numbers)
            await connection.execute(
                update(table)
                .where(table.c.id == media.id)
                .values(
                    thumbnails_status=media.thumbnails_status,
                    thumbnails_error=media.thumbnails_error,
                    placeholder=media.placeholder,
                )
            )
            before = await delete_variants(connection, media.id)
            await insert_variants(connection, media)
            await write_down_dropped(connection, before, kept=keys, due_at=dropped_due_at)
        return True

    async def owed_thumbnails(self, *, now: datetime, limit: int) -> Sequence[MediaId]:
        """Media whose thumbnails are owed and claimed by nobody."""
        statement = (
            select(table.c.id)
            .where(_OWES_THUMBNAILS, _is_free(table.c.thumbnails_claimed_until, now))
            .order_by(table.c.ready_at)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [MediaId(media_id) for media_id in await connection.scalars(statement)]

    async def claim_deletions(
        self, *, now: datetime, until: datetime, limit: int
    ) -> Sequence[tuple[int, str]]:
        """Deletions that are due, for one caller at a time."""
        due = (
            select(object_deletions.c.id)
            .where(
                object_deletions.c.due_at <= now, _is_free(object_deletions.c.claimed_until, now)
            )
            .order_by(object_deletions.c.due_at, object_deletions.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        statement = (
            update(object_deletions)
            .where(object_deletions.c.id.in_(due.scalar_subquery()))
            .values(claimed_until=until)
            .returning(*object_deletions.c["due_at", "id", "object_key"])
        )
        async with self._database.write() as connection:
            claimed = sorted((await connection.execute(statement)).all())
        return [(number, key) for _, number, key in claimed]

    async def forget_deletions(self, numbers: Sequence[int]) -> None:
        """Strike deletions off."""
        number = object_deletions.c.id
        in_order = select(number).where(number.in_(numbers)).order_by(number).with_for_update()
        async with self._database.write() as connection:
            await connection.execute(in_order)
            await strike_off(connection, numbers)

    async def check(self) -> None:
        """Read a row of a migrated table."""
        async with self._database.read() as connection:
            await connection.execute(select(table.c.id).limit(1))
