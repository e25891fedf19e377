"""`/users`: profiles and avatars."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

import msgspec
from litestar import Router, get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from mediaport.application.ports.shown import Author
from mediaport.application.ports.user_repository import Profile, UserRepository
from mediaport.application.users.set_avatar import SetAvatar
from mediaport.domain.media import MediaId
from mediaport.domain.users import User
from mediaport.entrypoints.http.access import SECURITY
from mediaport.entrypoints.http.media_object import MediaObject, MediaObjects
from mediaport.entrypoints.http.problems import documented
from mediaport.entrypoints.http.wire import Id, PathUsername


class PersonObject(msgspec.Struct, frozen=True, kw_only=True):
    """Someone who posted or commented."""

    id: int
    username: str
    avatar_url: str | None
    avatar_thumb_url: Annotated[
        str | None, Meta(description="The avatar's smallest thumbnail; null until it is made")
    ]


class ProfileObject(msgspec.Struct, frozen=True, kw_only=True):
    """A user with their avatar."""

    id: int
    username: str
    avatar_url: str | None
    avatar_thumb_url: str | None
    avatar: MediaObject | None
    created_at: datetime


class AvatarChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which media to show as the avatar; null for none."""

    media_id: Id | None


def person_object(author: Author, media_objects: MediaObjects) -> PersonObject:
    """A user as posts and comments show them."""
    avatar = author.avatar
    return PersonObject(
        id=author.id,
        username=author.username,
        avatar_url=media_objects.shown_url(avatar) if avatar else None,
        avatar_thumb_url=media_objects.smallest_url(avatar) if avatar else None,
    )


def profile_object(profile: Profile, media_objects: MediaObjects) -> ProfileObject:
    """A user as their profile shows them."""
    author = Author.of(profile.user, profile.avatar)
    person = person_object(author, media_objects)
    return ProfileObject(
        id=person.id,
        username=person.username,
        avatar_url=person.avatar_url,
        avatar_thumb_url=person.avatar_thumb_url,
        avatar=media_objects.shown(author.avatar) if author.avatar else None,
        created_at=profile.user.created_at,
    )


@get("/me", summary="Your profile", responses=documented(HTTPStatus.UNAUTHORIZED))
async def show_me(
    user: NamedDependency[User],
    users: NamedDependency[UserRepository],
    media_objects: NamedDependency[MediaObjects],
) -> ProfileObject:
    """Show the profile of the caller."""
    return profile_object(await users.profile(user.username), media_objects)


@get(
    "/{username:str}",
    summary="A profile",
    responses=documented(HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND),
)
async def show_user(
    username: PathUsername,
    users: NamedDependency[UserRepository],
    media_objects: NamedDependency[MediaObjects],
) -> ProfileObject:
    """Show someone's profile."""
    return profile_object(await users.profile(username), media_objects)


@put(
    "/me/avatar",
    summary="Set, replace or clear your avatar",
    responses=documented(
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.CONFLICT,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    ),
)
async def choose_avatar(
    data: JSONBody[AvatarChoice],
    user: NamedDependency[User],
    set_avatar: NamedDependency[SetAvatar],
    media_objects: NamedDependency[MediaObjects],
) -> ProfileObject:
    """Show ready media of kind avatar, or none. The media shown before is deleted."""
    media_id = None if data.media_id is None else MediaId(data.media_id)
    return profile_object(await set_avatar(media_id, by=user.id), media_objects)


router = Router(
    "/users",
    route_handlers=[show_me, show_user, choose_avatar],
    security=SECURITY,
    tags=["users"],
)
