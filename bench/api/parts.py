"""The servers that all contenders share, started for a run."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bench.api import dataset
from bench.api.contenders import BUCKET, Parts
from bench.api.uploads import client_of
from tests.servers.found import ROOT
from tests.servers.redis import start_redis
from tests.servers.s3 import start_s3

CACHE = ROOT / ".cache" / "bench-api"


@contextmanager
def parts() -> Iterator[Parts]:
    """PostgreSQL, MinIO and Redis."""
    with ExitStack() as stack:
        postgresql = dataset.start(CACHE)
        stack.callback(postgresql.stop)
        s3, redis = start_s3(), start_redis()
        stack.callback(s3.stop)
        stack.callback(redis.stop)
        client_of(s3).create_bucket(Bucket=BUCKET)
        yield Parts(postgresql, s3, redis)
