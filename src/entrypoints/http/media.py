"""`/media`: permission to upload, completion, and the media items themselves."""

from collections.abc import Iterable
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Response, Router, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import JSONBody
from msgspec import Meta

from mediaport.adapters.telemetry.use_cases import ToldCompleteUpload, ToldPresignUpload
from mediaport.application.media.delete_media import DeleteMedia
from mediaport.application.media.describe_media import DescribeMedia
from mediaport.application.media.show_media import ShowMedia
from mediaport.application.ports.object_store import SignedUpload
from mediaport.domain.media import ALT_MAX_LENGTH, MAX_SIDE_PX, Media, MediaId, Status
from mediaport.domain.policy import ContentType, Kind, UploadPolicy
from mediaport.domain.users import User
from mediaport.entrypoints.http.access import PUBLIC, SECURITY
from mediaport.entrypoints.http.media_object import MediaObject, MediaObjects
from mediaport.entrypoints.http.problems import documented
from mediaport.entrypoints.http.wire import MAX_ID, PathId, etag_of, is_known


class KindPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What one kind of media may be."""

    max_bytes: int
    allowed_content_types: list[str]


class PolicyObject(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of uploads, so that a client can check before it asks."""

    kinds: Annotated[dict[str, KindPolicy], Meta(description="By kind; each may be declared")]
    max_pixels: Annotated[int, Meta(description="Largest width x height")]
    max_side_px: Annotated[int, Meta(description="Largest width, and largest height")]
    max_pending: Annotated[int, Meta(description="Uploads that may be pending at once, per user")]
    max_pending_bytes: Annotated[int, Meta(description="What they may declare, together")]
    max_stored_bytes: Annotated[
        int, Meta(description="Bytes of originals that one user may store, with what is pending")
    ]
    unattached_expires_in: Annotated[
        int, Meta(description="Seconds that ready media is kept which nothing shows")
    ]
    upload_url_expires_in: Annotated[int, Meta(description="Seconds an upload URL can be used")]
    thumbnail_sizes: Annotated[list[int], Meta(description="Squares, in px, thumbnails fit in")]


class PresignRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is going to be uploaded."""

    kind: Annotated[str, Meta(max_length=100, description="One of those in `GET /media/policy`")]
    content_type: Annotated[str, Meta(max_length=100, examples=["image/jpeg"])]
    size_bytes: Annotated[int, Meta(ge=1, le=MAX_ID, examples=[2_400_000])]
    filename: Annotated[
        str | None,
        Meta(description="Accepted for clients that send it; the key is made without it"),
    ] = None


def presign_request(kinds: Iterable[Kind]) -> type[msgspec.Struct]:
    """A `PresignRequest` as the API's schema shows it: with the kinds that there are."""
    one_of: Any = Literal
    return msgspec.defstruct(
        PresignRequest.__name__,
        [("kind", one_of[tuple(kinds)])],
        bases=(PresignRequest,),
        module=PresignRequest.__module__,
    )


class UploadInstructions(msgspec.Struct, frozen=True, kw_only=True):
    """How to upload: what Uppy's `signRequest` returns, and `getUploadParameters` before Uppy 6.

    No `fields`, not even empty ones: those would be a form's, which Uppy 6 then sends by POST.
    """

    method: Literal["PUT"]
    url: str
    headers: Annotated[dict[str, str], Meta(description="Send exactly these")]
    expires_at: datetime
    expires_in: Annotated[int, Meta(description="Seconds the URL can be used")]


class PresignedObject(msgspec.Struct, frozen=True, kw_only=True):
    """A pending media item with the permission to upload it."""

    media_id: int
    status: Status
    kind: str
    upload_url: str
    public_url: Annotated[str, Meta(description="Where the original is served once it is ready")]
    upload: UploadInstructions


