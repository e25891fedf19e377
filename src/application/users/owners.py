"""Users of an app that Mediaport is built into, by the ids that it has for them."""

from dataclasses import dataclass

from mediaport.application.ports.clock import Clock
from mediaport.application.ports.user_repository import UserRepository, Users
from mediaport.domain.errors import UserNotFound
from mediaport.domain.users import User, UserId

NO_PASSWORD = "!"  # noqa: S105 - no password has this hash


@dataclass(frozen=True, slots=True)
class Owners(Users):
    """Media belong to rows of users: each of the app's users gets one at first sight.

    Its name is shown to nobody, and nobody can log in by it: who they are is the app's to know.
    """

    users: UserRepository
    clock: Clock

    async def get(self, user_id: UserId) -> User:
        """The user. There always is one.

        Raises:
            ValueError: No user can have that id, or somebody has it who is none of the app's.
        """
        if user_id < 1:
            raise ValueError(f"{user_id} is no id of a user: they are whole numbers from 1")
        try:
            known = await self.users.get(user_id)
        except UserNotFound:
            known = None  # outside of here: what is raised has nothing to do with it
        if known is not None and known.password_hash != NO_PASSWORD:
            raise ValueError(
                f"user {user_id} is {known.username}, who registered here: this database is the "
                "product's, and an app needs one of its own"
            )
        if known is not None:
            return known
        owner = User(
            id=user_id,
            username=f"owner_{user_id}",
            password_hash=NO_PASSWORD,
            created_at=self.clock.now(),
        )
        await self.users.keep(owner)
        return owner
