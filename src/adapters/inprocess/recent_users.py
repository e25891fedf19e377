"""Users who have just been seen, kept for some seconds."""

import time
from collections.abc import Callable

from cachetools import TTLCache

from mediaport.application.ports.user_repository import Users
from mediaport.domain.users import User, UserId

# As long as a deleted user may go on, in each process. A client sends its requests in bursts, and
# whoever scrolls for minutes asks for the user once in 5 s instead of with each page.
LASTS_S = 5.0
# More than one process serves in that time. At most some 8 MB.
MAX_USERS = 10_000


class RecentUsers(Users):
    """Asks `users`, but for whom it has asked a moment ago."""

    def __init__(
        self,
        users: Users,
        *,
        lasts_s: float = LASTS_S,
        max_users: int = MAX_USERS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._users = users
        self._recent: TTLCache[UserId, User] = TTLCache(max_users, lasts_s, timer=now)

    async def get(self, user_id: UserId) -> User:
        """The user, as they are or were a moment ago. That there is none is never remembered."""
        try:
            return self._recent[user_id]  # the library's `get` looks twice
        except KeyError:
            pass  # outside of here: what is raised has nothing to do with it
        user = self._recent[user_id] = await self._users.get(user_id)
        return user

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._recent)
