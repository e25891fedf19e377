"""A release says of itself everywhere that it is the same one."""

import json
import re

from mediaport import __version__
from mediaport.adapters.sql.revision import newest_revision
from tests.servers.found import ROOT

RELEASED = re.compile(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)$", re.MULTILINE)
NOTES = re.compile(r"^### (\d+\.\d+\.\d+)\n(.*?)(?=^### |\Z)", re.MULTILINE | re.DOTALL)


def test_the_changelog_ends_with_this_version() -> None:
    releases = RELEASED.findall((ROOT / "CHANGELOG.md").read_text())

    assert releases[0][0] == __version__
    assert [date for _, date in releases] == sorted((date for _, date in releases), reverse=True)


def test_the_schema_that_clients_are_typed_from_is_of_this_version() -> None:
    schema = json.loads((ROOT / "frontend/openapi.json").read_text())

    assert schema["info"]["version"] == __version__


def test_the_notes_for_upgrading_name_the_revision_that_this_version_needs() -> None:
    notes = dict(NOTES.findall((ROOT / "docs/how-to/upgrade.md").read_text()))

    assert f"revision {newest_revision()}" in notes[__version__]
