"""Running servers, on embedded parts and on real ones."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from tests.integration.container_files import COMPOSE, REQUIRED, Services, filled_in
from tests.integration.crew import Crew, api_and_worker, real_parts
from tests.integration.server import Server, User
from tests.servers.found import missing
from tests.servers.postgresql import Postgresql
from tests.servers.redis import RedisServer, start_redis
from tests.servers.s3 import S3Server


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


@pytest.fixture
def real(
    postgresql_server: Postgresql, redis_server: RedisServer, s3_server: S3Server
) -> Iterator[dict[str, str]]:
    """Real parts of a test's own."""
    with real_parts(postgresql_server, redis_server, s3_server) as settings:
        yield settings


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """A Redis that a test may freeze and kill."""
    server = start_redis()
    if server.process is None:
        missing("Redis of our own", "TEST_REDIS_URL's is not ours to freeze: unset it")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def product(
    postgresql_server: Postgresql,
    redis_server: RedisServer,
    s3_server: S3Server,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    """An API process with a worker process beside it, on real parts, for the tests of a file."""
    with (
        real_parts(postgresql_server, redis_server, s3_server) as settings,
        api_and_worker(tmp_path_factory.mktemp("product"), **settings) as api,
    ):
        yield api


@pytest.fixture
def crew(tmp_path: Path) -> Iterator[Crew]:
    """Processes and users of a test's own."""
    crew = Crew(tmp_path)
    yield crew
    crew.end()


@pytest.fixture(scope="module")
def dotenv() -> dict[str, str]:
    """What a developer has in .env."""
    return {name: secrets.token_hex(32) for name in REQUIRED}


@pytest.fixture(scope="module")
def services(dotenv: dict[str, str]) -> Services:
    """The services of compose.yaml, with every variable filled in."""
    found: Services = yaml.safe_load(filled_in(COMPOSE, dotenv))["services"]
    return found
