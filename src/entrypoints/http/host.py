"""The app that Mediaport is built into: which requests it leads to us, and who makes them."""

from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import unquote

from litestar import Litestar, Request, asgi
from litestar.connection import ASGIConnection
from litestar.exceptions import NotFoundException
from litestar.handlers import ASGIRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send

from mediaport.application.ports.user_repository import Users
from mediaport.domain.errors import NotAuthenticated
from mediaport.domain.users import User, UserId
from mediaport.entrypoints.http.access import Authentication, Login, is_public

AnyConnection = ASGIConnection[Any, Any, Any, Any]
_HOST = "mediaport.host"


class AuthenticateUser(Protocol):
    """What the app says of a request: who makes it."""

    async def __call__(self, connection: AnyConnection, /) -> int | None:
        """The id of the user, a whole number from 1; None if nobody is logged in."""
        ...


class HostLogin(Login):
    """By what the app knows a user."""

    def holds(self) -> bool:
        """It is asked anew with the next request: streams end after some minutes."""
        return True


class HostAuthentication(Authentication):
    """Asks the app for the user."""

    def __init__(self, authenticate: AuthenticateUser, owners: Users) -> None:
        self._authenticate = authenticate
        self._owners = owners

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Pass on what is public, asks only which methods there are, or comes from a user.

        Raises:
            NotAuthenticated: Nobody is logged in.
        """
        if not is_public(scope["route_handler"].opt) and scope.get("method") != "OPTIONS":
            request: Mapping[str, Any] = scope
            user_id = await self._authenticate(AnyConnection(request[_HOST], receive))
            if user_id is None:
                raise NotAuthenticated("This call needs a user.", mend="Log in.")
            scope["user"], scope["auth"] = await self._owners.get(UserId(user_id)), None
        await next_app(scope, receive, send)

    def login_of(self, request: Request[User, Any, Any]) -> Login:  # noqa: ARG002 - the app knows
        """What the app has said."""
        return HostLogin()


def mounted(path: str, app: Litestar) -> ASGIRouteHandler:
    """Our app below a path of the host's, as if it were alone there."""
    prefix = f"{path}/".encode()

    @asgi(path, is_mount=True, copy_scope=False)
    async def uploads(scope: Scope, receive: Receive, send: Send) -> None:
        # Servers put the path that the host itself is mounted at in front; Litestar takes ours off.
        at, below = scope["raw_path"], scope["path"]
        scope["path"] = unquote(at.decode())
        at = at.removeprefix(scope.get("root_path", "").encode())
        if not at.startswith(prefix):  # Litestar mounts prefixes: /uploadsx, too
            raise NotFoundException
        ours: Any = {
            **scope,
            "path": below,
            "raw_path": at[len(prefix) - 1 :],
            "root_path": "",
            "state": {},
            _HOST: scope,
        }
        # Whoever the host has put there is no user of ours.
        ours.pop("user", None)
        await app(ours, receive, send)

    return uploads
