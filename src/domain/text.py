"""Texts that people write: bodies, comments, alt texts."""

import re

from mediaport.domain.errors import TextUnfit

# Unicode's categories Cc, but for the ends of lines and the tab, and Cs.
_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def check_text(field: str, text: str, *, max_length: int) -> None:
    """Hold a text to its length, in characters, and to characters that can be stored and shown.

    Raises:
        TextUnfit: It is longer, or holds control characters or halves of surrogate pairs.
    """
    if len(text) > max_length:
        raise TextUnfit(field, reason=f"has {len(text)} characters; at most {max_length} fit")
    if unfit := _UNFIT.search(text):
        character = ord(unfit.group())
        raise TextUnfit(field, reason=f"holds the control character U+{character:04X}")
