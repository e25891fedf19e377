"""Unit tests stand on fakes alone."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from mediaport.entrypoints.cli.log_lines import formatter
from tests.world import World


@pytest.fixture
def world() -> World:
    """The product over fakes, fresh for each test."""
    return World()


class _Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, Any]] = []
        self.setFormatter(formatter(lambda line: line, is_json=True, is_coloured=False))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(self.format(record)))


@pytest.fixture
def lines_written() -> Iterator[list[dict[str, Any]]]:
    """The lines of ours that would be in the log, as JSON says them."""
    ours, handler = logging.getLogger("mediaport"), _Lines()
    level = ours.level
    ours.addHandler(handler)
    ours.setLevel(logging.DEBUG)
    yield handler.lines
    ours.removeHandler(handler)
    ours.setLevel(level)
