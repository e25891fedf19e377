"""Everything the domain refuses, each with a stable `code`, a sentence and the values behind it.

No HTTP here: `entrypoints/http/problems.py` holds the one table of statuses.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Self


class DomainError(Exception):
    """A refusal that the caller can act on.

    Attributes:
        code: A stable slug; clients may switch on it.
        context: The values that explain the refusal, ready to be shown.
    """

    code: ClassVar[str]

    def __init__(self, message: str, **context: object) -> None:
        super().__init__(message)
        self.context = context


class KindUnknown(DomainError):
    """Raised when an upload declares a kind that is not among those that are set."""

    code = "kind_unknown"

    def __init__(self, kind: str, *, allowed: Sequence[str]) -> None:
        super().__init__(
            f"There is no kind {kind!r}. Upload as one of: {', '.join(allowed)}.",
            kind=kind,
            allowed_kinds=list(allowed),
        )


class ContentTypeNotAllowed(DomainError):
    """Raised when an upload declares a content type that is not on the allow-list."""

    code = "content_type_not_allowed"

    def __init__(self, content_type: str, *, allowed: Sequence[str]) -> None:
        super().__init__(
            f"Content type {content_type!r} is not allowed. Upload one of: {', '.join(allowed)}.",
            content_type=content_type,
            allowed_content_types=list(allowed),
        )


class SizeTooLarge(DomainError):
    """Raised when an upload declares more bytes than its kind may have."""

    code = "size_too_large"

    def __init__(self, size_bytes: int, *, max_bytes: int, kind: str) -> None:
        super().__init__(
            f"Declared {size_bytes} bytes; {kind} may have at most {max_bytes}.",
            size_bytes=size_bytes,
            max_bytes=max_bytes,
            kind=kind,
        )


class SizeNotPositive(DomainError):
    """Raised when an upload declares no bytes at all."""

    code = "size_not_positive"

    def __init__(self, size_bytes: int) -> None:
        super().__init__(
            f"Declared {size_bytes} bytes; an image has at least 1.", size_bytes=size_bytes
        )


class TooManyPendingUploads(DomainError):
    """Raised when a user starts more uploads than may be pending at once."""

    code = "too_many_pending_uploads"

    def __init__(self, *, max_pending: int, retry_after_s: int) -> None:
        super().__init__(
            f"{max_pending} uploads are pending, which is the limit. Complete or delete one, "
            f"or wait {retry_after_s} s until the oldest expires.",
            max_pending=max_pending,
            retry_after_s=retry_after_s,
        )


class TooManyPendingBytes(DomainError):
    """Raised when the uploads that are pending would declare more bytes than they may, together."""

    code = "too_many_pending_bytes"

    def __init__(
        self, *, size_bytes: int, pending_bytes: int, max_pending_bytes: int, retry_after_s: int
    ) -> None:
        super().__init__(
            f"{pending_bytes} bytes are pending, {size_bytes} more would be over the limit of "
            f"{max_pending_bytes}. Complete or delete an upload, or wait {retry_after_s} s.",
            size_bytes=size_bytes,
            pending_bytes=pending_bytes,
            max_pending_bytes=max_pending_bytes,
            retry_after_s=retry_after_s,
        )


class StorageQuotaExceeded(DomainError):
    """Raised when a user would store more bytes than they may."""

    code = "storage_quota_exceeded"

    def __init__(
        self,
        *,
        size_bytes: int,
        stored_bytes: int,
        pending_bytes: int,
        max_stored_bytes: int,
        retry_after_s: int,
    ) -> None:
        super().__init__(
            f"You store {stored_bytes} bytes and have {pending_bytes} pending; {size_bytes} more "
            f"would be over your limit of {max_stored_bytes}. Delete something first.",
            size_bytes=size_bytes,
            stored_bytes=stored_bytes,
            pending_bytes=pending_bytes,
            max_stored_bytes=max_stored_bytes,
            retry_after_s=retry_after_s,
        )


class RateExceeded(DomainError):
    """Raised when something is asked for more often than its rate allows."""

    code = "rate_limited"

    def __init__(self, rate: str, *, limit: int, window_s: int, retry_after_s: int) -> None:
        super().__init__(
            f"At most {limit} {rate.replace('_', ' ')} are taken in {window_s} s. "
            f"Try again in {retry_after_s} s.",
            rate=rate,
            limit=limit,
            window_s=window_s,
            retry_after_s=retry_after_s,
        )


class TooManyStreams(DomainError):
    """Raised when a user listens to more event streams at once than they may."""

    code = "too_many_streams"

    def __init__(self, *, max_streams: int, retry_after_s: int) -> None:
        super().__init__(
            f"{max_streams} event streams are open, which is the limit. Close one, "
            f"or try again in {retry_after_s} s.",
            max_streams=max_streams,
            retry_after_s=retry_after_s,
        )


class MediaNotFound(DomainError):
    """Raised when a media item does not exist, or belongs to someone else: the two look alike."""

    code = "media_not_found"

    def __init__(self, media_id: int) -> None:
        super().__init__(f"There is no media {media_id} of yours.", media_id=media_id)


class UploadExpired(DomainError):
    """Raised when a pending upload was not completed in time."""

    code = "upload_expired"

    def __init__(self, media_id: int, *, expired_at: datetime) -> None:
        super().__init__(
            f"The upload of media {media_id} expired at {expired_at.isoformat()}. "
            "Presign a new one.",
            media_id=media_id,
            expired_at=expired_at.isoformat(),
        )


class MediaAlreadyReady(DomainError):
    """Raised when a fresh upload URL is asked for a media item that needs none any more."""

    code = "media_already_ready"

    def __init__(self, media_id: int) -> None:
        super().__init__(
            f"Media {media_id} is ready already; it takes no other upload.", media_id=media_id
        )


class ObjectNotUploaded(DomainError):
    """Raised when an upload is completed before its bytes arrived."""

    code = "object_not_uploaded"

    def __init__(self, media_id: int) -> None:
        super().__init__(
            f"Nothing was uploaded for media {media_id} yet. PUT the file to its upload URL first.",
            media_id=media_id,
        )


class UploadChanged(DomainError):
    """Raised when the object was replaced between its verification and its publication."""

    code = "upload_changed"

    def __init__(self, media_id: int) -> None:
        super().__init__(
            f"The upload of media {media_id} was replaced while it was being verified. "
            "Complete it again.",
            media_id=media_id,
        )


class CompletionInProgress(DomainError):
    """Raised when another request holds this completion for longer than a caller should wait."""

    code = "completion_in_progress"

    def __init__(self, media_id: int, *, retry_after_s: int) -> None:
        super().__init__(
            f"Media {media_id} is being completed by another request. Ask again in "
            f"{retry_after_s} s.",
            media_id=media_id,
            retry_after_s=retry_after_s,
        )


class SizeMismatch(DomainError):
    """Raised when the stored object has not the declared number of bytes."""

    code = "size_mismatch"

    def __init__(self, *, declared_bytes: int, stored_bytes: int) -> None:
        super().__init__(
            f"Declared {declared_bytes} bytes, stored {stored_bytes}. Upload it again.",
            declared_bytes=declared_bytes,
            stored_bytes=stored_bytes,
        )


class ContentTypeMismatch(DomainError):
    """Raised when the stored object is not of the declared content type."""

    code = "content_type_mismatch"

    def __init__(self, *, declared: str, found: str) -> None:
        super().__init__(
            f"Declared {declared}, found {found}. Presign with the type that the file really has.",
            declared=declared,
            found=found,
        )


class NotAnImage(DomainError):
    """Raised when the stored bytes are no JPEG, PNG or WebP image."""

    code = "not_an_image"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The uploaded file is not an image: {reason}.", reason=reason)


class TooManyPixels(DomainError):
    """Raised when an image has more pixels, or a longer side, than will be decoded."""

    code = "too_many_pixels"

    def __init__(self, *, width: int, height: int, max_pixels: int, max_side_px: int) -> None:
        super().__init__(
            f"The image has {width} x {height} = {width * height} pixels; "
            f"at most {max_pixels} are accepted, and {max_side_px} on a side.",
            width=width,
            height=height,
            max_pixels=max_pixels,
            max_side_px=max_side_px,
        )


class MediaNotReady(DomainError):
    """Raised when pending media is about to be shown."""

    code = "media_not_ready"

    def __init__(self, media_id: int) -> None:
        super().__init__(
            f"Media {media_id} is still pending. Complete its upload first.", media_id=media_id
        )


class WrongKind(DomainError):
    """Raised when media is about to be shown where its kind does not belong."""

    code = "wrong_kind"

    def __init__(self, media_id: int, *, kind: str, expected: str) -> None:
        super().__init__(
            f"Media {media_id} is of kind {kind}; {expected} is needed here.",
            media_id=media_id,
            kind=kind,
            expected_kind=expected,
        )


class MediaAlreadyAttached(DomainError):
    """Raised when media is attached to a second post, or to a second place."""

    code = "media_already_attached"

    def __init__(self, media_id: int) -> None:
        super().__init__(f"Media {media_id} is attached somewhere else already.", media_id=media_id)


class MediaStillShown(DomainError):
    """Raised when media is deleted while a post, a profile or another place shows it."""

    code = "media_still_shown"

    def __init__(self, media_id: int) -> None:
        super().__init__(
            f"Media {media_id} is still shown. Delete the post, or replace the picture, instead.",
            media_id=media_id,
        )


class PostNotFound(DomainError):
    """Raised when a post does not exist, or is not the caller's to change."""

    code = "post_not_found"

    def __init__(self, post_id: int) -> None:
        super().__init__(
            f"There is no post {post_id}, or it is not yours to change.", post_id=post_id
        )


