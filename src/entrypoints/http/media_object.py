"""The media object: how the API shows a media item, with a field for each size of thumbnail."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, cast

import msgspec
from litestar.openapi.spec import Schema
from litestar.plugins import OpenAPISchemaPlugin
from litestar.typing import FieldDefinition
from msgspec import Meta

from mediaport.domain.media import Media, Status, ThumbnailsStatus
from mediaport.domain.policy import ContentType, Kind


class MediaObject(msgspec.Struct, frozen=True, kw_only=True):
    """A media item. A URL is null until there is something behind it.

    Handlers are declared with this type; what they answer is `MediaObjects.type`, which adds a
    `thumb_{size}_url` for each size that is set.
    """

    id: int
    kind: Kind
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
        self._sizes = sizes
        self.type: type[msgspec.Struct] = msgspec.defstruct(
            MediaObject.__name__,
            [(_field(size), str | None) for size in sizes],
            bases=(MediaObject,),
            module=MediaObject.__module__,
            frozen=True,
            kw_only=True,
        )

    def of(self, media: Media) -> MediaObject:
        """A media item as the API shows it."""
        urls = {variant.size: variant.public_url for variant in media.variants}
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
            media_url=media.shown_url,
            original_url=media.shown_url,
            thumbnails_status=media.thumbnails_status,
            thumbnails_error=media.thumbnails_error,
            created_at=media.created_at,
            **{_field(size): urls.get(size) for size in self._sizes},
        )

    def smallest_url(self, media: Media) -> str | None:
        """Where the smallest thumbnail of those that are set is served, once it is made."""
        sized = (each.public_url for each in media.variants if each.size == self._sizes[0])
        return next(sized, None)


class MediaObjectSchema(OpenAPISchemaPlugin):
    """Lets the API's schema say what is answered where `MediaObject` is declared."""

    def __init__(self, media_objects: MediaObjects) -> None:
        self._type = media_objects.type

    def is_plugin_supported_field(self, field_definition: FieldDefinition) -> bool:
        """Whether it is declared as a media object."""
        return field_definition.annotation is MediaObject

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: Any) -> Schema:  # noqa: ARG002 - the signature is Litestar's
        """The schema of what is answered."""
        schema: Schema = schema_creator.for_field_definition(
            FieldDefinition.from_annotation(self._type)
        )
        return schema


def _field(size: int) -> str:
    return f"thumb_{size}_url"
