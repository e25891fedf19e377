"""The statements on media items that are compiled once, and the conditions of all others."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    Column,
    ColumnElement,
    Select,
    String,
    and_,
    bindparam,
    cast,
    exists,
    func,
    insert,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from mediaport.adapters.sql.rows import (
    MEDIA_COLUMNS,
    columns_of,
    media_columns,
)
from mediaport.adapters.sql.statements import Statement, written_out
from mediaport.adapters.sql.tables import media as table
from mediaport.adapters.sql.tables import media_usage, object_deletions
from mediaport.adapters.sql.types import UtcDateTime
from mediaport.domain.media import Media, Status, ThumbnailsStatus
from mediaport.domain.policy import UploadPolicy
from mediaport.domain.users import UserId

COLUMNS = columns_of(table, MEDIA_COLUMNS)
# Written out: a plan that is made before the values are known can use the partial indexes.
IS_PENDING = table.c.status == written_out(Status.PENDING)
OWES_THUMBNAILS = and_(
    table.c.status == written_out(Status.READY),
    table.c.thumbnails_status == written_out(ThumbnailsStatus.PENDING),
)
# The same of a row that is found by its key. As expressions, they fit no partial index: where
# little was pending when PostgreSQL last counted, it would read all that is pending since.
IT_IS_PENDING = table.c.status.concat(written_out("")) == written_out(Status.PENDING)
IT_OWES_THUMBNAILS = and_(
    table.c.status.concat(written_out("")) == written_out(Status.READY),
    table.c.thumbnails_status.concat(written_out("")) == written_out(ThumbnailsStatus.PENDING),
)


def is_free(
    claim: Column[datetime], now: datetime | BindParameter[datetime]
) -> ColumnElement[bool]:
    """Whether nobody holds a claim at that time."""
    return or_(claim.is_(None), claim <= now)


def usage_of(owner_id: UserId, now: datetime) -> Select[int, int, Any, int]:
    """What `Usage` says, of one owner."""
    is_live = and_(IS_PENDING, table.c.expires_at > now)

    def total(condition: ColumnElement[bool]) -> ColumnElement[int]:
        sizes = func.sum(cast(table.c.size_bytes, BigInteger)).filter(condition)
        return cast(func.coalesce(sizes, 0), BigInteger)

    # What is over, but just being completed: these few rows alone are looked at themselves.
    is_completing = and_(
        table.c.owner_id == owner_id,
        IS_PENDING,
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


GET = Statement(select(*media_columns()).where(table.c.id == bindparam("media_id")))

_size = bindparam("size_bytes", type_=BigInteger())
# Locked, so that of several at once each sees what the others have added. Whoever locks a media
# item, too, does that first; whoever locks the owner does it after.
ROOM = (
    select(media_usage.c.owner_id)
    .where(
        media_usage.c.owner_id == bindparam("owner_id"),
        media_usage.c.pending < bindparam("max_pending"),
        media_usage.c.pending_bytes + _size <= bindparam("max_pending_bytes"),
        media_usage.c.pending_bytes + media_usage.c.stored_bytes + _size
        <= bindparam("max_stored_bytes"),
    )
    .with_for_update(key_share=True)
)
ADD = Statement(
    insert(table)
    .from_select(
        MEDIA_COLUMNS,
        select(*(bindparam(name, type_=table.c[name].type) for name in MEDIA_COLUMNS)).select_from(
            ROOM.cte("room")
        ),
    )
    .returning(table.c.id)
)


CHECK = Statement(select(table.c.id).limit(written_out(1)))


def limits_of(media: Media, policy: UploadPolicy) -> dict[str, int]:
    """The values of `ROOM`: what is asked for, and how much one may have."""
    return {
        "owner_id": media.owner_id,
        "size_bytes": media.size_bytes,
        "max_pending": policy.max_pending,
        "max_pending_bytes": policy.max_pending_bytes,
        "max_stored_bytes": policy.max_stored_bytes,
    }


def _next_owed() -> Statement:
    """By two looks into `ix_media_owed_by_owner`: who is next, and what they have waited for."""
    is_owed = and_(
        OWES_THUMBNAILS,
        is_free(table.c.thumbnails_claimed_until, bindparam("now", type_=UtcDateTime())),
    )
    owner = select(func.max(table.c.owner_id)).where(
        is_owed, table.c.owner_id < bindparam("before", type_=BigInteger())
    )
    return Statement(
        select(table.c.id, table.c.owner_id)
        .where(is_owed, table.c.owner_id == owner.scalar_subquery())
        .order_by(table.c.ready_at)
        .limit(written_out(1))
    )


NEXT_OWED = _next_owed()


class Change:
    """An UPDATE of one media item, alone or with deletions that are written down with it."""

    def __init__(self, change: ReturningUpdate[Any]) -> None:
        changed = change.cte("changed")
        both = func.unnest(
            bindparam("keys", type_=ARRAY(String)), bindparam("due", type_=ARRAY(UtcDateTime))
        )
        keys = both.table_valued("object_key", "due_at").render_derived()
        written = (
            insert(object_deletions)
            .from_select(
                ["object_key", "due_at"],
                select(keys.c.object_key, keys.c.due_at).where(exists(select(changed.c.id))),
            )
            .cte("written")
        )
        self.alone = change
        self.and_written = Statement(select(changed).add_cte(written), writes=True)


_claimed_until = bindparam("claimed_until", type_=UtcDateTime())
_until = bindparam("until", type_=UtcDateTime())
CLAIM = Change(
    update(table)
    .where(
        table.c.id == bindparam("media_id"),
        IT_IS_PENDING,
        is_free(table.c.completion_claimed_until, bindparam("now", type_=UtcDateTime())),
    )
    .values(completion_claimed_until=_until)
    .returning(*COLUMNS)
)
RELEASE = Statement(
    update(table)
    .where(table.c.id == bindparam("media_id"), table.c.completion_claimed_until == _claimed_until)
    .values(completion_claimed_until=None)
)
MARK_READY = Change(
    update(table)
    .where(
        table.c.id == bindparam("media_id"),
        IT_IS_PENDING,
        table.c.completion_claimed_until == _claimed_until,
    )
    .values(
        status=Status.READY,
        etag=bindparam("new_etag"),
        size_bytes=bindparam("new_size_bytes"),
        width=bindparam("new_width"),
        height=bindparam("new_height"),
        ready_at=bindparam("new_ready_at"),
        unattached_since=bindparam("new_ready_at"),
        completion_claimed_until=None,
    )
    .returning(table.c.id)
)
