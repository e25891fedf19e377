"""A user shows another avatar, or none."""

from collections.abc import Sequence
from dataclasses import dataclass

from mediaport.application.media.deletion_plan import DeletionPlan
from mediaport.application.media.remove_objects import RemoveObjects
from mediaport.application.ports.clock import Clock
from mediaport.application.ports.media_repository import MediaRepository, ObjectDeletion
from mediaport.application.ports.user_repository import Profile, UserRepository
from mediaport.domain.errors import MediaNotFound
from mediaport.domain.media import MediaId
from mediaport.domain.policy import AVATAR
from mediaport.domain.users import User, UserId


@dataclass(frozen=True, slots=True)
class SetAvatar:
    """Shows ready media of kind avatar and purges the one shown before."""

    users: UserRepository
    media: MediaRepository
    clock: Clock
    plan: DeletionPlan
    remove_objects: RemoveObjects

    async def __call__(self, media_id: MediaId | None, *, by: UserId) -> Profile:
        """The profile with its new avatar, or none.

        Raises:
            MediaNotFound: There is no such media of theirs.
            WrongKind: The media is no avatar.
            MediaNotReady: The media was not completed.
        """
        if media_id is not None:
            media = await self.media.get(media_id)
            media.require_attachable(by=by, kind=AVATAR)
        while True:
            user = await self.users.get(by)
            if user.avatar_media_id == media_id:
                break
            deletions = await self._objects_replaced(user)
            if await self.users.replace_avatar(user, media_id, deletions=deletions):
                await self.remove_objects.at_once(deletions)
                break
            # Another request changed the avatar in between: look again at what is replaced.
        return await self.users.profile(user.username)

    async def _objects_replaced(self, user: User) -> Sequence[ObjectDeletion]:
        if user.avatar_media_id is None:
            return []
        try:
            replaced = await self.media.get(MediaId(user.avatar_media_id))
        except MediaNotFound:
            return []  # Replaced and purged a moment ago: replace_avatar will see it.
        return self.plan.all_of(replaced, now=self.clock.now())
