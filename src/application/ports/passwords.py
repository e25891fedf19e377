"""How passwords are kept."""

from abc import abstractmethod
from typing import Protocol


class Passwords(Protocol):
    """Slow, salted password hashes, computed off the event loop, and what nobody should use."""

    @abstractmethod
    async def hash(self, password: str) -> str:
        """A salted hash that holds its own parameters."""
        ...

    @abstractmethod
    async def is_common(self, password: str) -> bool:
        """Whether it is among the passwords that are tried first, in capitals or not."""
        ...

    @abstractmethod
    async def verify(self, password: str, password_hash: str | None) -> bool:
        """Whether the password is the hashed one.

        Without a hash (no such user) the answer is False after the same work, so that the time
        taken does not tell which names exist.
        """
        ...
