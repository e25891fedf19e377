"""Whether a command said what its page shows. `…` stands for whatever differs from run to run."""

import json
import re
from typing import Any

ANYTHING = "…"


def is_said(shown: str, said: str) -> bool:
    """Whether all of what is shown is there, in one piece; blanks count as one."""
    parts = (r"\s+".join(map(re.escape, part.split())) for part in shown.split(ANYTHING))
    # Beside an ellipsis there may be blanks or none.
    return re.search(r"\s*[\s\S]*?\s*".join(parts), said) is not None


def is_like(shown: Any, answered: Any) -> bool:
    """Whether a JSON document is what is shown, as far as that goes."""
    match shown:
        case dict():
            left = ANYTHING in shown  # then there may be more
            names = shown.keys() - {ANYTHING}
            return (
                isinstance(answered, dict)
                and (names <= answered.keys() if left else names == answered.keys())
                and all(is_like(shown[name], answered[name]) for name in names)
            )
        case list():
            return (
                isinstance(answered, list)
                and len(shown) == len(answered)
                and all(map(is_like, shown, answered))
            )
        case str() if ANYTHING in shown:
            pattern = ".*".join(map(re.escape, shown.split(ANYTHING)))
            return re.fullmatch(pattern, str(answered), re.DOTALL) is not None
        case _:
            return bool(shown == answered)


def fits(language: str, shown: str, said: str) -> bool:
    """Whether a block of output is what came out."""
    if language == "json":
        try:
            return is_like(json.loads(shown), json.loads(said))
        except ValueError:
            return False
    return is_said(shown, said)