class Description(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a picture shows, in words."""

    alt: Annotated[str, Meta(max_length=ALT_MAX_LENGTH)] | None


def presigned_object(
    media: Media, upload: SignedUpload, media_objects: MediaObjects
) -> PresignedObject:
    """A pending media item as the API shows it."""
    return PresignedObject(
        media_id=media.id,
        status=media.status,
        kind=media.kind,
        upload_url=upload.url,
        public_url=media_objects.public_url(media),
        upload=UploadInstructions(
            method="PUT",
            url=upload.url,
            headers=upload.headers,
            expires_at=upload.expires_at,
            expires_in=upload.expires_in_s,
        ),
    )


@get("/policy", opt=PUBLIC, security=[{}], summary="Limits of uploads", responses=documented())
async def show_policy(policy: NamedDependency[UploadPolicy]) -> PolicyObject:
    """Say what may be uploaded, per kind."""
    types = [str(content_type) for content_type in ContentType]
    return PolicyObject(
        kinds={
            kind: KindPolicy(max_bytes=max_bytes, allowed_content_types=types)
            for kind, max_bytes in policy.max_bytes.items()
        },
        max_pixels=policy.max_pixels,
        max_side_px=MAX_SIDE_PX,
        max_pending=policy.max_pending,
        max_pending_bytes=policy.max_pending_bytes,
        max_stored_bytes=policy.max_stored_bytes,
        unattached_expires_in=policy.unattached_ttl_s,
        upload_url_expires_in=policy.url_ttl_s,
        thumbnail_sizes=list(policy.thumbnail_sizes),
    )


@post(
    "/presign",
    security=SECURITY,
    summary="Ask for an upload URL",
    responses=documented(
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    ),
)
async def presign(
    data: JSONBody[PresignRequest],
    user: NamedDependency[User],
    media_objects: NamedDependency[MediaObjects],
    presign_upload: NamedDependency[ToldPresignUpload],
) -> PresignedObject:
    """Keep a pending media item and sign a URL for one PUT of exactly this type and size.

    422 `kind_unknown` for a kind that is not among those of `GET /media/policy`.
    """
    media, upload = await presign_upload(
        kind=Kind(data.kind),
        content_type=data.content_type,
        size_bytes=data.size_bytes,
        by=user.id,
    )
    return presigned_object(media, upload, media_objects)


@post(
    "/{media_id:int}/presign",
    status_code=HTTPStatus.OK,
    security=SECURITY,
    summary="Ask for a fresh upload URL",
    responses=documented(
        HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.GONE
    ),
)
async def presign_again(
    media_id: PathId,
    user: NamedDependency[User],
    media_objects: NamedDependency[MediaObjects],
    presign_upload: NamedDependency[ToldPresignUpload],
) -> PresignedObject:
    """Sign another URL for a pending media item, because the first one expired."""
    media, upload = await presign_upload.again(MediaId(media_id), by=user.id)
    return presigned_object(media, upload, media_objects)


@post(
    "/{media_id:int}/complete",
    status_code=HTTPStatus.OK,
    security=SECURITY,
    summary="Say that the upload is done",
    responses=documented(
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.CONFLICT,
        HTTPStatus.GONE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    ),
)
async def complete(
    media_id: PathId,
    user: NamedDependency[User],
    complete_upload: NamedDependency[ToldCompleteUpload],
    media_objects: NamedDependency[MediaObjects],
) -> MediaObject:
    """Verify what was uploaded and publish it. Asked again, the answer is the same."""
    return media_objects.of(await complete_upload(MediaId(media_id), by=user.id))


@get(
    "/{media_id:int}",
    security=SECURITY,
    summary="Look at a media item of yours",
    responses={
        **documented(HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND),
        HTTPStatus.NOT_MODIFIED: ResponseSpec(None, description="`If-None-Match` names it"),
    },
)
async def show(
    request: Request[User, str, Any],
    media_id: PathId,
    user: NamedDependency[User],
    show_media: NamedDependency[ShowMedia],
    media_objects: NamedDependency[MediaObjects],
) -> Response[MediaObject]:
    """Show a media item with an ETag; 304 where `If-None-Match` names it."""
    media = media_objects.of(await show_media(MediaId(media_id), by=user.id))
    tag = etag_of(msgspec.json.encode(media))
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if is_known(request, tag):
        unchanged: Response[Any] = Response(
            None, status_code=HTTPStatus.NOT_MODIFIED, headers=headers
        )
        return unchanged
    return Response(media, headers=headers)


@patch(
    "/{media_id:int}",
    security=SECURITY,
    summary="Describe a media item",
    responses=documented(
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    ),
)
async def describe(
    media_id: PathId,
    data: JSONBody[Description],
    user: NamedDependency[User],
    describe_media: NamedDependency[DescribeMedia],
    media_objects: NamedDependency[MediaObjects],
) -> MediaObject:
    """Set the alt text, or remove it with null."""
    return media_objects.of(await describe_media(MediaId(media_id), alt=data.alt, by=user.id))


@delete(
    "/{media_id:int}",
    security=SECURITY,
    summary="Delete a media item",
    responses=documented(HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
)
async def remove(
    media_id: PathId,
    user: NamedDependency[User],
    delete_media: NamedDependency[DeleteMedia],
) -> None:
    """Delete a media item that nothing shows, with all its objects."""
    await delete_media(MediaId(media_id), by=user.id)


router = Router(
    "/media",
    route_handlers=[show_policy, presign, presign_again, complete, show, describe, remove],
    tags=["media"],
)
