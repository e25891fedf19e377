"""What the pages say to type works, from top to bottom, and says what they show."""

import asyncio
import re
import shutil
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import pytest

from tests.docs.blocks import Block, all_blocks, blocks_of, happens, pages
from tests.docs.comparing import fits
from tests.docs.terminal import Terminal
from tests.servers.found import missing
from tests.servers.s3 import new_bucket

OUTPUT = ("text", "json")
# Few things cannot be tried: what needs a country, a purse or an afternoon.
MOST_NOT_RUN = 12


TYPED = [page for page in pages() if any(map(happens, blocks_of(page)))]


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """A terminal in a fresh copy of the repository."""
    for program in ("bash", "curl", "jq", "git"):
        if shutil.which(program) is None:
            missing(program, "install it")
    terminal = Terminal(tmp_path)
    yield terminal
    terminal.close()


@pytest.mark.parametrize("page", TYPED)
def test_what_a_page_says_to_type_works(
    page: str, terminal: Terminal, request: pytest.FixtureRequest
) -> None:
    blocks = blocks_of(page)
    typed = [block for block in blocks if happens(block)]
    settings = {block: settings_of(block, request) for block in typed if block.servers}
    if takes_a_server_for_granted(typed):
        terminal.start_server()

    status = terminal.type(typed, settings)

    last = [block for block in typed if terminal.said(block) is not None][-1]
    assert status == 0, f"{last} failed:\n{last.text}\nIt said:\n{terminal.said(last)}"
    untrue = [
        f"{shown} shows:\n{shown.text}\nWhat was said:\n{terminal.said(block)}"
        for block, shown in pairwise(blocks)
        if is_output(shown, of=block)
        and not fits(shown.language, shown.text, terminal.said(block) or "")
    ]
    assert not untrue, "\n".join(untrue)


def is_output(shown: Block, *, of: Block) -> bool:
    """Whether a block shows what the one before it says."""
    is_shown = shown.language in OUTPUT and not (shown.title or shown.not_run)
    return is_shown and happens(of) and shown.section == of.section


def takes_a_server_for_granted(typed: list[Block]) -> bool:
    """Whether a page calls the API and has not started it."""
    for block in typed:
        if re.search(r"\bmake run\b|\bmediaport serve\b", block.text):
            return False
        if "127.0.0.1:8000" in block.text and block.title is None:
            return True
    return False


def settings_of(block: Block, request: pytest.FixtureRequest) -> dict[str, str]:
    """What names the servers that a block is to be run with: nothing in them yet."""
    settings = {"JWT_SECRET": uuid4().hex}
    if "postgresql" in block.servers:
        postgresql = request.getfixturevalue("postgresql_server")
        settings["DATABASE_URL"] = asyncio.run(postgresql.database())
    if "redis" in block.servers:
        settings["REDIS_URL"] = request.getfixturevalue("redis_server").url
        settings["QUEUE_NAME"] = f"test_{uuid4().hex}"
    if "s3" in block.servers:
        s3 = request.getfixturevalue("s3_server")
        settings |= {"S3_BUCKET": new_bucket(), **s3.settings}
    return settings


def test_little_is_not_run_and_each_says_why() -> None:
    kept = [block for block in all_blocks() if block.not_run]

    told = "\n".join(f"{block}: {block.not_run}" for block in kept)
    sys.stdout.write(told)
    assert len(kept) <= MOST_NOT_RUN, told
