"""What is promised is shown by tests that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/security.md").read_text()
SHOWN = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))


@pytest.mark.parametrize(("path", "name"), SHOWN)
def test_a_promise_is_shown_by_a_test_that_exists(path: str, name: str) -> None:
    assert re.search(rf"def {name}\(", (ROOT / path).read_text())


def test_every_promise_names_a_test() -> None:
    promises = [line for line in PAGE.splitlines() if re.match(r"\| [A-Z].*\|.*\|.*\|", line)]

    assert len(promises) > 20
    assert [line for line in promises if "`tests/" not in line] == []


def test_the_rows_it_names_are_listed() -> None:
    listed = set(re.findall(r"^\| (\d+) \|", (ROOT / "docs/faults.md").read_text(), re.MULTILINE))
    columns = re.findall(r"^\| [A-Z][^|]*\| ([\d, ]*) \|", PAGE, re.MULTILINE)

    named = {number for column in columns for number in column.split(", ") if number}
    assert named
    assert named <= listed
