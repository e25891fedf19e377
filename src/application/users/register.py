"""Someone opens an account."""

from dataclasses import dataclass

from mediaport.application.ports.clock import Clock
from mediaport.application.ports.passwords import Passwords
from mediaport.application.ports.tokens import Tokens
from mediaport.application.ports.user_repository import UserRepository
from mediaport.domain.errors import PasswordTooCommon
from mediaport.domain.users import PASSWORD_MIN_LENGTH, User, UserId, check_password, normalised


@dataclass(frozen=True, slots=True)
class Register:
    """Keeps a new user and logs them in."""

    users: UserRepository
    passwords: Passwords
    tokens: Tokens
    clock: Clock
    password_min_length: int = PASSWORD_MIN_LENGTH

    async def __call__(self, *, username: str, password: str) -> tuple[User, str]:
        """The new user and their token.

        Raises:
            UsernameUnfit: The name is not of the allowed form.
            PasswordUnfit: The password is too short or too long.
            PasswordTooCommon: It is one that anyone would try.
            UsernameTaken: The name exists.
        """
        password = normalised(password)
        check_password(password, username=username, min_length=self.password_min_length)
        if await self.passwords.is_common(password):
            raise PasswordTooCommon
        password_hash = await self.passwords.hash(password)
        now = self.clock.now()

        def make(user_id: UserId) -> User:
            return User(id=user_id, username=username, password_hash=password_hash, created_at=now)

        user = await self.users.add(make)
        return user, self.tokens.issue(user.id, now=now)
