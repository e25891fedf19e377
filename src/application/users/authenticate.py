"""A call is made in a user's name."""

from dataclasses import dataclass

from mediaport.application.ports.clock import Clock
from mediaport.application.ports.tokens import Tokens
from mediaport.application.ports.user_repository import Users
from mediaport.domain.errors import NotAuthenticated, UserNotFound
from mediaport.domain.users import User


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Finds the user behind a token. A token of a deleted user is worth nothing.

    How soon that is noticed is up to `users`.
    """

    users: Users
    tokens: Tokens
    clock: Clock

    async def __call__(self, token: str) -> User:
        """The user who bears the token.

        Raises:
            NotAuthenticated: The token proves nothing, or its user is gone.
        """
        user_id = self.tokens.verify(token, now=self.clock.now())
        try:
            return await self.users.get(user_id)
        except UserNotFound as error:
            raise NotAuthenticated.as_deleted() from error

    def holds(self, token: str) -> bool:
        """Whether a token that proved something still does. That asks no database."""
        try:
            self.tokens.verify(token, now=self.clock.now())
        except NotAuthenticated:
            return False
        return True
