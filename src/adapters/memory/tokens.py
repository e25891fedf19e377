"""Tokens that are looked up instead of verified."""

from datetime import datetime, timedelta

from mediaport.application.ports.tokens import Tokens
from mediaport.domain.errors import NotAuthenticated
from mediaport.domain.users import UserId


class MemoryTokens(Tokens):
    """Remembers every token that it issued."""

    def __init__(self, *, expires_in_s: int = 3600) -> None:
        self.expires_in_s = expires_in_s
        self._issued: dict[str, tuple[UserId, datetime]] = {}

    def issue(self, user_id: UserId, *, now: datetime) -> str:
        """The next token."""
        token = f"token-{len(self._issued) + 1}"
        self._issued[token] = (user_id, now + timedelta(seconds=self.expires_in_s))
        return token

    def verify(self, token: str, *, now: datetime) -> UserId:
        """The user that the token was issued to."""
        if token not in self._issued:
            raise NotAuthenticated("The token is not valid.")
        user_id, expires_at = self._issued[token]
        if now >= expires_at:
            raise NotAuthenticated("The token has expired.")
        return user_id
