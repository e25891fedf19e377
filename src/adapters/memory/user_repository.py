"""Users in memory."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from mediaport.adapters.memory.tables import MemoryTables
from mediaport.application.ports.media_repository import ObjectDeletion
from mediaport.application.ports.user_repository import Profile, UserRepository
from mediaport.domain.errors import MediaNotFound, UsernameTaken, UserNotFound
from mediaport.domain.media import MediaId
from mediaport.domain.users import User, UserId


class MemoryUserRepository(UserRepository):
    """Keeps users in `MemoryTables`."""

    def __init__(self, tables: MemoryTables) -> None:
        self._tables = tables

    async def add(self, make: Callable[[UserId], User]) -> User:
        """Keep a new user."""
        self._tables.answer()
        user = make(UserId(self._tables.next_id("users")))
        if await self.find(user.username):
            raise UsernameTaken(user.username)
        self._tables.users[user.id] = user
        return user

    async def keep(self, user: User) -> None:
        """Keep a user with the id that they have."""
        self._tables.answer()
        self._tables.users.setdefault(user.id, user)

    async def get(self, user_id: UserId) -> User:
        """The user."""
        self._tables.answer()
        if user_id not in self._tables.users:
            raise UserNotFound(str(user_id))
        return self._tables.users[user_id]

    async def find(self, username: str) -> User | None:
        """The user of that name."""
        self._tables.answer()
        named = (user for user in self._tables.users.values() if user.username == username)
        return next(named, None)

    async def profile(self, username: str) -> Profile:
        """The user of that name with their avatar."""
        user = await self.find(username)
        if user is None:
            raise UserNotFound(username)
        return self._tables.profile(user.id)

    async def replace_avatar(
        self,
        user: User,
        media_id: MediaId | None,
        *,
        deletions: Sequence[ObjectDeletion],
    ) -> bool:
        """Show another avatar and purge the one before."""
        current = await self.get(user.id)
        if current.avatar_media_id != user.avatar_media_id:
            return False
        if media_id is not None and media_id not in self._tables.media:
            raise MediaNotFound(media_id)
        self._tables.users[user.id] = replace(current, avatar_media_id=media_id)
        if user.avatar_media_id is not None:
            self._tables.purge(MediaId(user.avatar_media_id), deletions)
        return True
