"""The blocks of a page: what it fences, and what the comment right above a fence says of it.

`<!-- not run: reason -->` keeps a block from being run; `<!-- with: postgresql, redis, s3 -->` sets
the settings of such servers from that block on. `title="file"` says that the block is that file.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

from tests.servers.found import ROOT

PATTERNS = (
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "bench/README.md",
    "docs/**/*.md",
    "examples/*/README.md",
    "frontend/src/upload/README.md",
)
# What is typed into a terminal, and what is another way to say so.
SHELL = ("sh", "bash")


@dataclass(frozen=True)
class Block:
    """One fence of a page."""

    page: str
    line: int
    section: int
    language: str
    title: str | None
    not_run: str | None
    servers: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def is_typed(self) -> bool:
        """Whether it goes into a terminal."""
        return self.language in SHELL and self.title is None


def pages() -> list[str]:
    """The pages, by their paths."""
    found = (path for pattern in PATTERNS for path in ROOT.glob(pattern))
    return sorted(path.relative_to(ROOT).as_posix() for path in found)


def blocks_of(page: str) -> list[Block]:
    """The blocks of a page, in order."""
    return [*_blocks(page, (ROOT / page).read_text())]


def all_blocks() -> list[Block]:
    """The blocks of all pages."""
    return [block for page in pages() for block in blocks_of(page)]


def _blocks(page: str, text: str) -> Iterator[Block]:
    comment, section = "", 0
    for token in MarkdownIt().parse(text):
        section += token.type == "heading_open"
        if token.type == "fence":
            language, _, options = token.info.strip().partition(" ")
            title = re.search(r'title="([^"]+)"', options)
            servers = _said(comment, "with")
            yield Block(
                page=page,
                line=(token.map or [0])[0] + 1,
                section=section,
                language=language,
                title=title[1] if title else None,
                not_run=_said(comment, "not run"),
                servers=tuple(re.findall(r"\w+", servers or "")),
                text=token.content,
            )
        comment = token.content if token.type == "html_block" else ""


def _said(comment: str, what: str) -> str | None:
    found = re.search(rf"<!-- {what}: (.+?) -->", comment)
    return found[1] if found else None


def part_of_repository(title: str) -> Path | None:
    """The file that a block of this title quotes; None where the reader is to write it."""
    path = Path(ROOT, title)
    return path if path.is_file() else None


def happens(block: Block) -> bool:
    """Whether something is done with a block in a terminal."""
    if block.not_run:
        return False
    if block.title:
        return part_of_repository(block.title) is None
    return block.is_typed or block.language in {"diff", "python"}
