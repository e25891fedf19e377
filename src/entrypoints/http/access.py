"""Who may call what: every route asks for a bearer token, unless it is marked as public."""

import re
from collections.abc import Mapping
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import Headers
from litestar.exceptions import ClientException
from litestar.middleware import (
    AbstractAuthenticationMiddleware,
    ASGIMiddleware,
    AuthenticationResult,
)
from litestar.types import ASGIApp, Receive, Scope, Send

from mediaport.application.users.authenticate import Authenticate
from mediaport.domain.errors import NotAuthenticated
from mediaport.domain.users import User

MAX_PORT, _PORT = 65_535, re.compile("[0-9]{1,5}")
_PUBLIC = "is_public"
PUBLIC = {_PUBLIC: True}
"""The `opt` of a route that needs no token: the allow-list, route by route."""

SECURITY: list[dict[str, list[str]]] = [{"bearer": []}]


def is_public(opt: Mapping[str, Any]) -> bool:
    """Whether a route with this `opt` needs no token."""
    return _PUBLIC in opt


class HostCheck(ASGIMiddleware):
    """Refuses a Host header that is no host: the framework builds URLs from it."""

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Pass on what has a host, or none.

        Raises:
            ClientException: The port is no number from 0 to 65535.
        """
        host = Headers.from_scope(scope).get("host", "")
        port = host.rpartition("]")[2].partition(":")[2]
        if port and not (_PORT.fullmatch(port) and int(port) <= MAX_PORT):
            raise ClientException(f"The Host header {host!r} is no host")
        await next_app(scope, receive, send)


class BearerAuthentication(AbstractAuthenticationMiddleware):
    """Puts the user behind the token into the request."""

    def __init__(self, app: ASGIApp, authenticate: Authenticate) -> None:
        super().__init__(app, exclude_from_auth_key=_PUBLIC)
        self._authenticate = authenticate

    async def authenticate_request(
        self, connection: ASGIConnection[Any, Any, Any, Any]
    ) -> AuthenticationResult:
        """The user who bears the token.

        Raises:
            NotAuthenticated: There is no token, or it proves nothing.
        """
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise NotAuthenticated("This call needs a user.")
        return AuthenticationResult(user=await self._authenticate(token.strip()), auth=token)


def current_user(request: Request[User, str, Any]) -> User:
    """The user who calls."""
    return request.user
