"""The owner takes a picture away that nothing shows."""

import logging
from dataclasses import dataclass

from mediaport.application.media.deletion_plan import DeletionPlan
from mediaport.application.media.remove_objects import RemoveObjects
from mediaport.application.ports.clock import Clock
from mediaport.application.ports.media_repository import MediaRepository
from mediaport.domain.media import MediaId
from mediaport.domain.users import UserId

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DeleteMedia:
    """Purges a media item; the database decides whether something still shows it."""

    media: MediaRepository
    clock: Clock
    plan: DeletionPlan
    remove_objects: RemoveObjects

    async def __call__(self, media_id: MediaId, *, by: UserId) -> None:
        """Forget the media item and remove its objects.

        Raises:
            MediaNotFound: There is no such media of theirs.
            MediaStillShown: A post, a profile or another place shows it.
        """
        media = await self.media.get(media_id)
        media.require_owner(by)
        deletions = self.plan.all_of(media, now=self.clock.now())
        await self.media.purge(media, deletions=deletions)
        log.info("Media deleted", extra={"media_id": media_id, "user_id": by})
        await self.remove_objects.at_once(deletions)
