"""Every block is of the language that it says, and quotes what is there."""

import re
from pathlib import Path

import pytest

from mediaport.domain.errors import DomainError
from mediaport.entrypoints.http.problems import STATUSES
from tests.docs.blocks import Block, all_blocks, pages, part_of_repository
from tests.docs.languages import LANGUAGES, check
from tests.servers.found import ROOT

BLOCKS = all_blocks()


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_a_block_is_of_its_language(block: Block) -> None:
    assert block.language.lower() in LANGUAGES, f"name one of {', '.join(LANGUAGES)}"

    check(block)


@pytest.mark.parametrize(
    "block", [each for each in BLOCKS if each.title and part_of_repository(each.title)], ids=str
)
def test_a_block_with_the_name_of_a_file_quotes_it(block: Block) -> None:
    file = part_of_repository(block.title or "")

    assert file is not None
    assert block.text in file.read_text()


def test_problems_are_shown_as_they_are_answered() -> None:
    statuses = {error.code: int(status) for error, status in STATUSES.items()}
    shown = [
        (block, line.split('"')[3])
        for block in BLOCKS
        if block.language == "json"
        for line in block.text.splitlines()
        if line.strip().startswith('"code":')
    ]

    assert shown
    for block, code in shown:
        assert code in statuses, str(block)
        assert f'"status": {statuses[code]}' in block.text, str(block)
        assert f'"type": "urn:mediaport:problem:{code}"' in block.text, str(block)
    assert all(issubclass(error, DomainError) for error in STATUSES)


@pytest.mark.parametrize("page", pages())
def test_links_lead_to_files_that_are_there(page: str) -> None:
    linked = re.findall(r"\]\(([^)#\s]+)|<img [^>]*src=\"([^\"]+)\"", Path(ROOT, page).read_text())
    targets = {link or source for link, source in linked}
    # Of the site alone are pages of the reference, of whoever hosts the repository its advisories.
    elsewhere = re.compile(r"[a-z]+:|reference/\w+\.md$|\.\./\.\./security/")
    here = {each for each in targets if not elsewhere.match(each)}

    assert [each for each in here if not Path(ROOT, page).parent.joinpath(each).exists()] == []
