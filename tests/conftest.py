"""What every suite needs: the event loop that the product runs on, and real servers."""

import asyncio
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.servers.found import USED
from tests.servers.postgresql import Postgresql, start_postgresql
from tests.servers.redis import RedisServer, start_redis
from tests.servers.s3 import S3Server, start_s3

# Other work on the same machine must not fail a property.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Everything async runs on asyncio."""
    return "asyncio"


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Postgresql]:
    """PostgreSQL, with a migrated template to copy databases from."""
    server = start_postgresql()
    asyncio.run(server.make_template())
    server.migrate_template()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """Redis."""
    server = start_redis()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """An S3 store."""
    server = start_s3()
    yield server
    server.stop()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Two more than there are cores, as half of the time is spent waiting.

    One alone on servers that are named: what it makes and forgets there is its own.
    """
    named = {"TEST_DATABASE_URL", "TEST_REDIS_URL"} & os.environ.keys()
    return 1 if named else (os.cpu_count() or 1) + 2


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process that shares the run says which servers it ran against."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["servers"] = USED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    """Hear of the servers that another process of the run used."""
    USED.update(getattr(node, "workeroutput", {}).get("servers", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which servers the tests ran against."""
    if USED:
        terminalreporter.section("real servers")
        for server, where in sorted(USED.items()):
            terminalreporter.write_line(f"{server}: {where}")
