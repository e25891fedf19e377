"""Bearer tokens as JSON Web Tokens, signed with HS256."""

from datetime import datetime, timedelta
from functools import lru_cache

import jwt

from mediaport.application.ports.tokens import Tokens
from mediaport.domain.errors import NotAuthenticated
from mediaport.domain.users import UserId

# A token comes with every request of its user, and what is signed stays signed: so many of those
# that proved something are not looked into again. Forged ones are not among them. Some 5 MB.
REMEMBERED = 10_000
_ALGORITHM = "HS256"
_AUDIENCE = "mediaport"


class JwtTokens(Tokens):
    """Signs tokens with a secret of 32 bytes or more (RFC 7518, 3.2)."""

    def __init__(self, secret: str, *, expires_in_s: int) -> None:
        self.expires_in_s = expires_in_s
        self._secret = secret
        self._proven = lru_cache(REMEMBERED)(self._prove)

    def issue(self, user_id: UserId, *, now: datetime) -> str:
        """A token with subject, audience, time of issue and expiry."""
        claims = {
            "sub": str(user_id),
            "aud": _AUDIENCE,
            "iat": now,
            "exp": now + timedelta(seconds=self.expires_in_s),
        }
        return jwt.encode(claims, self._secret, algorithm=_ALGORITHM)

    def verify(self, token: str, *, now: datetime) -> UserId:
        """The subject of a token that is ours, for us, and not expired at `now`."""
        user_id, expires = self._proven(token)
        if now.timestamp() >= expires:
            raise NotAuthenticated("The token has expired.")
        return user_id

    def _prove(self, token: str) -> tuple[UserId, int]:
        """Whom a signed token names, and until when."""
        try:
            claims = jwt.decode(
                token,
                self._secret,
                algorithms=[_ALGORITHM],
                audience=_AUDIENCE,
                # Expiry goes by `now`, with each call.
                options={
                    "require": ["sub", "aud", "exp"],
                    "verify_exp": False,
                    "verify_iat": False,
                },
            )
            user_id, expires = UserId(int(claims["sub"])), claims["exp"]
        except (jwt.InvalidTokenError, ValueError, TypeError) as error:
            raise NotAuthenticated("The token is not valid.") from error
        if not isinstance(expires, int):  # a text, or infinity, which JSON can spell as 1e999
            raise NotAuthenticated("The token is not valid.")
        return user_id, expires
