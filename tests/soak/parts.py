"""Real parts of a long run's own, and the processes on them."""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.integration.crew import Crew, real_parts
from tests.servers.postgresql import start_postgresql
from tests.servers.redis import start_redis
from tests.servers.s3 import start_s3


@contextmanager
def started_parts() -> Iterator[tuple[Crew, dict[str, str]]]:
    """PostgreSQL, Redis and an S3 store, new ones, by their settings; all is gone at the end."""
    postgresql, redis, s3 = start_postgresql(), start_redis(), start_s3()
    asyncio.run(postgresql.make_template())
    postgresql.migrate_template()
    crew = Crew(Path(tempfile.mkdtemp(prefix="mediaport-soak-")))
    try:
        with real_parts(postgresql, redis, s3) as settings:
            yield crew, settings
            crew.end()  # before their database goes
    finally:
        crew.end()
        for server in (postgresql, redis, s3):
            server.stop()
