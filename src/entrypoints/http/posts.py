"""`/posts`: posts, the feed and likes."""

from http import HTTPStatus
from typing import Annotated

import msgspec
from litestar import Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from mediaport.application.ports.post_repository import PostRepository
from mediaport.application.posts.create_post import CreatePost
from mediaport.application.posts.delete_post import DeletePost
from mediaport.application.posts.like_post import LikePost
from mediaport.application.posts.list_feed import ListFeed
from mediaport.domain.media import MediaId
from mediaport.domain.posts import POST_MAX_LENGTH, PostId
from mediaport.domain.users import User
from mediaport.entrypoints.http.access import SECURITY
from mediaport.entrypoints.http.media_object import MediaObjects
from mediaport.entrypoints.http.post_object import PostPage, PostPages, PostWithCounts, post_object
from mediaport.entrypoints.http.problems import documented
from mediaport.entrypoints.http.wire import (
    DEFAULT_PAGE,
    Cursor,
    Id,
    Limit,
    PathId,
    PathUsername,
    from_cursor,
)


class PostCreate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new post: text, a picture, or both."""

    body: Annotated[str, Meta(max_length=POST_MAX_LENGTH, examples=["Good morning"])]
    media_id: Id | None = None


class Likes(msgspec.Struct, frozen=True, kw_only=True):
    """Who likes a post, in numbers."""

    like_count: int
    liked_by_me: bool


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
    post_pages: NamedDependency[PostPages],
    limit: Limit = DEFAULT_PAGE,
    cursor: Cursor = None,
) -> PostPage:
    """Everyone's posts, newest first."""
    shown, following = await list_feed(viewer=user.id, limit=limit, before=from_cursor(cursor))
    return post_pages.page(shown, following, is_first=cursor is None)


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
    post_pages: NamedDependency[PostPages],
    *,
    limit: Limit = DEFAULT_PAGE,
    cursor: Cursor = None,
) -> PostPage:
    """One user's posts, newest first."""
    shown, following = await list_feed(
        viewer=user.id, limit=limit, before=from_cursor(cursor), username=username
    )
    return post_pages.page(shown, following, is_first=cursor is None)


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
