"""`/posts/{id}/comments`: what people say under a post."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

import msgspec
from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from mediaport.application.ports.shown import ShownComment
from mediaport.application.posts.comment_on_post import CommentOnPost
from mediaport.application.posts.list_comments import ListComments
from mediaport.domain.posts import COMMENT_MAX_LENGTH, PostId
from mediaport.domain.users import User
from mediaport.entrypoints.http.access import SECURITY
from mediaport.entrypoints.http.media_object import MediaObjects
from mediaport.entrypoints.http.problems import documented
from mediaport.entrypoints.http.users import PersonObject, person_object
from mediaport.entrypoints.http.wire import (
    DEFAULT_PAGE,
    Cursor,
    Limit,
    PathId,
    from_cursor,
    to_cursor,
)


class CommentCreate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new comment."""

    body: Annotated[str, Meta(min_length=1, max_length=COMMENT_MAX_LENGTH)]


class CommentObject(msgspec.Struct, frozen=True, kw_only=True):
    """A comment."""

    id: int
    post_id: int
    body: str
    author: PersonObject
    created_at: datetime


class CommentPage(msgspec.Struct, frozen=True, kw_only=True):
    """Comments, oldest first."""

    items: list[CommentObject]
    next_cursor: Annotated[str | None, Meta(description="Null on the last page")]


def comment_object(shown: ShownComment, media_objects: MediaObjects) -> CommentObject:
    """A comment as the API shows it."""
    return CommentObject(
        id=shown.id,
        post_id=shown.post_id,
        body=shown.body,
        author=person_object(shown.author, media_objects),
        created_at=shown.created_at,
    )


@get(
    "/",
    summary="Comments under a post",
    responses=documented(
        HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY
    ),
)
async def comments(
    post_id: PathId,
    list_comments: NamedDependency[ListComments],
    media_objects: NamedDependency[MediaObjects],
    limit: Limit = DEFAULT_PAGE,
    cursor: Cursor = None,
) -> CommentPage:
    """The comments under a post, oldest first."""
    shown, following = await list_comments(PostId(post_id), limit=limit, after=from_cursor(cursor))
    items = [comment_object(item, media_objects) for item in shown]
    return CommentPage(items=items, next_cursor=to_cursor(following))


@post(
    "/",
    summary="Comment on a post",
    responses=documented(
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    ),
)
async def comment(
    post_id: PathId,
    data: JSONBody[CommentCreate],
    user: NamedDependency[User],
    comment_on_post: NamedDependency[CommentOnPost],
    media_objects: NamedDependency[MediaObjects],
) -> CommentObject:
    """Say something under a post."""
    shown = await comment_on_post(PostId(post_id), body=data.body, by=user.id)
    return comment_object(shown, media_objects)


router = Router(
    "/posts/{post_id:int}/comments",
    route_handlers=[comments, comment],
    security=SECURITY,
    tags=["posts"],
)
