"""Users in SQL."""

from collections.abc import Callable, Sequence

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.exc import IntegrityError

from mediaport.adapters.sql.database import Database, next_id, violates
from mediaport.adapters.sql.rows import (
    MEDIA_COLUMNS,
    USER_COLUMNS,
    labelled,
    mark_attached,
    purge_media,
    to_media,
    to_user,
    variants_of,
)
from mediaport.adapters.sql.tables import media
from mediaport.adapters.sql.tables import users as table
from mediaport.application.ports.media_repository import ObjectDeletion
from mediaport.application.ports.user_repository import Profile, UserRepository
from mediaport.domain.errors import MediaNotFound, UsernameTaken, UserNotFound
from mediaport.domain.media import MediaId
from mediaport.domain.users import User, UserId


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

    async def get(self, user_id: UserId) -> User:
        """The user."""
        user = await self._find(table.c.id == user_id)
        if user is None:
            raise UserNotFound(str(user_id))
        return user

    async def find(self, username: str) -> User | None:
        """The user of that name."""
        return await self._find(table.c.username == username)

    async def _find(self, condition: ColumnElement[bool]) -> User | None:
        statement = select(*(table.c[name] for name in USER_COLUMNS)).where(condition)
        async with self._database.read() as connection:
            row = (await connection.execute(statement)).mappings().first()
        return to_user(row) if row else None

    async def profile(self, username: str) -> Profile:
        """The user of that name with their avatar."""
        statement = (
            select(
                *labelled(table, USER_COLUMNS, "user_"),
                *labelled(media, MEDIA_COLUMNS, "avatar_"),
            )
            .select_from(table.outerjoin(media, media.c.id == table.c.avatar_media_id))
            .where(table.c.username == username)
        )
        async with self._database.read() as connection:
            row = (await connection.execute(statement)).mappings().first()
            if row is None:
                raise UserNotFound(username)
            user = to_user(row, "user_")
            if user.avatar_media_id is None:
                return Profile(user=user, avatar=None)
            variants = await variants_of(connection, [user.avatar_media_id])
        return Profile(user=user, avatar=to_media(row, variants, "avatar_"))

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
        in_order = select(media.c.id).where(media.c.id.in_(both)).order_by(media.c.id)
        async with self._database.write() as connection:
            await connection.execute(in_order.with_for_update())  # everyone locks them in one order
            try:
                changed = await connection.execute(statement)
            except IntegrityError as error:
                raise MediaNotFound(media_id or 0) from error
            if changed.rowcount == 0:
                return False
            if media_id is not None:
                await mark_attached(connection, media_id)
            if user.avatar_media_id is not None:
                await purge_media(connection, MediaId(user.avatar_media_id), deletions)
        return True
