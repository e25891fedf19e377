"""Who may call what: every route asks for a bearer token, unless it is marked as public."""

from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult
from litestar.types import ASGIApp

from mediaport.application.users.authenticate import Authenticate
from mediaport.domain.errors import NotAuthenticated
from mediaport.domain.users import User

_PUBLIC = "is_public"
PUBLIC = {_PUBLIC: True}
"""The `opt` of a route that needs no token: the allow-list, route by route."""

SECURITY: list[dict[str, list[str]]] = [{"bearer": []}]


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
