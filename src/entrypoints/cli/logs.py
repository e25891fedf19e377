"""What a process writes of its own doings: one line each, and no secret."""

import logging
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from mediaport.entrypoints.settings import SECRETS, URLS_WITH_PASSWORDS, Settings

MASK = "********"
MIN_LENGTH = 8
# Libraries write no secret from WARNING on; should one do so all the same, or be made to talk:
_SHAPES = (
    re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*"),  # a JSON Web Token
    re.compile(r"\b[0-9a-f]{64}\b"),  # a signature of AWS, or of the embedded store
    re.compile(r"\$argon2id\$[^\s'\"]+"),
    re.compile(r"(?i)(?<=signature=)[^&\s'\"]+|(?<=security-token=)[^&\s'\"]+"),
    re.compile(r"(?i)(?<=bearer )[^\s'\"]+"),
    re.compile(r"(?<=://)([^:/@\s]*):[^/\s]*@"),  # in a URL, a name and a password
)


def start_logging(settings: Settings) -> None:
    """Write to standard error what we have to say from LOG_LEVEL on; of libraries, warnings."""
    # Imported here: it takes a while, and most commands write nothing.
    from mediaport.entrypoints.cli.log_lines import formatter  # noqa: PLC0415

    is_terminal = sys.stderr.isatty()
    form = settings.log_format
    is_json = form == "json" or (form == "auto" and not is_terminal)
    handler = logging.StreamHandler()
    mask = Mask(_secrets_of(settings))
    handler.setFormatter(formatter(mask, is_json=is_json, is_coloured=is_terminal))
    level = logging.getLevelNamesMapping()[settings.log_level]
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[handler])
    logging.getLogger("mediaport").setLevel(level)


def _secrets_of(settings: Settings) -> Iterator[str]:
    """What is set, and no word that could be part of another one."""
    values = [getattr(settings, name) for name in SECRETS]
    for name in URLS_WITH_PASSWORDS:
        password = urlsplit(getattr(settings, name) or "").password
        values += [password, unquote(password or "")]
    yield from (value for value in values if value and len(value) >= MIN_LENGTH)


class Mask:
    """Masks what is secret by its value, or looks like it.

    In values, before a line is made of them: of JSON, it could take what holds it together.
    """

    def __init__(self, secrets: Iterator[str]) -> None:
        self._secrets = sorted(secrets, key=len, reverse=True)

    def __call__(self, value: Any) -> Any:
        """The value without secrets. What is no plain value is shown by its words."""
        match value:
            case None | bool() | int() | float():
                return value
            case Mapping():
                return {self._text(str(key)): self(item) for key, item in value.items()}
            case list() | tuple() | set():
                return [self(item) for item in value]
        return self._text(str(value))

    def _text(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        for shape in _SHAPES:
            text = shape.sub(MASK, text)
        return text
