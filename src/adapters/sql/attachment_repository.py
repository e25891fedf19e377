"""What places show, in SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import (
    ARRAY,
    Delete,
    Insert,
    String,
    Update,
    any_,
    bindparam,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from mediaport.adapters.sql.database import Database, violates
from mediaport.adapters.sql.rows import (
    lock_in_order,
    mark_attached,
    media_columns,
    purge_media,
    to_media,
)
from mediaport.adapters.sql.statements import Statement
from mediaport.adapters.sql.tables import attachments as table
from mediaport.adapters.sql.tables import media
from mediaport.application.ports.attachment_repository import AttachmentRepository
from mediaport.application.ports.media_repository import ObjectDeletion
from mediaport.domain.attachments import Place
from mediaport.domain.errors import MediaAlreadyAttached, MediaNotFound
from mediaport.domain.media import Media, MediaId

_SHOWN = select(table.c.place, *media_columns()).join_from(
    table, media, media.c.id == table.c.media_id
)
_AT = Statement(
    _SHOWN.where(table.c.place == any_(bindparam("places", type_=ARRAY(String)))),
    plain=_SHOWN.where(table.c.place.in_(bindparam("places", expanding=True))),
)


class SqlAttachmentRepository(AttachmentRepository):
    """Keeps attachments in `attachments`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def at(self, places: Sequence[Place]) -> Mapping[Place, Media]:
        """What those places show that show something."""
        rows = await self._database.run(_AT, places=[*places])
        return {Place(place): to_media(row) for place, *row in rows}

    async def replace(
        self,
        place: Place,
        media_id: MediaId | None,
        *,
        before: MediaId | None,
        now: datetime,
        deletions: Sequence[ObjectDeletion],
    ) -> bool:
        """Show something else at a place; the keys of the table decide who shows what."""
        both = [each for each in (media_id, before) if each is not None]
        try:
            async with self._database.write() as connection:
                # Everyone locks them in one order: media, the place, what is counted.
                await lock_in_order(connection, media, both)
                change = _change(place, media_id, before=before, now=now)
                if (await connection.execute(change)).rowcount == 0:
                    return False
                if media_id is not None:
                    await mark_attached(connection, media_id)
                if before is not None:
                    await purge_media(connection, [before], deletions)
        except IntegrityError as error:
            # Which key is named first is up to the database, where both are taken.
            shown = (await self.at([place])).get(place)
            if (shown.id if shown else None) != before:
                return False
            if violates(error, "uq_attachments_media_id", columns="attachments.media_id"):
                raise MediaAlreadyAttached(media_id or 0) from error
            raise MediaNotFound(media_id or 0) from error
        return True


def _change(
    place: Place, media_id: MediaId | None, *, before: MediaId | None, now: datetime
) -> Insert | Update | Delete:
    """What changes a place that shows `before`, and that place alone."""
    if before is None:
        return insert(table).values(place=place, media_id=media_id, attached_at=now)
    is_as_before = (table.c.place == place, table.c.media_id == before)
    if media_id is None:
        return delete(table).where(*is_as_before)
    return update(table).where(*is_as_before).values(media_id=media_id, attached_at=now)
