"""A user proves who they are by their password."""

from dataclasses import dataclass

from mediaport.application.ports.clock import Clock
from mediaport.application.ports.passwords import Passwords
from mediaport.application.ports.tokens import Tokens
from mediaport.application.ports.user_repository import UserRepository
from mediaport.domain.errors import WrongCredentials
from mediaport.domain.users import is_username, normalised


@dataclass(frozen=True, slots=True)
class LogIn:
    """Gives a token for a password. Unknown names cost the same work as wrong passwords."""

    users: UserRepository
    passwords: Passwords
    tokens: Tokens
    clock: Clock

    async def __call__(self, *, username: str, password: str) -> str:
        """A token.

        Raises:
            WrongCredentials: The name is unknown, or the password is not theirs.
        """
        user = await self.users.find(username) if is_username(username) else None
        known = user.password_hash if user else None
        right = await self.passwords.verify(normalised(password), known)
        if user is None or not right:
            raise WrongCredentials
        return self.tokens.issue(user.id, now=self.clock.now())
