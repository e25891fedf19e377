"""Unit tests stand on fakes alone."""

import pytest

from tests.world import World


@pytest.fixture
def world() -> World:
    """The product over fakes, fresh for each test."""
    return World()
