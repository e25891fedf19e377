"""Texts that people write: bodies, comments, alt texts."""

import unicodedata

from mediaport.domain.errors import TextUnfit

_ALLOWED_CONTROLS = "\r\n\t"


def check_text(field: str, text: str, *, max_length: int) -> None:
    """Hold a text to its length, in characters, and to characters that can be stored and shown.

    Raises:
        TextUnfit: It is longer, or holds control characters or halves of surrogate pairs.
    """
    if len(text) > max_length:
        raise TextUnfit(field, reason=f"has {len(text)} characters; at most {max_length} fit")
    for character in text:
        if unicodedata.category(character) in {"Cc", "Cs"} and character not in _ALLOWED_CONTROLS:
            raise TextUnfit(field, reason=f"holds the control character U+{ord(character):04X}")
