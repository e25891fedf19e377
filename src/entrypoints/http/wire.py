"""What several resources share on the wire: ids, cursors, pages."""

import base64
import binascii
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from litestar import Request
from litestar.params import PathParameter, QueryParameter
from msgspec import Meta

from mediaport.application.ports.post_repository import Position
from mediaport.application.posts.list_feed import MAX_PAGE
from mediaport.domain.errors import CursorUnfit
from mediaport.domain.users import USERNAME_PATTERN

# JavaScript's largest exact integer; the databases hold more.
MAX_ID = 2**53 - 1
DEFAULT_PAGE = 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Id = Annotated[int, Meta(ge=1, le=MAX_ID)]
PathId = Annotated[int, PathParameter(ge=1, le=MAX_ID)]
PathUsername = Annotated[str, PathParameter(pattern=USERNAME_PATTERN)]
Limit = Annotated[int, QueryParameter(ge=1, le=MAX_PAGE, description="Items per page")]
Cursor = Annotated[
    str | None, QueryParameter(max_length=100, description="`next_cursor` of the page before")
]


def etag_of(body: bytes) -> str:
    """A strong ETag, in its quotes."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def is_known(request: Request[Any, Any, Any], tag: str) -> bool:
    """Whether `If-None-Match` names an answer by its quoted ETag."""
    known = [part.strip() for part in request.headers.get("if-none-match", "").split(",")]
    return tag in known or f"W/{tag}" in known


def to_cursor(position: Position | None) -> str | None:
    """A place in a list as an opaque, URL-safe string."""
    if position is None:
        return None
    microseconds = (position.created_at - _EPOCH) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(f"{microseconds}.{position.id}".encode()).decode().rstrip("=")


def from_cursor(cursor: str | None) -> Position | None:
    """The place that a cursor stands for.

    Raises:
        CursorUnfit: No page gave out such a cursor.
    """
    if cursor is None:
        return None
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        microseconds, _, number = text.partition(b".")
        position = Position(
            created_at=_EPOCH + timedelta(microseconds=int(microseconds)), id=int(number)
        )
    except (ValueError, OverflowError, binascii.Error) as error:
        raise CursorUnfit(cursor) from error
    if not 0 <= position.id <= MAX_ID:
        raise CursorUnfit(cursor)
    return position
