"""Users who have just been seen are known for a moment, whatever becomes of them."""

import pytest

from mediaport.adapters.inprocess.recent_users import LASTS_S, RecentUsers
from mediaport.adapters.memory.clock import MemoryClock
from mediaport.adapters.memory.tables import MemoryTables
from mediaport.adapters.memory.tokens import MemoryTokens
from mediaport.adapters.memory.user_repository import MemoryUserRepository
from mediaport.application.users.authenticate import Authenticate
from mediaport.domain.errors import NotAuthenticated, UserNotFound
from mediaport.domain.users import User, UserId


class Asked(MemoryUserRepository):
    """Says how often it was asked."""

    times = 0

    async def get(self, user_id: UserId) -> User:
        self.times += 1
        return await super().get(user_id)


@pytest.fixture
def clock() -> MemoryClock:
    return MemoryClock()


@pytest.fixture
def tables() -> MemoryTables:
    return MemoryTables()


@pytest.fixture
def users(tables: MemoryTables) -> Asked:
    return Asked(tables)


@pytest.fixture
def recent(users: Asked, clock: MemoryClock) -> RecentUsers:
    return RecentUsers(users, max_users=3, now=lambda: clock.now().timestamp())


async def added(users: Asked, clock: MemoryClock, name: str = "ada") -> User:
    return await users.add(
        lambda user_id: User(id=user_id, username=name, password_hash="x", created_at=clock.now())
    )


async def test_a_user_is_asked_for_once_in_some_seconds(
    recent: RecentUsers, users: Asked, clock: MemoryClock
) -> None:
    ada = await added(users, clock)

    for _ in range(10):
        assert await recent.get(ada.id) == ada
    assert users.times == 1
    clock.advance(seconds=LASTS_S)
    assert await recent.get(ada.id) == ada
    assert users.times == 2


async def test_a_deleted_user_is_refused_within_that_time(
    recent: RecentUsers, users: Asked, tables: MemoryTables, clock: MemoryClock
) -> None:
    ada, tokens = await added(users, clock), MemoryTokens()
    token = tokens.issue(ada.id, now=clock.now())
    authenticate = Authenticate(recent, tokens, clock)
    assert await authenticate(token) == ada

    del tables.users[ada.id]
    clock.advance(seconds=LASTS_S)

    with pytest.raises(NotAuthenticated, match="no longer exists"):  # row 34
        await authenticate(token)


async def test_being_asked_for_keeps_nobody_longer(
    recent: RecentUsers, users: Asked, tables: MemoryTables, clock: MemoryClock
) -> None:
    ada = await added(users, clock)
    await recent.get(ada.id)
    del tables.users[ada.id]

    clock.advance(seconds=LASTS_S - 1)
    assert await recent.get(ada.id) == ada
    clock.advance(seconds=1)

    with pytest.raises(UserNotFound):  # row 34
        await recent.get(ada.id)


async def test_who_is_not_there_is_there_as_soon_as_they_are(
    recent: RecentUsers, users: Asked, clock: MemoryClock
) -> None:
    with pytest.raises(UserNotFound):
        await recent.get(UserId(1))

    ada = await added(users, clock)

    assert await recent.get(ada.id) == ada


async def test_so_many_are_kept_and_no_more(
    recent: RecentUsers, users: Asked, clock: MemoryClock
) -> None:
    for number in range(10):
        await recent.get((await added(users, clock, f"user_{number}")).id)

    assert len(recent) == 3
