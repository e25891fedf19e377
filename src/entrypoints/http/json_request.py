"""Bodies as JSON, strictly: `"5"` is no number and `"null"` is not null.

The framework decodes bodies leniently, stops at the first field that does not fit, and lets some
malformed bodies through as crashes.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
from litestar import Request
from litestar.exceptions import (
    ClientException,
    InternalServerException,
    ValidationException,
)

# Far below any image: image bytes never pass through the API.
MAX_BODY_BYTES = 64 * 1024
HELD = "held_body"
"""Where, in the state of a request, its body is, where all of it was there before its turn."""


class JsonRequest(Request[Any, Any, Any]):
    """A request whose body is decoded into the type that its handler asks for."""

    async def body(self) -> bytes:
        """The body as it came.

        Raises:
            ClientException: The client went away before all of it had come.
        """
        held: bytes | None = self.scope["state"].get(HELD)
        if held is not None:
            return held
        try:
            return await super().body()
        except InternalServerException as error:  # the framework's word for that, and nothing else
            raise ClientException(f"The body is not complete: {error.detail}") from error

    async def json(self) -> Any:
        """The body.

        Raises:
            ClientException: It is no JSON.
            ValidationException: It is JSON of another form; each field that does not fit is named.
        """
        wanted = self.route_handler.parsed_data_field
        body = await self.body()
        try:
            return _decoded(body, wanted.annotation if wanted else Any)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ClientException(f"The body is not JSON that can be read: {error}") from error


def _decoded(body: bytes, target: Any) -> Any:
    try:
        return msgspec.json.decode(body, type=target, strict=True)
    except msgspec.ValidationError as error:
        unfit = [
            {"key": field, "message": message, "source": "body"}
            for field, message in _unfit_fields(msgspec.json.decode(body), target)
        ]
        whole = {"key": "body", "message": str(error), "source": "body"}
        raise ValidationException(str(error), extra=unfit or [whole]) from error


def _unfit_fields(body: Any, target: Any) -> Iterator[tuple[str, str]]:
    """Each field that does not fit, with what is wrong with it."""
    if not isinstance(body, dict) or not issubclass(target, msgspec.Struct):
        return
    known = {field.encode_name: field for field in msgspec.structs.fields(target)}
    for name in sorted(body.keys() - known.keys()):
        yield name[:100], f"There is no such field; there are {', '.join(known)}"
    for name, field in known.items():
        if name not in body:
            if field.required:
                yield name, "It is missing"
            continue
        try:
            msgspec.convert(body[name], field.type, strict=True)
        except msgspec.ValidationError as error:
            yield name, _in_words(error, field.type)


def _in_words(error: msgspec.ValidationError, wanted: Any) -> str:
    described = [meta.description for meta in getattr(wanted, "__metadata__", ())]
    is_form = any(word in str(error) for word in ("regex", "length"))
    return f"Wanted: {described[0]}" if is_form and described and described[0] else str(error)
