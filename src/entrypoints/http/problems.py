"""Errors as RFC 9457 problem details: the one table from error to status, and the handlers."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Annotated, Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi.datastructures import ResponseSpec
from litestar.types import ASGIApp, ExceptionHandlersMap, Receive, Scope, Send
from msgspec import Meta

from mediaport.application.ports.unavailable import PartFull, PartUnavailable
from mediaport.domain import errors
from mediaport.domain.errors import DomainError
from mediaport.entrypoints.http.layer import Layer
from mediaport.entrypoints.http.request_ids import current_request_id

log = logging.getLogger(__name__)

AnyRequest = Request[Any, Any, Any]
ProblemResponse = Response[dict[str, Any]]

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5

STATUSES: Mapping[type[DomainError], HTTPStatus] = MappingProxyType(
    {
        errors.NotAuthenticated: HTTPStatus.UNAUTHORIZED,
        errors.WrongCredentials: HTTPStatus.UNAUTHORIZED,
        errors.MediaNotFound: HTTPStatus.NOT_FOUND,
        errors.PostNotFound: HTTPStatus.NOT_FOUND,
        errors.UserNotFound: HTTPStatus.NOT_FOUND,
        errors.ObjectNotUploaded: HTTPStatus.CONFLICT,
        errors.UploadChanged: HTTPStatus.CONFLICT,
        errors.CompletionInProgress: HTTPStatus.CONFLICT,
        errors.MediaAlreadyReady: HTTPStatus.CONFLICT,
        errors.MediaNotReady: HTTPStatus.CONFLICT,
        errors.WrongKind: HTTPStatus.CONFLICT,
        errors.MediaAlreadyAttached: HTTPStatus.CONFLICT,
        errors.MediaStillShown: HTTPStatus.CONFLICT,
        errors.UsernameTaken: HTTPStatus.CONFLICT,
        errors.UploadExpired: HTTPStatus.GONE,
        errors.SizeTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        errors.ContentTypeNotAllowed: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        errors.KindUnknown: HTTPStatus.UNPROCESSABLE_ENTITY,
        errors.SizeNotPositive: HTTPStatus.UNPROCESSABLE_ENTITY,
        errors.SizeMismatch: HTTPStatus.UNPROCESSABLE_ENTITY,
        errors.ContentTypeMismatch: HTTPStatus.UNPROCESSABLE_ENTITY,
        errors.NotAnImage: HTTPStatus.UNPROCESSABLE_ENTITY,
        errors.TooManyPixels: HTTPStatus.UNPROCESSABLE_ENTITY,
        errors.TextUnfit: HTTPStatus.UNPROCESSABLE_ENTITY,
        errors.CursorUnfit: HTTPStatus.UNPROCESSABLE_ENTITY,
        errors.EmptyPost: HTTPStatus.UNPROCESSABLE_ENTITY,
        errors.UsernameUnfit: HTTPStatus.UNPROCESSABLE_ENTITY,
        errors.PasswordUnfit: HTTPStatus.UNPROCESSABLE_ENTITY,
        errors.PasswordTooCommon: HTTPStatus.UNPROCESSABLE_ENTITY,
        errors.RateExceeded: HTTPStatus.TOO_MANY_REQUESTS,
        errors.TooManyStreams: HTTPStatus.TOO_MANY_REQUESTS,
        errors.TooManyPendingUploads: HTTPStatus.TOO_MANY_REQUESTS,
        errors.TooManyPendingBytes: HTTPStatus.TOO_MANY_REQUESTS,
        errors.StorageQuotaExceeded: HTTPStatus.TOO_MANY_REQUESTS,
    }
)


class FieldError(msgspec.Struct, frozen=True):
    """What is wrong with one field of a request."""

    field: str
    message: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """RFC 9457 problem details. The values that explain the problem stand beside these members."""

    type: Annotated[str, Meta(description="A URI for this kind of problem")]
    title: Annotated[str, Meta(description="The kind of problem in words")]
    status: Annotated[int, Meta(description="The HTTP status")]
    detail: Annotated[str, Meta(description="What was wrong, with the values, and what to do")]
    code: Annotated[str, Meta(description="A stable slug to switch on")]
    errors: Annotated[list[FieldError], Meta(description="Fields that do not fit, if any")] = (
        msgspec.field(default_factory=list)
    )


def documented(*statuses: HTTPStatus) -> dict[int, ResponseSpec]:
    """Problem answers for the API's schema: those named, and those that every call can give."""
    always = (
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.INSUFFICIENT_STORAGE,
    )
    return {
        int(status): ResponseSpec(
            Problem, generate_examples=False, description=status.phrase, media_type=MEDIA_TYPE
        )
        for status in sorted({*always, *statuses})
    }


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    context: Mapping[str, Any] = MappingProxyType({}),
    headers: Mapping[str, str] = MappingProxyType({}),
) -> ProblemResponse:
    """An answer in the form of `Problem`."""
    members = {
        "type": f"urn:mediaport:problem:{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": int(status),
        "detail": detail,
        "code": code,
    }
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and (request_id := current_request_id()):
        context = {**context, "request_id": request_id}  # what to look for in the log
    body = {**members, **context, **members}  # the members first, and no value instead of theirs
    return Response(body, status_code=status, media_type=MEDIA_TYPE, headers=dict(headers))


