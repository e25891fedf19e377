"""Password hashes that hash nothing."""

from mediaport.application.ports.passwords import Passwords


class MemoryPasswords(Passwords):
    """Marks passwords instead of hashing them, and counts the work.

    Attributes:
        verified: How many verifications were computed, of known and unknown users alike.
    """

    COMMON = frozenset({"password", "password1", "1234567890"})

    def __init__(self) -> None:
        self.verified = 0
        self._hashed = 0

    async def hash(self, password: str) -> str:
        """The password with a salt in front of it."""
        self._hashed += 1
        return f"{self._hashed}${password}"

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """Whether the password stands behind the salt."""
        self.verified += 1
        return password_hash is not None and password_hash.partition("$")[2] == password

    async def is_common(self, password: str) -> bool:
        """Whether it is one of a few."""
        return password.casefold() in self.COMMON
