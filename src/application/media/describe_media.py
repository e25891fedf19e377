"""The owner of a picture says in words what it shows."""

from dataclasses import dataclass

from mediaport.application.ports.media_repository import MediaRepository
from mediaport.domain.media import Media, MediaId
from mediaport.domain.users import UserId


@dataclass(frozen=True, slots=True)
class DescribeMedia:
    """Sets the alt text."""

    media: MediaRepository

    async def __call__(self, media_id: MediaId, *, alt: str | None, by: UserId) -> Media:
        """The media item with its new alt text, or none.

        Raises:
            MediaNotFound: There is no such media of theirs.
            TextUnfit: The alt text is too long, or no text.
        """
        media = await self.media.get(media_id)
        media.require_owner(by)
        described = media.described(alt)
        await self.media.describe(described)
        return described
