"""What users do with their media."""

import asyncio
from dataclasses import dataclass
from functools import partial

from mediaport.application.ports.object_store import SignedUpload
from mediaport.domain.errors import (
    CompletionInProgress,
    ContentTypeNotAllowed,
    DomainError,
    MediaAlreadyReady,
    MediaNotFound,
    MediaStillShown,
    ObjectNotUploaded,
    SizeNotPositive,
    SizeTooLarge,
    StorageQuotaExceeded,
    TooManyPendingBytes,
    TooManyPendingUploads,
    UploadExpired,
)
from mediaport.domain.media import Media
from mediaport.domain.policy import POST_IMAGE, ContentType, Kind
from mediaport.domain.users import UserId
from tests.stateful.bodies import FLAWS, LENGTH, Body, Look
from tests.stateful.invariants import MAX_PENDING, MAX_PENDING_BYTES, MAX_STORED_BYTES
from tests.stateful.product import Deed, OnMedia, Product, Upload
from tests.stateful.rows import Rows

STORE = frozenset({"object_store"})
STORE_AND_QUEUE = frozenset({"object_store", "thumbnail_queue"})
QUEUE = frozenset({"thumbnail_queue"})


@dataclass(frozen=True)
class Presign:
    """Someone asks for permission to upload, and may declare what they may not."""

    user: int = 0
    kind: Kind = POST_IMAGE
    content_type: str = ContentType.JPEG
    size_bytes: int = LENGTH

    def deed(self, product: Product, rows: Rows) -> Deed | None:
        """The request."""
        by = product.user(rows, self.user)

        async def ask() -> None:
            asked = product.use.presign_upload()(
                kind=self.kind, content_type=self.content_type, size_bytes=self.size_bytes, by=by
            )
            _keep(product, *await asked)

        return Deed(ask, refusal=self._refusal(product, rows, by), shrugs_off=STORE)  # row 40

    def _refusal(self, product: Product, rows: Rows, by: UserId) -> type[DomainError] | None:
        if self.content_type not in set(ContentType):
            return ContentTypeNotAllowed
        if self.size_bytes < 1:
            return SizeNotPositive
        if self.size_bytes > 100 * LENGTH:
            return SizeTooLarge
        return _refusal_by_quota(product, rows, by, self.size_bytes)


def _refusal_by_quota(
    product: Product, rows: Rows, by: UserId, size_bytes: int
) -> type[DomainError] | None:
    theirs = [media for media in rows.media.values() if media.owner_id == by]
    pending = [
        media.size_bytes
        for media in theirs
        if not media.is_ready
        and max(media.expires_at, rows.completing_until.get(media.id, product.now)) > product.now
    ]
    stored = sum(media.size_bytes for media in theirs if media.is_ready)
    if len(pending) + 1 > MAX_PENDING:
        return TooManyPendingUploads  # row 31
    if sum(pending) + size_bytes > MAX_PENDING_BYTES:
        return TooManyPendingBytes  # row 31
    is_too_much = stored + sum(pending) + size_bytes > MAX_STORED_BYTES
    return StorageQuotaExceeded if is_too_much else None


@dataclass(frozen=True)
class PresignAgain(OnMedia):
    """Someone asks for a fresh URL."""

    def of(self, product: Product, rows: Rows, media: Media, by: UserId) -> Deed:
        """The request."""

        async def ask() -> None:
            _keep(product, *await product.use.presign_upload().again(media.id, by=by))

        refusal = _refusal_to_upload(product, rows, media, by)
        return Deed(ask, refusal=refusal, focus=media.id, shrugs_off=STORE)


def _keep(product: Product, media: Media, upload: SignedUpload) -> None:
    product.uploads.append(Upload(media, upload))


def _refusal_to_upload(
    product: Product, rows: Rows, media: Media, by: UserId
) -> type[DomainError] | None:
    current = rows.media.get(media.id)
    if current is None or by != media.owner_id:
        return MediaNotFound  # row 14
    if current.is_ready:
        return MediaAlreadyReady
    return UploadExpired if product.now >= media.expires_at else None  # row 15


