"""How a caller proves who they are, call after call."""

from abc import abstractmethod
from datetime import datetime
from typing import Protocol

from mediaport.domain.users import UserId


class Tokens(Protocol):
    """Signed, expiring bearer tokens."""

    expires_in_s: int
    """How long a new token is valid, in seconds."""

    @abstractmethod
    def issue(self, user_id: UserId, *, now: datetime) -> str:
        """A token that proves to be `user_id`."""
        ...

    @abstractmethod
    def verify(self, token: str, *, now: datetime) -> UserId:
        """Whom a token proves its bearer to be.

        Raises:
            NotAuthenticated: It is forged, expired, or made for another audience.
        """
        ...