class EmptyPost(DomainError):
    """Raised when a post has neither text nor a picture."""

    code = "empty_post"

    def __init__(self) -> None:
        super().__init__("A post needs text or a picture.")


class TextUnfit(DomainError):
    """Raised when a text is empty, too long, or holds characters that are not text."""

    code = "text_unfit"

    def __init__(self, field: str, *, reason: str) -> None:
        super().__init__(f"{field} {reason}.", field=field, reason=reason)


class UsernameTaken(DomainError):
    """Raised when a user registers under a name that exists."""

    code = "username_taken"

    def __init__(self, username: str) -> None:
        super().__init__(f"The user name {username!r} is taken.", username=username)


class UsernameUnfit(DomainError):
    """Raised when a user name is not of the allowed form."""

    code = "username_unfit"

    def __init__(self, username: str) -> None:
        super().__init__(
            f"The user name {username[:40]!r} does not fit: 3 to 30 of a-z, 0-9 and _ are allowed.",
            username=username[:40],
        )


class PasswordUnfit(DomainError):
    """Raised when a new password is too short or too long."""

    code = "password_unfit"

    def __init__(self, *, min_length: int, max_length: int) -> None:
        super().__init__(
            f"A password has {min_length} to {max_length} characters.",
            min_length=min_length,
            max_length=max_length,
        )


