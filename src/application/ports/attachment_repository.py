"""Where it is kept what the places of an app show."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from mediaport.application.ports.media_repository import ObjectDeletion
from mediaport.domain.attachments import Place
from mediaport.domain.media import Media, MediaId


class AttachmentRepository(Protocol):
    """Media items by the places that show them. Each method is one transaction.

    Every method raises `PartUnavailable` when the database does not answer.
    """

    @abstractmethod
    async def at(self, places: Sequence[Place]) -> Mapping[Place, Media]:
        """What those of `places` show that show something."""
        ...

    @abstractmethod
    async def replace(
        self,
        place: Place,
        media_id: MediaId | None,
        *,
        before: MediaId | None,
        now: datetime,
        deletions: Sequence[ObjectDeletion],
    ) -> bool:
        """Show `media_id` at `place`, or nothing, and purge the media item shown `before`.

        `deletions` are those of the replaced media. False, and nothing changed, if the place does
        not show what `before` says.

        Raises:
            MediaNotFound: The new media was deleted meanwhile.
            MediaAlreadyAttached: Another place shows it.
        """
        ...