def on_domain_error(_: AnyRequest, error: DomainError) -> ProblemResponse:
    """A refusal of the domain."""
    status = STATUSES[type(error)]
    headers = {}
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="mediaport"'
    if "retry_after_s" in error.context:
        headers["Retry-After"] = str(error.context["retry_after_s"])
    return problem(status, error.code, str(error), context=error.context, headers=headers)


def on_part_unavailable(_: AnyRequest, error: PartUnavailable) -> ProblemResponse:
    """A part is down. Its own words go to the log: they may hold addresses."""
    log.error("%s", error)
    name = error.part.replace("_", " ")
    if isinstance(error, PartFull):
        return problem(
            HTTPStatus.INSUFFICIENT_STORAGE,
            f"{error.part}_full",
            f"The {name} has no room left. Nothing was changed.",
            context={"part": error.part},
        )
    return problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        f"{error.part}_unavailable",
        f"The {name} does not answer. Nothing was half-done; try again in {RETRY_AFTER_S} s.",
        context={"part": error.part},
        headers={"Retry-After": str(RETRY_AFTER_S)},
    )


def on_validation_error(request: AnyRequest, error: ValidationException) -> ProblemResponse:
    """A path, query or body that is not of the documented form."""
    found = [item for item in error.extra or [] if isinstance(item, dict)]
    if any(item.get("source") == "path" for item in found):
        return problem(
            HTTPStatus.NOT_FOUND, "not_found", f"There is nothing at {request.scope['path']}."
        )
    fields = [_field_error(item) for item in found]
    named = "; ".join(f"{field.field}: {field.message}" for field in fields)
    return problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid_request",
        f"The request does not fit. {named or error.detail}",
        context={"errors": msgspec.to_builtins(fields)},
    )


def _field_error(item: Mapping[str, Any]) -> FieldError:
    if item.get("key") == "data":  # how the framework says that there is no body
        return FieldError(field="body", message="A JSON body is needed")
    return FieldError(field=str(item.get("key", "body")), message=str(item.get("message", "")))


def on_http_error(request: AnyRequest, error: HTTPException) -> ProblemResponse:
    """What the framework refuses: unknown paths, other methods, bodies that are no JSON."""
    status = HTTPStatus(error.status_code)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return on_unexpected_error(request, error)
    code, detail = status.phrase.lower().replace(" ", "_").replace("-", "_"), error.detail
    if status is HTTPStatus.NOT_FOUND:
        code, detail = "not_found", f"There is nothing at {request.scope['path']}."
    elif status is HTTPStatus.METHOD_NOT_ALLOWED:
        detail = f"{request.method} is not allowed at {request.scope['path']}."
    elif status is HTTPStatus.BAD_REQUEST:
        code = "malformed_request"
    elif status is HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        code = "request_too_large"
        detail = "The body is too large. Image bytes go to the upload URL, not to the API."
    return problem(status, code, detail, headers=dict(error.headers or {}))


def on_unexpected_error(request: AnyRequest, error: Exception) -> ProblemResponse:
    """A defect of ours."""
    log.error("%s %s failed", request.method, request.scope["path"], exc_info=error)
    return problem(
        HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", "Something went wrong on our side."
    )


class AnswerRefusals(Layer):
    """Answers what the middleware behind it refuses.

    The framework would do so in front of the metrics, which would count a success.
    """

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Pass on; answer what comes back as an error that has an answer."""
        try:
            await next_app(scope, receive, send)
        except (DomainError, PartUnavailable) as error:
            await answer_to(error, scope)(scope, receive, send)


def answer_to(error: Exception, scope: Scope) -> ASGIApp:
    """What is said of an error to whoever asked: the framework's choice among our handlers."""
    handlers = scope["litestar_app"].exception_handlers
    handler = next(handlers[kind] for kind in type(error).__mro__ if kind in handlers)
    request = AnyRequest(scope)
    return handler(request, error).to_asgi_response(request=request, app=None)


HANDLERS: ExceptionHandlersMap = {
    DomainError: on_domain_error,
    PartUnavailable: on_part_unavailable,
    ValidationException: on_validation_error,
    HTTPException: on_http_error,
    Exception: on_unexpected_error,
}