class PasswordTooCommon(DomainError):
    """Raised when a new password is among the first that anyone would try."""

    code = "password_too_common"

    def __init__(self) -> None:
        super().__init__(
            "This password is one of those that are tried first: a common one, or the user name. "
            "Choose another; several words make a good one."
        )


class UserNotFound(DomainError):
    """Raised when no user has that name."""

    code = "user_not_found"

    def __init__(self, user: str) -> None:
        super().__init__(f"There is no user {user}.", user=user)


class WrongCredentials(DomainError):
    """Raised on a wrong password and on an unknown name alike."""

    code = "wrong_credentials"

    def __init__(self) -> None:
        super().__init__("User name or password is wrong.")


class NotAuthenticated(DomainError):
    """Raised when a call that needs a user comes without a valid token."""

    code = "not_authenticated"

    def __init__(
        self,
        reason: str,
        *,
        mend: str = "Log in, and send the header Authorization: Bearer <access_token>.",
    ) -> None:
        super().__init__(f"{reason} {mend}")

    @classmethod
    def as_deleted(cls) -> Self:
        """For a call in the name of a user who was deleted, maybe a moment ago."""
        return cls("The user of this token no longer exists.")


class CursorUnfit(DomainError):
    """Raised when a page is asked for by a cursor that no page gave out."""

    code = "cursor_unfit"

    def __init__(self, cursor: str) -> None:
        super().__init__(
            f"The cursor {cursor[:40]!r} was not given out by this list. Start without one.",
            cursor=cursor[:40],
        )
