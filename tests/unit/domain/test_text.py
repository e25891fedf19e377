"""Texts that people write."""

import sys
import unicodedata

from mediaport.domain.errors import TextUnfit
from mediaport.domain.text import check_text


def test_control_characters_and_halves_of_pairs_are_refused_and_nothing_else() -> None:
    refused = set()
    for number in range(sys.maxunicode + 1):
        try:
            check_text("body", chr(number), max_length=1)
        except TextUnfit:
            refused.add(number)

    assert refused == {
        number
        for number in range(sys.maxunicode + 1)
        if unicodedata.category(chr(number)) in {"Cc", "Cs"} and chr(number) not in "\r\n\t"
    }
