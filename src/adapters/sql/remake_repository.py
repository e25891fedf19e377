"""Runs that make thumbnails anew, in SQL."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, insert, select, update

from mediaport.adapters.sql.database import Database, next_id
from mediaport.adapters.sql.rows import media_columns, to_media
from mediaport.adapters.sql.tables import media
from mediaport.adapters.sql.tables import thumbnail_remakes as table
from mediaport.application.ports.remake_repository import Remake, RemakeRepository, Stretch
from mediaport.domain.media import Media, MediaId


class SqlRemakeRepository(RemakeRepository):
    """Keeps runs in `thumbnail_remakes`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def unfinished(self) -> Remake | None:
        """The latest run, unless it was finished."""
        statement = select(table).order_by(table.c.id.desc()).limit(1)
        async with self._database.read() as connection:
            row = (await connection.execute(statement)).first()
        if row is None or row.finished_at is not None:
            return None
        return Remake(
            id=row.id,
            started_at=row.started_at,
            recipe=row.recipe,
            last_media_id=MediaId(row.last_media_id),
        )

    async def begin(self, *, recipe: str, now: datetime) -> Remake:
        """Keep a new run."""
        async with self._database.write() as connection:
            number = await next_id(connection, table)
            await connection.execute(
                insert(table).values(id=number, started_at=now, recipe=recipe, last_media_id=0)
            )
        return Remake(id=number, started_at=now, recipe=recipe, last_media_id=MediaId(0))

    async def advance(self, remake: Remake) -> None:
        """Keep where the run stands, if that is further on."""
        statement = (
            update(table)
            .where(table.c.id == remake.id, table.c.last_media_id < remake.last_media_id)
            .values(last_media_id=remake.last_media_id)
        )
        async with self._database.write() as connection:
            await connection.execute(statement)

    async def finish(self, remake: Remake, *, now: datetime) -> None:
        """Keep when the run was finished."""
        statement = update(table).where(table.c.id == remake.id).values(finished_at=now)
        async with self._database.write() as connection:
            await connection.execute(statement)

    async def ahead(self, *, after: MediaId) -> Stretch:
        """Count media by their ids alone: the index answers it."""
        statement = select(func.count(), func.max(media.c.id)).where(media.c.id > after)
        async with self._database.read() as connection:
            count, last = (await connection.execute(statement)).one()
        return Stretch(after=after, up_to=last or after, count=count)

    async def page(self, stretch: Stretch, *, after: MediaId, limit: int) -> Sequence[Media]:
        """The next media of the stretch."""
        statement = (
            select(*media_columns())
            .where(media.c.id > after, media.c.id <= stretch.up_to)
            .order_by(media.c.id)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [to_media(row) for row in await connection.execute(statement)]
