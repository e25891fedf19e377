"""People: a unique name, and at most one avatar."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from mediaport.domain.errors import PasswordTooCommon, PasswordUnfit, UsernameUnfit

UserId = NewType("UserId", int)

USERNAME_PATTERN = "^[a-z0-9_]{3,30}$"
# NIST SP 800-63B-4 asks for at least 8 characters, for 15 where nothing else proves who someone
# is, and for no upper bound under 64. The upper bound keeps one request from hashing megabytes.
PASSWORD_MIN_LENGTH, PASSWORD_MAX_LENGTH = 8, 256


def is_username(text: str) -> bool:
    """Whether a user could have that name."""
    return re.fullmatch(USERNAME_PATTERN, text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A registered user. `avatar_media_id` names ready media of kind avatar that is theirs."""

    id: UserId
    username: str
    password_hash: str
    created_at: datetime
    avatar_media_id: int | None = None

    def __post_init__(self) -> None:
        if not is_username(self.username):
            raise UsernameUnfit(self.username)


def normalised(password: str) -> str:
    """The one form of a password, however a keyboard composes its characters (NFC)."""
    return unicodedata.normalize("NFC", password)


def check_password(password: str, *, username: str, min_length: int) -> None:
    """Hold a new password to its length, and to another word than the user's name.

    Raises:
        PasswordUnfit: It is shorter or longer than allowed.
        PasswordTooCommon: It is the name.
    """
    if not min_length <= len(password) <= PASSWORD_MAX_LENGTH:
        raise PasswordUnfit(min_length=min_length, max_length=PASSWORD_MAX_LENGTH)
    if password.casefold() == username.casefold():
        raise PasswordTooCommon
