"""Running servers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.server import Server, User


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the tests of a file."""
    server = Server(tmp_path_factory.mktemp("server"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A server of a test's own, not started yet."""
    server = Server(tmp_path / "server")
    yield server
    server.stop()


@pytest.fixture
def ada(server: Server, request: pytest.FixtureRequest) -> Iterator[User]:
    """A user of the shared server, new for each test."""
    user = User(server.url, f"ada_{abs(hash(request.node.nodeid)) % 10**12}")
    yield user
    user.close()
