"""`/auth`: registering and logging in."""

from http import HTTPStatus
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Router, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from mediaport.application.ports.user_repository import Profile
from mediaport.application.users.log_in import LogIn
from mediaport.application.users.register import Register
from mediaport.domain.users import PASSWORD_MAX_LENGTH, PASSWORD_MIN_LENGTH, USERNAME_PATTERN
from mediaport.entrypoints.http.access import PUBLIC
from mediaport.entrypoints.http.media_object import MediaObjects
from mediaport.entrypoints.http.problems import documented
from mediaport.entrypoints.http.rates import RequestRates, address_of
from mediaport.entrypoints.http.users import ProfileObject, profile_object


class Registration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new account."""

    username: Annotated[
        str,
        Meta(
            pattern=USERNAME_PATTERN,
            description="3 to 30 of a-z, 0-9 and _",
            examples=["ada"],
        ),
    ]
    password: Annotated[
        str,
        Meta(
            min_length=PASSWORD_MIN_LENGTH,
            max_length=4 * PASSWORD_MAX_LENGTH,  # as long as decomposed
            description=f"{PASSWORD_MIN_LENGTH} to {PASSWORD_MAX_LENGTH} characters; no common "
            "password, not the user name; a server may ask for more characters",
            examples=["correct horse battery staple"],
        ),
    ]


class Credentials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Name and password."""

    username: Annotated[str, Meta(max_length=100, examples=["ada"])]
    password: Annotated[str, Meta(max_length=4 * PASSWORD_MAX_LENGTH)]  # as long as decomposed


class TokenObject(msgspec.Struct, frozen=True, kw_only=True):
    """A bearer token: send it as `Authorization: Bearer <access_token>`."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: Annotated[int, Meta(description="Seconds until it expires")]


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """A new user with their first token."""

    user: ProfileObject
    access_token: str
    token_type: Literal["Bearer"]
    expires_in: Annotated[int, Meta(description="Seconds until the token expires")]


@post(
    "/register",
    summary="Open an account",
    responses=documented(
        HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    ),
)
async def register(
    request: Request[None, None, Any],
    data: JSONBody[Registration],
    register_user: NamedDependency[Register],
    media_objects: NamedDependency[MediaObjects],
    rates: NamedDependency[RequestRates],
) -> Registered:
    """Keep a new user and log them in.

    409 `username_taken` if the name exists; 422 `password_too_common` for a password that anyone
    would try.
    """
    await rates.count_registration(address=address_of(request.scope))
    user, token = await register_user(username=data.username, password=data.password)
    return Registered(
        user=profile_object(Profile(user=user, avatar=None), media_objects),
        access_token=token,
        token_type="Bearer",  # noqa: S106 - the scheme, no secret
        expires_in=register_user.tokens.expires_in_s,
    )


@post(
    "/login",
    status_code=HTTPStatus.OK,
    summary="Log in",
    responses=documented(
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ),
)
async def log_in(
    request: Request[None, None, Any],
    data: JSONBody[Credentials],
    log_in_user: NamedDependency[LogIn],
    rates: NamedDependency[RequestRates],
) -> TokenObject:
    """Give a token for a password. The answer to an unknown name is that to a wrong password.

    429 `rate_limited` after too many tries under one name, or from one address.
    """
    await rates.count_login(data.username, address=address_of(request.scope))
    token = await log_in_user(username=data.username, password=data.password)
    return TokenObject(
        access_token=token,
        token_type="Bearer",  # noqa: S106 - the scheme, no secret
        expires_in=log_in_user.tokens.expires_in_s,
    )


router = Router("/auth", route_handlers=[register, log_in], opt=PUBLIC, tags=["auth"])
