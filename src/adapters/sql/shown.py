"""Rows to what is shown: a row has a post or a comment, who wrote it, and pictures, by position."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import FromClause

from mediaport.adapters.sql.rows import VARIANTS, columns_of, variants_column
from mediaport.application.ports.shown import ShownComment, ShownMedia, ShownPost
from mediaport.domain.keys import variant_keys

# Of first pages: those of the feed, and of people who are looked at. Some 2 kB each.
KNOWN_POSTS = 1000
# The fields of what is shown come in the order of its columns: what is no column comes last.
_MEDIA_COLUMNS = ShownMedia._fields[: ShownMedia._fields.index("thumbnails")]
_POST_COLUMNS = ShownPost._fields[: ShownPost._fields.index("liked_by_me")]
_COMMENT_COLUMNS = ShownComment._fields[: ShownComment._fields.index("author")]
_URL = _MEDIA_COLUMNS.index("public_url")
_MEDIA_WIDTH = len(ShownMedia._fields)
# Where in a post's row they begin. Of an author, the id and the name come before the avatar.
_OWNER = len(_POST_COLUMNS) + 1
_PICTURE = _OWNER + 2 + _MEDIA_WIDTH


def post_columns(
    post: FromClause, liked: Any, owner: FromClause, avatar: FromClause, picture: FromClause
) -> list[Any]:
    """All that `to_shown_post` asks for; `liked` says whether the viewer likes it."""
    return [
        *columns_of(post, _POST_COLUMNS),
        liked,
        *_author_columns(owner, avatar),
        *_media_columns(picture),
    ]


def comment_columns(comment: FromClause, author: FromClause, avatar: FromClause) -> list[Any]:
    """All that `to_shown_comment` asks for."""
    return [*columns_of(comment, _COMMENT_COLUMNS), *_author_columns(author, avatar)]


def to_shown_post(row: Sequence[Any]) -> ShownPost:
    """The post in the values of `post_columns`."""
    values = (*row[:_OWNER], _author(row, at=_OWNER), _media(row, at=_PICTURE))
    return msgspec.convert(values, ShownPost)


def to_known_post(row: Sequence[Any]) -> ShownPost:
    """The same, and the same object where the row is as it was: for what everyone looks at.

    To compare a row costs a tenth of building what is in it.
    """
    values = tuple(row)
    place = _place(values[0], values[_OWNER - 1])
    if not place or place[0] != values:
        place[:] = values, to_shown_post(values)
    shown: ShownPost = place[1]
    return shown


@lru_cache(KNOWN_POSTS)
def _place(post_id: int, is_liked: bool) -> list[Any]:  # noqa: FBT001, ARG001 - the key
    """Where the latest row of a post is kept, with what was made of it."""
    return []


def to_shown_comment(row: Sequence[Any]) -> ShownComment:
    """The comment in the values of `comment_columns`."""
    at = len(_COMMENT_COLUMNS)
    return msgspec.convert((*row[:at], _author(row, at=at)), ShownComment)


def _author_columns(user: FromClause, avatar: FromClause) -> list[Any]:
    return [user.c.id, user.c.username, *_media_columns(avatar)]


def _media_columns(table: FromClause) -> list[Any]:
    return [*columns_of(table, _MEDIA_COLUMNS), variants_column(table)]


def _author(row: Sequence[Any], *, at: int) -> Sequence[Any]:
    return row[at], row[at + 1], _media(row, at=at + 2)


def _media(row: Sequence[Any], *, at: int) -> Sequence[Any] | None:
    """What is shown of a media item, if there is one."""
    if row[at] is None:
        return None
    *values, variants = row[at : at + _MEDIA_WIDTH]
    sizes = [variant[0] for variant in VARIANTS.decode(variants)] if variants else ()
    values.append(variant_keys(values[_URL], sizes))
    return values
