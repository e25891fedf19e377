"""`python -m docs.reference FOLDER` writes the pages into a folder; `mkdocs.yml` names them."""

import sys
from pathlib import Path

from docs.reference import commands, http, metrics, problems, settings

PAGES = {
    "settings": settings.page,
    "commands": commands.page,
    "http": http.page,
    "problems": problems.page,
    "metrics": metrics.page,
}


def write(folder: Path) -> None:
    """Write all pages anew."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (folder / f"{name}.md").write_text(page())


if __name__ == "__main__":
    write(Path(sys.argv[1]))
