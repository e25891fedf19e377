"""A place of an app shows another picture, or none."""

from dataclasses import dataclass

from mediaport.application.media.deletion_plan import DeletionPlan
from mediaport.application.media.remove_objects import RemoveObjects
from mediaport.application.ports.attachment_repository import AttachmentRepository
from mediaport.application.ports.clock import Clock
from mediaport.application.ports.media_repository import MediaRepository
from mediaport.domain.attachments import Place, check_place
from mediaport.domain.media import Media, MediaId
from mediaport.domain.policy import AVATAR, POST_IMAGE, Kind
from mediaport.domain.users import UserId


@dataclass(frozen=True, slots=True)
class AttachMedia:
    """Shows ready media at a place and purges the one shown before.

    Who may change which place is for the app to know, and to check before it calls.
    """

    attachments: AttachmentRepository
    media: MediaRepository
    clock: Clock
    plan: DeletionPlan
    remove_objects: RemoveObjects

    async def __call__(
        self, media_id: MediaId | None, *, at: Place, kind: Kind, by: UserId
    ) -> Media | None:
        """What the place shows from now on.

        Raises:
            ValueError: Media of that kind are shown by posts or profiles, and purged with them.
            TextUnfit: Nothing can be called so.
            MediaNotFound: There is no such media of theirs.
            WrongKind: The media is of another kind.
            MediaNotReady: The media was not completed.
            MediaAlreadyAttached: Another place shows it.
        """
        if kind in {POST_IMAGE, AVATAR}:
            raise ValueError(f"{kind} is not shown by places: add a kind to MEDIA_KINDS")
        check_place(at)
        media = None
        if media_id is not None:
            media = await self.media.get(media_id)
            media.require_attachable(by=by, kind=kind)
        while True:
            shown = (await self.attachments.at([at])).get(at)
            before = shown.id if shown else None
            if before == media_id:
                return media
            now = self.clock.now()
            deletions = self.plan.all_of(shown, now=now) if shown else []
            if await self.attachments.replace(
                at, media_id, before=before, now=now, deletions=deletions
            ):
                await self.remove_objects.at_once(deletions)
                return media
            # Another request changed the place in between: look again at what is replaced.
