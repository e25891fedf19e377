"""The reference leaves nothing out."""

import re
from pathlib import Path

import msgspec
import pytest

from docs.reference.__main__ import PAGES
from docs.reference.problems import BY_HAND
from mediaport.entrypoints.cli import cli
from mediaport.entrypoints.http.problems import STATUSES
from mediaport.entrypoints.settings import Settings
from tests.servers.found import ROOT


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """The pages, as the site gets them."""
    return {name: page() for name, page in PAGES.items()}


def test_each_page_is_on_the_site(pages: dict[str, str]) -> None:
    nav = Path(ROOT, "mkdocs.yml").read_text()

    assert {f"reference/{name}.md" for name in pages} == {*re.findall(r"reference/.+\.md", nav)}


def test_every_setting_command_and_problem_is_there(pages: dict[str, str]) -> None:
    settings = [f"## {field.name.upper()}\n" for field in msgspec.structs.fields(Settings)]
    commands = [f"## mediaport {name}\n" for name in cli.commands]

    assert [each for each in settings if each not in pages["settings"]] == []
    assert [each for each in commands if each not in pages["commands"]] == []
    assert [each for each in STATUSES if f"`{each.code}`" not in pages["problems"]] == []


def test_every_route_and_metric_is_there(pages: dict[str, str]) -> None:
    schema = msgspec.json.decode(Path(ROOT, "frontend/openapi.json").read_bytes())
    sources = "".join(path.read_text() for path in Path(ROOT, "src").rglob("*.py"))
    metrics = re.findall(r'(?:Counter|Gauge|Histogram)\(\s*"(mediaport_\w+)"', sources)

    for path, methods in schema["paths"].items():
        for method in methods:
            assert f"## {method.upper()} {path}\n" in pages["http"]
    assert metrics
    assert [each for each in metrics if f"`{each}`" not in pages["metrics"]] == []


def test_what_is_answered_by_hand_is_said_by_the_code() -> None:
    source = Path(ROOT, "src/entrypoints/http/problems.py").read_text()

    for status, slug, _, _ in BY_HAND:
        assert slug.replace("PART", "{error.part}") in source or status == "405"
