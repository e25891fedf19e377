"""What stands in front of every handler, layer by layer."""

from abc import ABC, abstractmethod
from functools import partial

from litestar.types import ASGIApp, Receive, Scope, Send


class Layer(ABC):
    """A middleware of every route.

    The framework's own base looks, for each request, for four ways round the middleware: with
    seven of them, that is a tenth of all that a request costs outside the database.
    """

    def __call__(self, app: ASGIApp) -> ASGIApp:
        """The app behind this layer."""
        return partial(self.handle, next_app=app)

    @abstractmethod
    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Do its own, and pass on."""
        ...


def header_of(scope: Scope, name: bytes) -> str | None:
    """The first header of that name, in small letters. Where few are asked for, parsing is dear."""
    for known, value in scope["headers"]:
        if known == name:
            return value.decode("latin-1")
    return None
