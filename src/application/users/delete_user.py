"""A user goes, with all that is theirs."""

from contextlib import suppress
from dataclasses import dataclass

from mediaport.application.media.deletion_plan import DeletionPlan
from mediaport.application.media.remove_objects import RemoveObjects
from mediaport.application.ports.belongings import Belongings
from mediaport.application.ports.clock import Clock
from mediaport.application.ports.user_repository import UserRepository
from mediaport.application.users.set_avatar import SetAvatar
from mediaport.domain.errors import UserNotFound
from mediaport.domain.users import UserId

# Of posts and media, in one transaction; a media item has some five objects.
BATCH = 100
# Of likes and comments.
MANY = 500
# So often in turn there is nothing of the user's, and the account cannot be closed all the same:
# what keeps it is nothing that we know of.
MAX_VAIN_ROUNDS = 20


class AccountKept(Exception):
    """Raised when an account is empty and the database keeps it."""


@dataclass(frozen=True, slots=True)
class DeleteUser:
    """Purges what is a user's, round by round, and closes the account once nothing is left.

    Nobody is locked out meanwhile. A post, a like or an upload that comes in between keeps the
    account by its foreign key, and goes in the next round; what comes after has no user to refer
    to. Killed anywhere, it is begun again, and goes on with what is left.
    """

    users: UserRepository
    belongings: Belongings
    clock: Clock
    plan: DeletionPlan
    remove_objects: RemoveObjects
    set_avatar: SetAvatar

    async def __call__(self, username: str) -> None:
        """Delete the user.

        Raises:
            UserNotFound: There is none of that name.
            AccountKept: The database holds something of theirs that is not known here.
        """
        user = await self.users.find(username)
        if user is None:
            raise UserNotFound(username)
        vain = 0
        while vain < MAX_VAIN_ROUNDS:
            purged = await self._purge(user.id)
            if await self.belongings.close_account(user.id):
                return
            vain = 0 if purged else vain + 1
        raise AccountKept(f"Nothing of {username} is left, but something keeps the account.")

    async def _purge(self, user_id: UserId) -> int:
        """Purge what there is; how much."""
        likes = await self._take_back_likes(user_id)
        comments = await self._take_back_comments(user_id)
        posts = await self._purge_posts(user_id)
        await self._take_avatar_off(user_id)
        places = await self._empty_places(user_id)
        return likes + comments + posts + places + await self._purge_media(user_id)

    async def _take_back_likes(self, user_id: UserId) -> int:
        done = 0
        while found := await self.belongings.take_back_likes(user_id, limit=MANY):
            done += found
        return done

    async def _take_back_comments(self, user_id: UserId) -> int:
        done = 0
        while found := await self.belongings.take_back_comments(user_id, limit=MANY):
            done += found
        return done

    async def _purge_posts(self, user_id: UserId) -> int:
        done = 0
        while posts := await self.belongings.posts(user_id, after=None, limit=BATCH):
            for post in posts:
                # What many have liked or said something under does not fit into one transaction.
                if post.like_count + post.comment_count > MANY:
                    while await self.belongings.thin_out(post.id, limit=MANY):
                        pass
            await self.belongings.purge_posts(posts, now=self.clock.now())
            done += len(posts)
        return done

    async def _take_avatar_off(self, user_id: UserId) -> None:
        with suppress(UserNotFound):  # someone else deletes them, too, and was faster
            await self.set_avatar(None, by=user_id)

    async def _empty_places(self, user_id: UserId) -> int:
        done = 0
        while found := await self.belongings.empty_places(user_id, limit=MANY):
            done += found
        return done

    async def _purge_media(self, user_id: UserId) -> int:
        done = 0
        while media := await self.belongings.media(user_id, after=None, limit=BATCH):
            now = self.clock.now()
            deletions = [due for each in media for due in self.plan.all_of(each, now=now)]
            if not await self.belongings.purge_media(media, deletions=deletions):
                break  # One of them was posted, worn or attached a moment ago.
            await self.remove_objects.at_once(deletions)
            done += len(media)
        return done