@dataclass(frozen=True)
class Put:
    """A browser sends bytes to a signed URL: right or wrong ones, in time or not, once or again."""

    upload: int = 0
    look: Look = Look.PICTURE
    is_slow: bool = False

    def deed(self, product: Product, rows: Rows) -> Deed | None:
        """The request, which goes to the store alone."""
        theirs = [each for each in product.uploads if each.media.id == product.focus]
        uploads = theirs if self.upload == 0 and theirs else product.uploads
        if not uploads:
            return None
        upload = uploads[-1 - self.upload % len(uploads)]
        body = Body(self.look, upload.media.content_type, product.new_serial())
        is_refused = (
            len(body.uploaded) != upload.media.size_bytes or product.now >= upload.signed.expires_at
        )

        async def ask() -> None:
            status = product.receive(upload, body, slowly=self.is_slow)
            assert status == (403 if is_refused else 200)  # rows 1 and 5

        return Deed(ask, focus=upload.media.id)


@dataclass(frozen=True)
class Complete(OnMedia):
    """Someone says that the bytes are there."""

    def of(self, product: Product, rows: Rows, media: Media, by: UserId) -> Deed:
        """The request."""

        def check(answer: Media, after: Rows) -> None:
            assert answer == after.media[media.id]
            assert answer.is_ready

        refusal = refusal_to_complete(product, rows, media, by)
        return Deed(
            partial(product.use.complete_upload(), media.id, by=by),
            refusal=refusal,
            focus=media.id,
            shrugs_off=QUEUE,  # row 42
            is_left=lambda: (
                refusal in FLAWS.values() and media.incoming_key in product.world.store.objects
            ),
            check=check,
        )


def refusal_to_complete(
    product: Product, rows: Rows, media: Media, by: UserId
) -> type[DomainError] | None:
    """Why a completion must fail, if nothing else comes in its way."""
    refusal = _refusal_to_upload(product, rows, media, by)
    if refusal is MediaAlreadyReady:
        return None  # row 13
    if refusal:
        return refusal
    if rows.completing_until.get(media.id, product.now) > product.now:
        return CompletionInProgress
    stored = product.world.store.objects.get(media.incoming_key)
    if stored is None:
        return ObjectNotUploaded  # row 11
    body = next(body for body in product.memory.put[media.id] if body.uploaded == stored.body)
    return FLAWS.get(body.look)  # rows 20 and 22


@dataclass(frozen=True)
class CompleteAtOnce:
    """Someone says it twice at the same moment."""

    media: int = 0

    def deed(self, product: Product, rows: Rows) -> Deed | None:
        """Both requests."""
        media = product.media(rows, self.media)
        if media is None:
            return None

        async def ask() -> list[Media]:
            complete = partial(product.use.complete_upload(), media.id, by=media.owner_id)
            answers: list[Media | BaseException] = await asyncio.gather(
                complete(), complete(), return_exceptions=True
            )
            return [_raised(answer) for answer in answers]

        def check(answers: list[Media], after: Rows) -> None:
            assert answers == [after.media[media.id]] * 2  # row 13

        refusal = refusal_to_complete(product, rows, media, media.owner_id)
        return None if refusal else Deed(ask, focus=media.id, shrugs_off=QUEUE, check=check)


def _raised(answer: Media | BaseException) -> Media:
    if isinstance(answer, BaseException):
        raise answer
    return answer


@dataclass(frozen=True)
class Describe(OnMedia):
    """Someone says what a picture shows."""

    def of(self, product: Product, rows: Rows, media: Media, by: UserId) -> Deed:
        """The request."""
        alt = f"picture {product.new_serial()}"

        def check(answer: Media, after: Rows) -> None:
            assert answer.alt == alt
            product.memory.alts[media.id] = alt

        is_theirs = media.id in rows.media and by == media.owner_id
        if is_theirs:
            product.memory.alts.pop(media.id, None)
        return Deed(
            partial(product.use.describe_media(), media.id, alt=alt, by=by),
            refusal=None if is_theirs else MediaNotFound,  # row 14
            focus=media.id,
            check=check,
        )


@dataclass(frozen=True)
class Delete(OnMedia):
    """Someone takes a picture away."""

    def of(self, product: Product, rows: Rows, media: Media, by: UserId) -> Deed:
        """The request."""

        def check(answer: None, after: Rows) -> None:
            assert media.id not in after.media

        return Deed(
            partial(product.use.delete_media(), media.id, by=by),
            refusal=self._refusal(rows, media, by),
            focus=media.id,
            shrugs_off=STORE,
            check=check,
        )

    def _refusal(self, rows: Rows, media: Media, by: UserId) -> type[DomainError] | None:
        if media.id not in rows.media or by != media.owner_id:
            return MediaNotFound  # row 14
        return MediaStillShown if media.id in rows.shown else None  # row 18
