"""The list of faults and the tests that show them belong together."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_list_holds_every_row_that_a_test_names_and_no_other() -> None:
    listed = {
        int(number)
        for number in re.findall(
            r"^\| (\d+) \|", (ROOT / "docs/faults.md").read_text(), re.MULTILINE
        )
    }
    named = {
        int(number)
        for path in (ROOT / "tests").rglob("*.py")
        for comment in re.findall(r"# .*?rows? ([\d, and]+)", path.read_text())
        for number in re.findall(r"\d+", comment)
    }

    assert named
    assert named == listed
