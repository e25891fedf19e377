"""Where users are kept."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from mediaport.application.ports.media_repository import ObjectDeletion
from mediaport.domain.media import Media, MediaId
from mediaport.domain.users import User, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A user with the avatar that shows them."""

    user: User
    avatar: Media | None


class Users(Protocol):
    """Users by their ids: what has to be known of whoever calls."""

    @abstractmethod
    async def get(self, user_id: UserId) -> User:
        """The user.

        Raises:
            UserNotFound: There is none.
            PartUnavailable: The database does not answer.
        """
        ...


@runtime_checkable  # HTTP handlers ask for it by its type
class UserRepository(Users, Protocol):
    """Users. Each method is one transaction.

    Every method raises `PartUnavailable` when the database does not answer.
    """

    @abstractmethod
    async def add(self, make: Callable[[UserId], User]) -> User:
        """Keep a new user, made by `make` from the next id.

        Raises:
            UsernameTaken: The name exists.
        """
        ...

    @abstractmethod
    async def keep(self, user: User) -> None:
        """Keep a user with the id that they have, unless there is one."""
        ...

    @abstractmethod
    async def find(self, username: str) -> User | None:
        """The user of that name, if there is one."""
        ...

    @abstractmethod
    async def profile(self, username: str) -> Profile:
        """The user of that name with their avatar.

        Raises:
            UserNotFound: There is none.
        """
        ...

    @abstractmethod
    async def replace_avatar(
        self,
        user: User,
        media_id: MediaId | None,
        *,
        deletions: Sequence[ObjectDeletion],
    ) -> bool:
        """Show `media_id` as the avatar of `user` and purge the media shown before.

        `deletions` are those of the replaced media. False, and nothing changed, if the avatar is
        not the one that `user` says.

        Raises:
            MediaNotFound: The new media was deleted meanwhile.
        """
        ...
