"""What places show, in memory."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from mediaport.adapters.memory.tables import MemoryTables
from mediaport.application.ports.attachment_repository import AttachmentRepository
from mediaport.application.ports.media_repository import ObjectDeletion
from mediaport.domain.attachments import Place
from mediaport.domain.errors import MediaAlreadyAttached, MediaNotFound
from mediaport.domain.media import Media, MediaId


class MemoryAttachmentRepository(AttachmentRepository):
    """Keeps attachments in `MemoryTables`."""

    def __init__(self, tables: MemoryTables) -> None:
        self._tables = tables

    async def at(self, places: Sequence[Place]) -> Mapping[Place, Media]:
        """What those places show that show something."""
        self._tables.answer()
        shown = self._tables.attachments
        return {place: self._tables.media[shown[place]] for place in places if place in shown}

    async def replace(
        self,
        place: Place,
        media_id: MediaId | None,
        *,
        before: MediaId | None,
        now: datetime,  # noqa: ARG002 - nothing here shows when
        deletions: Sequence[ObjectDeletion],
    ) -> bool:
        """Show something else at a place and purge what was shown before."""
        self._tables.answer()
        attachments = self._tables.attachments
        if attachments.get(place) != before:
            return False
        if media_id is not None and media_id not in self._tables.media:
            raise MediaNotFound(media_id)
        if media_id is not None and media_id in attachments.values():
            raise MediaAlreadyAttached(media_id)
        attachments.pop(place, None)
        if media_id is not None:
            attachments[place] = media_id
        if before is not None:
            self._tables.purge(before, deletions)
        return True
