"""`/posts`: posts, the feed and likes."""

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

import msgspec
from litestar import Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from mediaport.application.ports.post_repository import Position, PostRepository, ShownPost
from mediaport.application.posts.create_post import CreatePost
from mediaport.application.posts.delete_post import DeletePost
from mediaport.application.posts.like_post import LikePost
from mediaport.application.posts.list_feed import ListFeed
from mediaport.domain.media import MediaId
from mediaport.domain.posts import POST_MAX_LENGTH, PostId
from mediaport.domain.users import User
from mediaport.entrypoints.http.access import SECURITY
from mediaport.entrypoints.http.media_object import MediaObject, MediaObjects
from mediaport.entrypoints.http.problems import documented
from mediaport.entrypoints.http.users import PersonObject, person_object
from mediaport.entrypoints.http.wire import (
    DEFAULT_PAGE,
    Cursor,
    Id,
    Limit,
    PathId,
    PathUsername,
    from_cursor,
    to_cursor,
)


class PostCreate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new post: text, a picture, or both."""

    body: Annotated[str, Meta(max_length=POST_MAX_LENGTH, examples=["Good morning"])]
    media_id: Id | None = None


class PostWithCounts(msgspec.Struct, frozen=True, kw_only=True):
    """A post as the caller sees it."""

    id: int
    body: str
    owner: PersonObject
    media_id: int | None
    media_url: str | None
    media: MediaObject | None
    like_count: int
    comment_count: int
    liked_by_me: bool
    created_at: datetime


class PostPage(msgspec.Struct, frozen=True, kw_only=True):
    """Posts, newest first."""

    items: list[PostWithCounts]
    next_cursor: Annotated[str | None, Meta(description="Null on the last page")]


class Likes(msgspec.Struct, frozen=True, kw_only=True):
    """Who likes a post, in numbers."""

    like_count: int
    liked_by_me: bool


def post_object(shown: ShownPost, media_objects: MediaObjects) -> PostWithCounts:
    """A post as the API shows it."""
    media = media_objects.of(shown.media) if shown.media else None
    return PostWithCounts(
        id=shown.post.id,
        body=shown.post.body,
        owner=person_object(shown.owner, media_objects),
        media_id=shown.post.media_id,
        media_url=media.media_url if media else None,
        media=media,
        like_count=shown.post.like_count,
        comment_count=shown.post.comment_count,
        liked_by_me=shown.liked_by_me,
        created_at=shown.post.created_at,
    )


def post_page(
    shown: Sequence[ShownPost], following: Position | None, media_objects: MediaObjects
) -> PostPage:
    """A page of posts as the API shows it."""
    items = [post_object(item, media_objects) for item in shown]
    return PostPage(items=items, next_cursor=to_cursor(following))


@post(
    "/",
    summary="Publish a post",
    responses=documented(
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.CONFLICT,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    ),
)
async def publish(
    data: JSONBody[PostCreate],
    user: NamedDependency[User],
    create_post: NamedDependency[CreatePost],
    media_objects: NamedDependency[MediaObjects],
) -> PostWithCounts:
    """Publish text, a picture of yours that is ready and of kind post_image, or both."""
    media_id = None if data.media_id is None else MediaId(data.media_id)
    post = await create_post(body=data.body, media_id=media_id, by=user.id)
    return post_object(post, media_objects)


@get(
    "/",
    summary="The feed",
    responses=documented(HTTPStatus.UNAUTHORIZED, HTTPStatus.UNPROCESSABLE_ENTITY),
)
async def feed(
    user: NamedDependency[User],
    list_feed: NamedDependency[ListFeed],
    media_objects: NamedDependency[MediaObjects],
    limit: Limit = DEFAULT_PAGE,
    cursor: Cursor = None,
) -> PostPage:
    """Everyone's posts, newest first."""
    shown, following = await list_feed(viewer=user.id, limit=limit, before=from_cursor(cursor))
    return post_page(shown, following, media_objects)


@get(
    "/users/{username:str}/posts",
    tags=["users"],
    summary="Someone's posts",
    responses=documented(
        HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY
    ),
)
async def posts_of_user(
    username: PathUsername,
    user: NamedDependency[User],
    list_feed: NamedDependency[ListFeed],
    media_objects: NamedDependency[MediaObjects],
    *,
    limit: Limit = DEFAULT_PAGE,
    cursor: Cursor = None,
) -> PostPage:
    """One user's posts, newest first."""
    shown, following = await list_feed(
        viewer=user.id, limit=limit, before=from_cursor(cursor), username=username
    )
    return post_page(shown, following, media_objects)


@get(
    "/{post_id:int}",
    summary="A post",
    responses=documented(HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND),
)
async def show(
    post_id: PathId,
    user: NamedDependency[User],
    posts: NamedDependency[PostRepository],
    media_objects: NamedDependency[MediaObjects],
) -> PostWithCounts:
    """Show one post."""
    return post_object(await posts.show(PostId(post_id), viewer=user.id), media_objects)


@delete(
    "/{post_id:int}",
    summary="Delete a post of yours",
    responses=documented(HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND),
)
async def remove(
    post_id: PathId, user: NamedDependency[User], delete_post: NamedDependency[DeletePost]
) -> None:
    """Delete a post with its likes, its comments and its picture."""
    await delete_post(PostId(post_id), by=user.id)


@put(
    "/{post_id:int}/like",
    summary="Like a post",
    responses=documented(HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND),
)
async def like(
    post_id: PathId, user: NamedDependency[User], like_post: NamedDependency[LikePost]
) -> Likes:
    """Like a post; once is enough."""
    count = await like_post(PostId(post_id), by=user.id)
    return Likes(like_count=count, liked_by_me=True)


@delete(
    "/{post_id:int}/like",
    status_code=HTTPStatus.OK,
    summary="Take a like back",
    responses=documented(HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND),
)
async def unlike(
    post_id: PathId, user: NamedDependency[User], like_post: NamedDependency[LikePost]
) -> Likes:
    """No longer like a post."""
    count = await like_post.take_back(PostId(post_id), by=user.id)
    return Likes(like_count=count, liked_by_me=False)


router = Router(
    "/posts",
    route_handlers=[publish, feed, show, remove, like, unlike],
    security=SECURITY,
    tags=["posts"],
)
user_posts_router = Router("/", route_handlers=[posts_of_user], security=SECURITY)
