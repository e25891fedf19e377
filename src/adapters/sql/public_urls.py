"""Stored URLs, in SQL. `media_variants` has them, too, for whoever reads the tables."""

from collections import Counter

from sqlalchemy import ColumnElement, String, func, literal, select, update

from mediaport.adapters.sql.database import Database
from mediaport.adapters.sql.tables import media, media_variants
from mediaport.application.ports.public_urls import BasesPage, PublicUrls, RewrittenPage
from mediaport.domain.media import MediaId

stored_base = func.substr(
    media.c.public_url, 1, func.length(media.c.public_url) - func.length(media.c.object_key) - 1
)


class SqlPublicUrls(PublicUrls):
    """Reads and changes `media` and `media_variants`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def bases(self, *, bucket: str, after: MediaId, limit: int) -> BasesPage:
        """Count bases, in the database."""
        page = (
            select(media.c.id, media.c.bucket, stored_base.label("base"))
            .where(media.c.id > after)
            .order_by(media.c.id)
            .limit(limit)
            .subquery()
        )
        counted = select(
            page.c.bucket,
            page.c.base,
            func.count().label("media"),
            func.max(page.c.id).label("last"),
        ).group_by(page.c.bucket, page.c.base)
        async with self._database.read() as connection:
            rows = (await connection.execute(counted)).all()
        return BasesPage(
            last=max((MediaId(row.last) for row in rows), default=None),
            counts=Counter({row.base: row.media for row in rows if row.bucket == bucket}),
            elsewhere=sum(row.media for row in rows if row.bucket != bucket),
        )

    async def rewrite(
        self, *, bucket: str, base: str, old: str | None, after: MediaId, limit: int
    ) -> RewrittenPage:
        """Give media another base, under locks that are taken in the order of their ids."""
        page = select(media.c.id).where(media.c.id > after).order_by(media.c.id).limit(limit)
        async with self._database.write() as connection:
            ids = (await connection.scalars(page)).all()
            wrong = select(media.c.id).where(
                media.c.id.in_(ids), media.c.bucket == bucket, stored_base != base
            )
            if old is not None:
                wrong = wrong.where(stored_base == old)
            chosen = (await connection.scalars(wrong.order_by(media.c.id).with_for_update())).all()
            of_media = update(media).where(media.c.id.in_(chosen))
            await connection.execute(of_media.values(public_url=_at(base, media.c.object_key)))
            # Not only of those: a worker may have had one in hand when its URL was rewritten.
            right = select(media.c.id).where(
                media.c.id.in_(ids), media.c.bucket == bucket, stored_base == base
            )
            url = _at(base, media_variants.c.object_key)
            of_variants = update(media_variants).where(
                media_variants.c.media_id.in_(right), media_variants.c.url != url
            )
            await connection.execute(of_variants.values(url=url))
        return RewrittenPage(last=MediaId(ids[-1]) if ids else None, media=len(chosen))


def _at(base: str, key: ColumnElement[str]) -> ColumnElement[str]:
    return literal(f"{base}/", String).concat(key)
