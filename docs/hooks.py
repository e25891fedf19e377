"""What mkdocs does besides: patterns in the nav, pages from elsewhere, links between them.

It runs in an environment of its own, without the product: what is written from the code is there
already, in `GENERATED` (`make docs`).
"""

import logging
import posixpath
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

log = logging.getLogger("mkdocs.hooks")

ROOT = Path(__file__).resolve().parents[1]
GENERATED = ROOT / ".cache/docs/pages"
MERMAID = ROOT / ".cache/docs/mermaid.min.js"
# What lies elsewhere in the repository, and where it is on the site.
ELSEWHERE = {
    "CHANGELOG.md": "more/changelog.md",
    "CONTRIBUTING.md": "more/contributing.md",
    "SECURITY.md": "more/reporting-a-weakness.md",
    "bench/README.md": "more/benchmarks.md",
    "bench/results/images.svg": "more/images.svg",
    "frontend/src/upload/README.md": "more/upload-core.md",
}
BROUGHT = {there: here for here, there in ELSEWHERE.items()}
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s#]+)(#[^)\s]*)?\)")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Replace each pattern in the nav by the pages that it stands for."""
    named = {item for item in _items(config.nav or []) if "*" not in item}
    found = {path.relative_to(ROOT / "docs").as_posix() for path in ROOT.glob("docs/**/*.md")}
    config.nav = [*_expanded(config.nav or [], sorted(found - named))]
    if MERMAID.exists():
        config.extra_javascript.append("more/mermaid.min.js")
    return config


def _items(nav: list[Any]) -> Iterator[str]:
    for item in nav:
        if isinstance(item, str):
            yield item
        else:
            for inner in item.values():
                yield from _items(inner if isinstance(inner, list) else [inner])


def _expanded(nav: list[Any], pages: list[str]) -> Iterator[Any]:
    for item in nav:
        if isinstance(item, dict):
            yield {
                title: [*_expanded(inner, pages)] if isinstance(inner, list) else inner
                for title, inner in item.items()
            }
        elif "*" in item:
            yield from (page for page in pages if fnmatch(page, item))
        else:
            yield item


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what was written from the code, and what lies elsewhere."""
    brought = {f"reference/{path.name}": path for path in GENERATED.glob("*.md")}
    brought |= {there: ROOT / here for here, there in ELSEWHERE.items()}
    if MERMAID.exists():
        brought["more/mermaid.min.js"] = MERMAID
    for there, path in brought.items():
        files.append(File.generated(config, there, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Let links lead to where their targets are on the site, and to nowhere if they are not."""
    here = page.file.src_uri
    source = BROUGHT.get(here, f"docs/{here}")

    def lead(link: re.Match[str]) -> str:
        picture, label, target, fragment = link.groups()
        if re.match(r"[a-z]+:", target):
            return link[0]
        wanted = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        if wanted.startswith("../"):  # a page of whoever hosts the repository
            return str(label)
        there = ELSEWHERE.get(wanted) or wanted.removeprefix("docs/")
        if wanted in ELSEWHERE or wanted.startswith("docs/"):
            way = posixpath.relpath(there, posixpath.dirname(here) or ".")
            return f"{picture}[{label}]({way}{fragment or ''})"
        if not (ROOT / wanted).exists():
            log.warning("%s links to %s, which is not there", source, target)
        return str(label)

    return _outside_fences(markdown, lead)


def _outside_fences(markdown: str, lead: Any) -> str:
    """Replace links, but none that a block of code shows."""
    parts, end = [], 0
    for fence in FENCE.finditer(markdown):
        parts += [LINK.sub(lead, markdown[end : fence.start()]), fence[0]]
        end = fence.end()
    return "".join([*parts, LINK.sub(lead, markdown[end:])])
