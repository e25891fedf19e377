"""Users in SQL."""

from collections.abc import Callable, Sequence

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from mediaport.adapters.sql.database import Database, insert_once, next_id, violates
from mediaport.adapters.sql.rows import (
    USER_COLUMNS,
    lock_in_order,
    mark_attached,
    profile_columns,
    profiles,
    purge_media,
    to_profile,
    to_user,
    user_columns,
)
from mediaport.adapters.sql.statements import Statement
from mediaport.adapters.sql.tables import media, media_usage
from mediaport.adapters.sql.tables import users as table
from mediaport.application.ports.media_repository import ObjectDeletion
from mediaport.application.ports.user_repository import Profile, UserRepository
from mediaport.domain.errors import MediaNotFound, UsernameTaken, UserNotFound
from mediaport.domain.media import MediaId
from mediaport.domain.users import User, UserId

_GET = Statement(select(*user_columns()).where(table.c.id == bindparam("user_id")))
_FIND = Statement(select(*user_columns()).where(table.c.username == bindparam("username")))
_PROFILE = Statement(
    select(*profile_columns())
    .select_from(profiles(table))
    .where(table.c.username == bindparam("username"))
)


class SqlUserRepository(UserRepository):
    """Keeps users in `users`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, make: Callable[[UserId], User]) -> User:
        """Keep a new user; the unique key decides who has the name."""
        async with self._database.write() as connection:
            user = make(UserId(await next_id(connection, table)))
            values = {name: getattr(user, name) for name in USER_COLUMNS}
            try:
                await connection.execute(insert(table).values(values))
            except IntegrityError as error:
                if violates(error, "uq_users_username", columns="users.username"):
                    raise UsernameTaken(user.username) from error
                raise
        return user

    async def keep(self, user: User) -> None:
        """Keep a user with the id that they have; the primary key decides whether there is one."""
        values = {name: getattr(user, name) for name in USER_COLUMNS}
        async with self._database.write() as connection:
            await insert_once(connection, table, values)

    async def get(self, user_id: UserId) -> User:
        """The user."""
        rows = await self._database.run(_GET, user_id=user_id)
        if not rows:
            raise UserNotFound(str(user_id))
        return to_user(rows[0])

    async def find(self, username: str) -> User | None:
        """The user of that name."""
        rows = await self._database.run(_FIND, username=username)
        return to_user(rows[0]) if rows else None

    async def profile(self, username: str) -> Profile:
        """The user of that name with their avatar."""
        rows = await self._database.run(_PROFILE, username=username)
        if not rows:
            raise UserNotFound(username)
        return to_profile(rows[0])

    async def replace_avatar(
        self,
        user: User,
        media_id: MediaId | None,
        *,
        deletions: Sequence[ObjectDeletion],
    ) -> bool:
        """Show another avatar and purge the one before, in one transaction."""
        statement = (
            update(table)
            .where(
                table.c.id == user.id,
                table.c.avatar_media_id.is_not_distinct_from(user.avatar_media_id),
            )
            .values(avatar_media_id=media_id)
        )
        both = [each for each in (media_id, user.avatar_media_id) if each is not None]
        counted = select(media_usage.c.owner_id).where(media_usage.c.owner_id == user.id)
        async with self._database.write() as connection:
            # Everyone locks them in one order: media, what is counted of their owner, the owner.
            await lock_in_order(connection, media, both)
            await connection.execute(counted.with_for_update(key_share=True))
            try:
                changed = await connection.execute(statement)
            except IntegrityError as error:
                raise MediaNotFound(media_id or 0) from error
            if changed.rowcount == 0:
                return False
            if media_id is not None:
                await mark_attached(connection, media_id)
            if user.avatar_media_id is not None:
                await purge_media(connection, [user.avatar_media_id], deletions)
        return True
