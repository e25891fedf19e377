"""Media items in SQL."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from mediaport.adapters.sql.database import Database, insert_once, next_id
from mediaport.adapters.sql.failures import in_the_name_of_a_user
from mediaport.adapters.sql.media_statements import (
    ADD,
    CHECK,
    CLAIM,
    COLUMNS,
    GET,
    IS_PENDING,
    IT_IS_PENDING,
    IT_OWES_THUMBNAILS,
    MARK_READY,
    NEXT_OWED,
    OWES_THUMBNAILS,
    RELEASE,
    ROOM,
    Change,
    is_free,
    limits_of,
    usage_of,
)
from mediaport.adapters.sql.rows import (
    delete_variants,
    insert_variants,
    lock_in_order,
    mark_attached,
    media_columns,
    media_values,
    purge_media,
    require_unposted,
    strike_off,
    to_media,
    to_new_media,
    unclaimed_deletions,
    variants_text,
    write_down,
    write_down_dropped,
)
from mediaport.adapters.sql.tables import media as table
from mediaport.adapters.sql.tables import media_usage, object_deletions
from mediaport.application.ports.media_repository import (
    MediaRepository,
    ObjectDeletion,
    OwedThumbnails,
    ThumbnailClaim,
)
from mediaport.domain.errors import MediaNotFound, MediaStillShown
from mediaport.domain.media import Media, MediaId, Status, ThumbnailsStatus
from mediaport.domain.policy import UploadPolicy, Usage
from mediaport.domain.users import UserId


class SqlMediaRepository(MediaRepository):
    """Keeps media items in `media` and `media_variants`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self,
        make: Callable[[MediaId], Media],
        *,
        owner_id: UserId,
        policy: UploadPolicy,
        now: datetime,
    ) -> Media:
        """Keep a new media item, by one statement where what is counted leaves room for it."""
        if self._database.is_sqlite:
            return await self._add_in_turn(make, owner_id=owner_id, policy=policy, now=now)
        media = make(MediaId(await self._database.new_id(table)))
        values = {**media_values(media), **limits_of(media, policy)}
        if await self._database.run(ADD, **values):
            return media
        return await self._add_in_turn(lambda _: media, owner_id=owner_id, policy=policy, now=now)

    async def _add_in_turn(
        self,
        make: Callable[[MediaId], Media],
        *,
        owner_id: UserId,
        policy: UploadPolicy,
        now: datetime,
    ) -> Media:
        """Keep a new media item, under a lock on what its owner has.

        What is counted has in it what is over and not yet swept. Where that leaves no room, all
        that the owner has is looked at.
        """
        async with self._database.write() as connection:
            nothing = {"owner_id": owner_id, "pending": 0, "pending_bytes": 0, "stored_bytes": 0}
            with in_the_name_of_a_user():
                await insert_once(connection, media_usage, nothing)
            owner = select(media_usage.c.owner_id).where(media_usage.c.owner_id == owner_id)
            await connection.execute(owner.with_for_update(key_share=True))
            media = make(MediaId(await next_id(connection, table)))
            if not (await connection.execute(ROOM, limits_of(media, policy))).first():
                usage = (await connection.execute(usage_of(owner_id, now))).mappings().one()
                policy.check_quota(Usage(**usage), size_bytes=media.size_bytes, now=now)
            with in_the_name_of_a_user():
                await connection.execute(insert(table).values(media_values(media)))
        return media

    async def get(self, media_id: MediaId) -> Media:
        """The media item with its variants."""
        rows = await self._database.run(GET, media_id=media_id)
        if not rows:
            raise MediaNotFound(media_id)
        return to_media(rows[0])

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
        rows = await self._with_deletions(CLAIM, deletions, media_id=media_id, now=now, until=until)
        return to_new_media(rows[0]) if rows else None

    async def release_completion(self, media_id: MediaId, *, until: datetime) -> None:
        """Give the claim back."""
        await self._database.run(RELEASE, media_id=media_id, claimed_until=until)

    async def mark_ready(
        self, media: Media, *, claimed_until: datetime, deletions: Sequence[ObjectDeletion]
    ) -> bool:
        """Keep `media` as ready, if it is pending and claimed."""
        rows = await self._with_deletions(
            MARK_READY,
            deletions,
            media_id=media.id,
            claimed_until=claimed_until,
            new_etag=media.etag,
            new_size_bytes=media.size_bytes,
            new_width=media.width,
            new_height=media.height,
            new_ready_at=media.ready_at,
        )
        return bool(rows)

    async def _with_deletions(
        self, change: Change, deletions: Sequence[ObjectDeletion], **values: Any
    ) -> Sequence[Sequence[Any]]:
        """Change a row and, if there was one to change, write `deletions` down."""
        if not self._database.is_sqlite:
            keys = [deletion.object_key for deletion in deletions]
            due = [deletion.due_at for deletion in deletions]
            return await self._database.run(change.and_written, **values, keys=keys, due=due)
        async with self._database.write() as connection:
            answer = await connection.execute(change.alone, values)
            rows: Sequence[Sequence[Any]] = answer.all()
            if rows:
                await write_down(connection, deletions)
        return rows

    async def purge(self, media: Media, *, deletions: Sequence[ObjectDeletion]) -> None:
        """Forget the media item; the foreign keys keep what is shown."""
        try:
            async with self._database.write() as connection:
                await require_unposted(connection, [media.id])
                if not await purge_media(connection, [media.id], deletions):
                    raise MediaNotFound(media.id)
        except (IntegrityError, MediaStillShown) as error:
            # Attached by an older version, it says otherwise, and the sweep would find it for ever.
            async with self._database.write() as connection:
                await mark_attached(connection, media.id)
            raise MediaStillShown(media.id) from error

    async def expire(
        self, media: Media, *, now: datetime, deletions: Sequence[ObjectDeletion]
    ) -> bool:
        """Purge pending media that nobody is completing; it has no variants yet."""
        statement = delete(table).where(
            table.c.id == media.id, IT_IS_PENDING, is_free(table.c.completion_claimed_until, now)
        )
        async with self._database.write() as connection:
            if (await connection.execute(statement)).rowcount == 0:
                return False
            await write_down(connection, deletions)
        return True

    async def expired(self, *, before: datetime, now: datetime, limit: int) -> Sequence[Media]:
        """Pending media whose time was over."""
        statement = (
            select(*COLUMNS)
            .where(
                IS_PENDING,
                table.c.expires_at <= before,
                is_free(table.c.completion_claimed_until, now),
            )
            .order_by(table.c.expires_at)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [to_new_media(row) for row in await connection.execute(statement)]

    async def unattached(self, *, before: datetime, limit: int) -> Sequence[Media]:
        """Ready media that nothing has shown since before then."""
        statement = (
            select(*media_columns())
            .where(table.c.unattached_since <= before)
            .order_by(table.c.unattached_since)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [to_media(row) for row in await connection.execute(statement)]

    async def claim_thumbnails(
        self, media_id: MediaId, *, now: datetime, until: datetime
    ) -> ThumbnailClaim | None:
        """The right to make owed thumbnails."""
        statement = (
            update(table)
            .where(
                table.c.id == media_id,
                IT_OWES_THUMBNAILS,
                is_free(table.c.thumbnails_claimed_until, now),
            )
            .values(
                thumbnails_claimed_until=until,
                thumbnails_starts=table.c.thumbnails_starts + 1,
            )
            .returning(*COLUMNS, table.c.thumbnails_starts)
        )
        async with self._database.write() as connection:
            row = (await connection.execute(statement)).first()
        if row is None:
            return None
        return ThumbnailClaim(media=to_new_media(row), start=row[-1], until=until)

    async def release_thumbnails(
        self, claim: ThumbnailClaim, *, counted: bool, until: datetime | None = None
    ) -> None:
        """Give the claim back."""
        statement = (
            update(table)
            .where(table.c.id == claim.media.id, table.c.thumbnails_claimed_until == claim.until)
            .values(
                thumbnails_claimed_until=until,
                thumbnails_starts=claim.start if counted else claim.start - 1,
            )
        )
        async with self._database.write() as connection:
            await connection.execute(statement)

    async def save_thumbnails(self, media: Media) -> bool:
        """Keep thumbnails, if they are owed."""
        statement = (
            update(table)
            .where(table.c.id == media.id, IT_OWES_THUMBNAILS)
            .values(
                thumbnails_status=media.thumbnails_status,
                thumbnails_error=media.thumbnails_error,
                placeholder=media.placeholder,
                variants=variants_text(media),
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
                    variants=variants_text(media),
                )
            )
            before = await delete_variants(connection, [media.id])
            await insert_variants(connection, media)
            await write_down_dropped(connection, before, kept=keys, due_at=dropped_due_at)
        return True

    async def owed_thumbnails(self, *, now: datetime, limit: int) -> Sequence[MediaId]:
        """Media whose thumbnails are owed and claimed by nobody."""
        statement = (
            select(table.c.id)
            .where(OWES_THUMBNAILS, is_free(table.c.thumbnails_claimed_until, now))
            .order_by(table.c.owner_id, table.c.ready_at)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [MediaId(media_id) for media_id in await connection.scalars(statement)]

    async def next_owed(self, *, before: UserId, now: datetime) -> OwedThumbnails | None:
        """The next lower owner's longest waiting."""
        for media_id, owner_id in await self._database.run(NEXT_OWED, before=before, now=now):
            return OwedThumbnails(MediaId(media_id), UserId(owner_id))
        return None

    async def claim_deletions(
        self, *, now: datetime, until: datetime, limit: int
    ) -> Sequence[tuple[int, str]]:
        """Deletions that are due, for one caller at a time."""
        due = (
            select(object_deletions.c.id)
            .where(object_deletions.c.due_at <= now, is_free(object_deletions.c.claimed_until, now))
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
        async with self._database.write() as connection:
            await lock_in_order(connection, object_deletions, numbers)
            await strike_off(connection, numbers)

    async def check(self) -> None:
        """Read a row of a migrated table."""
        await self._database.run(CHECK)
