"""Markdown, as far as the reference needs it."""

import inspect
from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; what is in a cell stays in its cell."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def code(text: object) -> str:
    """Something to be read as it stands; nothing, if it is empty."""
    return f"`{text}`" if str(text) else ""


def first_sentence(thing: object) -> str:
    """How a docstring begins: all of its first paragraph, in one line."""
    return " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
