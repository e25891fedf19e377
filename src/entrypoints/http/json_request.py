"""Bodies as JSON, strictly: `"5"` is no number and `"null"` is not null.

The framework decodes bodies leniently, and lets some malformed ones through as crashes.
"""

import re
from typing import Any

import msgspec
from litestar import Request
from litestar.exceptions import ClientException, ValidationException

_PLACE = re.compile(r" - at `\$\.?(.*)`$")


class JsonRequest(Request[Any, Any, Any]):
    """A request whose body is decoded into the type that its handler asks for."""

    async def json(self) -> Any:
        """The body.

        Raises:
            ClientException: It is no JSON.
            ValidationException: It is JSON of another form.
        """
        wanted = self.route_handler.parsed_data_field
        try:
            return msgspec.json.decode(
                await self.body(), type=wanted.annotation if wanted else Any, strict=True
            )
        except msgspec.ValidationError as error:
            message = str(error)
            place = _PLACE.search(message)
            field = {
                "message": _PLACE.sub("", message),
                "key": (place[1] if place else "") or "body",
                "source": "body",
            }
            raise ValidationException(message, extra=[field]) from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ClientException(f"The body is not JSON that can be read: {error}") from error
