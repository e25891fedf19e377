"""What a process writes of its own doings: one line each, and no secret."""

import logging
import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from mediaport.entrypoints.settings import SECRETS, URLS_WITH_PASSWORDS, Settings

LINE = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
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
    handler = logging.StreamHandler()
    handler.setFormatter(_Discreet(LINE, secrets=_secrets_of(settings)))
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


class _Discreet(logging.Formatter):
    """Masks what is secret by its value, or looks like it."""

    def __init__(self, form: str, *, secrets: Iterator[str]) -> None:
        super().__init__(form)
        self._secrets = sorted(secrets, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        for shape in _SHAPES:
            text = shape.sub(MASK, text)
        return text
