"""Who may call what: every route asks for a bearer token, unless it is marked as public."""

import re
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from litestar import Request
from litestar.exceptions import ClientException
from litestar.types import ASGIApp, Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from mediaport.application.users.authenticate import Authenticate
from mediaport.domain.errors import NotAuthenticated
from mediaport.domain.users import User
from mediaport.entrypoints.http.layer import Layer, header_of

MAX_PORT, _PORT = 65_535, re.compile("[0-9]{1,5}")
_PUBLIC = "is_public"
PUBLIC = {_PUBLIC: True}
"""The `opt` of a route that needs no token: the allow-list, route by route."""

SECURITY: list[dict[str, list[str]]] = [{"bearer": []}]


def is_public(opt: Mapping[str, Any]) -> bool:
    """Whether a route with this `opt` needs no token."""
    return _PUBLIC in opt


class HostCheck(Layer):
    """Refuses a Host header that is no host: the framework builds URLs from it."""

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Pass on what has a host, or none.

        Raises:
            ClientException: The port is no number from 0 to 65535.
        """
        host = header_of(scope, b"host") or ""
        port = host.rpartition("]")[2].partition(":")[2]
        if port and not (_PORT.fullmatch(port) and int(port) <= MAX_PORT):
            raise ClientException(f"The Host header {host!r} is no host")
        await next_app(scope, receive, send)


@runtime_checkable  # the event stream asks for it by its type
class Login(Protocol):
    """That a user has proved who they are."""

    @abstractmethod
    def holds(self) -> bool:
        """Whether it still does. That asks no database."""
        ...


class Authentication(Layer):
    """Puts the user who calls into the request of each route that is not public."""

    @abstractmethod
    def login_of(self, request: Request[User, Any, Any]) -> Login:
        """By what the user of a request is known."""
        ...


@dataclass(frozen=True, slots=True)
class BearerLogin(Login):
    """By a token."""

    authenticate: Authenticate
    token: str

    def holds(self) -> bool:
        """Whether the token still proves something."""
        return self.authenticate.holds(self.token)


class BearerAuthentication(Authentication):
    """Finds the user behind the token."""

    def __init__(self, authenticate: Authenticate) -> None:
        self._authenticate = authenticate

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Pass on what is public, asks only which methods there are, or bears a token.

        Raises:
            NotAuthenticated: There is no token, or it proves nothing.
        """
        if not is_public(scope["route_handler"].opt) and scope.get("method") != "OPTIONS":
            token = _bearer_token(scope)
            user = await self._authenticate(token)
            scope["user"], scope["auth"] = user, token
            bind_contextvars(user_id=user.id)
        await next_app(scope, receive, send)

    def login_of(self, request: Request[User, Any, Any]) -> Login:
        """The token of a request."""
        return BearerLogin(self._authenticate, request.auth)


def _bearer_token(scope: Scope) -> str:
    scheme, _, token = (header_of(scope, b"authorization") or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotAuthenticated("This call needs a user.")
    return token.strip()


def current_user(request: Request[User, str, Any]) -> User:
    """The user who calls."""
    return request.user
