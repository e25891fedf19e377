"""A media item: requested, uploaded, verified, published, shown. Its transitions and invariants.

    request ──► pending ──complete──► ready ──► thumbnails: pending ──► ready | failed

What is ready stays ready until it is deleted. Its thumbnails are owed again where they were lost.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType, Self

from mediaport.domain.errors import (
    ContentTypeMismatch,
    MediaAlreadyReady,
    MediaNotFound,
    MediaNotReady,
    SizeMismatch,
    TooManyPixels,
    UploadExpired,
    WrongKind,
)
from mediaport.domain.keys import KeyPrefixes, variant_keys
from mediaport.domain.policy import ContentType, Kind, UploadPolicy
from mediaport.domain.text import check_text
from mediaport.domain.users import UserId

MediaId = NewType("MediaId", int)

ALT_MAX_LENGTH = 1500
# A picture of 40 million by 1 pixels costs gigabytes to scale down. Panoramas are shorter.
MAX_SIDE_PX = 32_768
# Reasons of failed thumbnails that are not the picture's: another try may do better.
NOT_THE_PICTURES_FAULT = frozenset(
    {
        "gave_up",
        "original_missing",
        "unexpected_error",
        # Set higher, these limits may let it pass.
        "too_many_pixels",
        "too_much_memory",
        "too_much_work",
    }
)


class Status(StrEnum):
    """Whether the original was verified and published."""

    PENDING = "pending"
    READY = "ready"


class ThumbnailsStatus(StrEnum):
    """Whether the thumbnails are still owed, made, or cannot be made."""

    PENDING = "pending"
    READY = "ready"
    FAILED = "failed"


def shown_url(public_url: str, status: Status, thumbnails_status: ThumbnailsStatus) -> str | None:
    """The URL of a picture that can be shown: none while pending, none of a broken file."""
    if status is Status.PENDING or thumbnails_status is ThumbnailsStatus.FAILED:
        return None
    return public_url


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFacts:
    """What a few bytes of an image say of it. Width and height, in pixels, are upright.

    `needs_stripping`: it holds, or may hold, metadata that is not to be published.
    """

    content_type: ContentType
    width: int
    height: int
    needs_stripping: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One published thumbnail. `size` is the square it was made to fit in, in pixels."""

    size: int
    object_key: str
    public_url: str
    width: int
    height: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """One image of one user, from the permission to upload it to its thumbnails.

    Attributes:
        size_bytes: Declared at first; once ready, the size of the published original.
        incoming_key: The private key that signed URLs name.
        object_key: The public key of the original.
        public_url: Where the original is served once it is ready; known from the start.
        expires_at: Until when a pending upload can be completed.
        etag: The store's tag of the published original.
        width: Pixels, upright; so is `height`.
        placeholder: A ThumbHash in base64, some 25 bytes.
        thumbnails_error: Why the thumbnails failed, as a slug.
    """

    id: MediaId
    owner_id: UserId
    kind: Kind
    bucket: str
    incoming_key: str
    object_key: str
    public_url: str
    content_type: ContentType
    size_bytes: int
    created_at: datetime
    expires_at: datetime
    status: Status = Status.PENDING
    alt: str | None = None
    etag: str | None = None
    width: int | None = None
    height: int | None = None
    ready_at: datetime | None = None
    thumbnails_status: ThumbnailsStatus = ThumbnailsStatus.PENDING
    thumbnails_error: str | None = None
    placeholder: str | None = None
    variants: tuple[Variant, ...] = ()

    def __post_init__(self) -> None:
        published = (self.etag, self.width, self.height, self.ready_at)
        if self.status is Status.READY and None in published:
            raise ValueError(f"media {self.id} is ready, but lacks one of {published}")
        if self.status is Status.PENDING and any(fact is not None for fact in published):
            raise ValueError(f"media {self.id} is pending, but has one of {published}")
        if self.status is Status.PENDING and self.thumbnails_status is not ThumbnailsStatus.PENDING:
            raise ValueError(f"media {self.id} is pending, its thumbnails cannot be made")
        made = self.thumbnails_status is ThumbnailsStatus.READY
        if made != bool(self.variants) or made != (self.placeholder is not None):
            raise ValueError(f"media {self.id}: variants and placeholder come with thumbnails only")
        if (self.thumbnails_status is ThumbnailsStatus.FAILED) != bool(self.thumbnails_error):
            raise ValueError(f"media {self.id}: failed thumbnails, and they alone, have a reason")
        if self.size_bytes < 1:
            raise ValueError(f"media {self.id} has {self.size_bytes} bytes")
        if self.alt is not None:
            check_text("alt", self.alt, max_length=ALT_MAX_LENGTH)

    @classmethod
    def request(
        cls,
        *,
        id: MediaId,
        owner_id: UserId,
        kind: Kind,
        content_type: str,
        size_bytes: int,
        policy: UploadPolicy,
        prefixes: KeyPrefixes,
        name: str,
        bucket: str,
        public_base_url: str,
        now: datetime,
    ) -> Self:
        """A pending media item with its keys chosen; `name` is a random one for both keys.

        Raises:
            KindUnknown: The policy has no such kind.
            ContentTypeNotAllowed: The type is not on the allow-list.
            SizeNotPositive: Less than one byte is declared.
            SizeTooLarge: More bytes are declared than the kind may have.
        """
        accepted = policy.check(kind=kind, content_type=content_type, size_bytes=size_bytes)
        object_key = prefixes.public_key(
            owner_id=owner_id, media_id=id, name=name, content_type=accepted
        )
        return cls(
            id=id,
            owner_id=owner_id,
            kind=kind,
            bucket=bucket,
            incoming_key=prefixes.incoming_key(
                owner_id=owner_id, media_id=id, name=name, content_type=accepted
            ),
            object_key=object_key,
            public_url=f"{public_base_url}/{object_key}",
            content_type=accepted,
            size_bytes=size_bytes,
            created_at=now,
            expires_at=now + timedelta(seconds=policy.pending_ttl_s),
        )

    @property
    def is_ready(self) -> bool:
        """Whether the original is verified and published."""
        return self.status is Status.READY

    @property
    def owes_thumbnails(self) -> bool:
        """Whether thumbnails are still to be made."""
        return self.is_ready and self.thumbnails_status is ThumbnailsStatus.PENDING

    @property
    def has_settled(self) -> bool:
        """Whether its thumbnails are made, or have failed."""
        return self.thumbnails_status is not ThumbnailsStatus.PENDING

    def lacking(self, sizes: tuple[int, ...]) -> tuple[int, ...]:
        """Those of `sizes` that it has no thumbnail of, and nobody else will make.

        None while thumbnails are owed, and none where the picture itself is at fault.
        """
        error = self.thumbnails_error
        is_hopeless = error is not None and error not in NOT_THE_PICTURES_FAULT
        if is_hopeless or not self.has_settled:
            return ()
        made = {variant.size for variant in self.variants}
        return tuple(size for size in sizes if size not in made)

    @property
    def shown_url(self) -> str | None:
        """The URL of a picture that can be shown."""
        return shown_url(self.public_url, self.status, self.thumbnails_status)

    def url_of(self, object_key: str) -> str:
        """Where another public object of this media item is served: beside the original."""
        return f"{self.public_url.removesuffix(self.object_key)}{object_key}"

    def require_owner(self, user_id: UserId) -> None:
        """Let the owner alone pass.

        Raises:
            MediaNotFound: It is someone else's; whether it exists is not told.
        """
        if self.owner_id != user_id:
            raise MediaNotFound(self.id)

    def require_uploadable(self, now: datetime) -> None:
        """Let pass what can still be uploaded and completed.

        Raises:
            MediaAlreadyReady: It was completed.
            UploadExpired: Its time is over.
        """
        if self.is_ready:
            raise MediaAlreadyReady(self.id)
        if now >= self.expires_at:
            raise UploadExpired(self.id, expired_at=self.expires_at)

    def require_attachable(self, *, by: UserId, kind: Kind) -> None:
        """Let pass what `by` may show in a place for `kind`.

        Raises:
            MediaNotFound: It is someone else's.
            WrongKind: It was uploaded for another place.
            MediaNotReady: It was not completed.
        """
        self.require_owner(by)
        if self.kind != kind:
            raise WrongKind(self.id, kind=self.kind, expected=kind)
        if not self.is_ready:
            raise MediaNotReady(self.id)

    def check_stored(self, *, size_bytes: int, content_type: str) -> None:
        """Hold the stored object to what was declared.

        Raises:
            SizeMismatch: It has another size.
            ContentTypeMismatch: The store was told another type.
        """
        if size_bytes != self.size_bytes:
            raise SizeMismatch(declared_bytes=self.size_bytes, stored_bytes=size_bytes)
        if content_type != self.content_type:
            raise ContentTypeMismatch(declared=self.content_type, found=content_type)

    def check_image(self, facts: ImageFacts, *, max_pixels: int) -> None:
        """Hold the real image to what was declared.

        Raises:
            ContentTypeMismatch: Its format is another than the declared one.
            TooManyPixels: Decoding it would cost too much.
        """
        if facts.content_type is not self.content_type:
            raise ContentTypeMismatch(declared=self.content_type, found=facts.content_type)
        too_long = max(facts.width, facts.height) > MAX_SIDE_PX
        if too_long or facts.width * facts.height > max_pixels:
            raise TooManyPixels(
                width=facts.width,
                height=facts.height,
                max_pixels=max_pixels,
                max_side_px=MAX_SIDE_PX,
            )

    def complete(self, facts: ImageFacts, *, etag: str, size_bytes: int, now: datetime) -> Self:
        """The ready media item: verified as `facts`, published with `etag`.

        Raises:
            MediaAlreadyReady: It was completed before.
        """
        if self.is_ready:
            raise MediaAlreadyReady(self.id)
        return replace(
            self,
            status=Status.READY,
            etag=etag,
            size_bytes=size_bytes,
            width=facts.width,
            height=facts.height,
            ready_at=now,
        )

    def with_thumbnails(self, variants: tuple[Variant, ...], *, placeholder: str) -> Self:
        """The media item whose thumbnails are made.

        Raises:
            MediaNotReady: It was not completed.
        """
        return self._with_thumbnails(
            ThumbnailsStatus.READY, variants=variants, placeholder=placeholder
        )

    def without_thumbnails(self, *, reason: str) -> Self:
        """The media item whose thumbnails cannot be made, for a `reason` its owner sees.

        Raises:
            MediaNotReady: It was not completed.
        """
        return self._with_thumbnails(ThumbnailsStatus.FAILED, error=reason)

    def owing_thumbnails(self) -> Self:
        """The media item whose thumbnails are to be made again, all of them.

        Raises:
            MediaNotReady: It was not completed.
        """
        return self._with_thumbnails(ThumbnailsStatus.PENDING)

    def _with_thumbnails(
        self,
        status: ThumbnailsStatus,
        *,
        error: str | None = None,
        variants: tuple[Variant, ...] = (),
        placeholder: str | None = None,
    ) -> Self:
        if not self.is_ready:
            raise MediaNotReady(self.id)
        return replace(
            self,
            thumbnails_status=status,
            thumbnails_error=error,
            variants=variants,
            placeholder=placeholder,
        )

    def described(self, alt: str | None) -> Self:
        """The media item with another alt text, or none.

        Raises:
            TextUnfit: It is too long, or no text.
        """
        return replace(self, alt=alt)

    def published_keys(self, sizes: tuple[int, ...]) -> list[str]:
        """Every public key that this media item has, or could get while `sizes` are made."""
        made = [variant.object_key for variant in self.variants]
        to_come = variant_keys(self.object_key, sizes).values()
        return [self.object_key, *dict.fromkeys([*made, *to_come])]
