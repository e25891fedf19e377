"""The owner looks at one media item."""

from dataclasses import dataclass

from mediaport.application.ports.media_repository import MediaRepository
from mediaport.domain.media import Media, MediaId
from mediaport.domain.users import UserId


@dataclass(frozen=True, slots=True)
class ShowMedia:
    """Shows a media item to its owner alone."""

    media: MediaRepository

    async def __call__(self, media_id: MediaId, *, by: UserId) -> Media:
        """The media item.

        Raises:
            MediaNotFound: There is no such media of theirs.
        """
        media = await self.media.get(media_id)
        media.require_owner(by)
        return media
