"""The media object: how the API shows a media item, with a field for each size of thumbnail."""

from collections.abc import Callable, Hashable, Sequence
from datetime import datetime
from typing import Annotated, cast

import msgspec
from msgspec import Meta

from mediaport.application.ports.shown import ShownMedia
from mediaport.domain.media import Media, Status, ThumbnailsStatus
from mediaport.domain.policy import ContentType


class MediaObject(msgspec.Struct, frozen=True, kw_only=True):
    """A media item. A URL is null until there is something behind it.

    Handlers are declared with this type; what they answer is `MediaObjects.type`, which adds a
    `thumb_{size}_url` for each size that is set.
    """

    id: int
    kind: Annotated[str, Meta(description="It may be one that can be declared no more")]
    status: Status
    content_type: ContentType
    size_bytes: int
    width: Annotated[int | None, Meta(description="Pixels, upright; null until ready")]
    height: Annotated[int | None, Meta(description="Pixels, upright; null until ready")]
    alt: str | None
    placeholder: Annotated[str | None, Meta(description="ThumbHash in base64")]
    public_url: str
    media_url: str | None
    original_url: str | None
    thumbnails_status: ThumbnailsStatus
    thumbnails_error: Annotated[str | None, Meta(description="Why there are no thumbnails")]
    created_at: datetime


class MediaObjects:
    """Makes media objects, for the sizes of thumbnails that are set, smallest first."""

    def __init__(self, sizes: Sequence[int]) -> None:
        self._smallest = sizes[0]
        self._fields = [(size, f"thumb_{size}_url") for size in sizes]
        self.type: type[msgspec.Struct] = msgspec.defstruct(
            MediaObject.__name__,
            [(field, str | None) for _, field in self._fields],
            bases=(MediaObject,),
            module=MediaObject.__module__,
            frozen=True,
            kw_only=True,
        )

    def of(self, media: Media) -> MediaObject:
        """A media item as the API shows it."""
        return self.shown(ShownMedia.of(media))

    def shown(self, media: ShownMedia) -> MediaObject:
        """A media item as the API shows it."""
        url_of, shown_url = media.thumbnails.get, media.shown_url
        make = cast("Callable[..., MediaObject]", self.type)
        return make(
            id=media.id,
            kind=media.kind,
            status=media.status,
            content_type=media.content_type,
            size_bytes=media.size_bytes,
            width=media.width,
            height=media.height,
            alt=media.alt,
            placeholder=media.placeholder,
            public_url=media.public_url,
            media_url=shown_url,
            original_url=shown_url,
            thumbnails_status=media.thumbnails_status,
            thumbnails_error=media.thumbnails_error,
            created_at=media.created_at,
            **{field: url_of(size) for size, field in self._fields},
        )

    def public_url(self, media: Media) -> str:
        """Where the original is served, once it is ready."""
        return media.public_url

    def shown_url(self, media: ShownMedia) -> str | None:
        """Where the original is served, if it can be shown."""
        return media.shown_url

    def smallest_url(self, media: ShownMedia) -> str | None:
        """Where the smallest thumbnail of those that are set is served, once it is made."""
        return media.thumbnails.get(self._smallest)

    def edition(self) -> Hashable:
        """Changes when other URLs are answered for the same media items."""
        return None
