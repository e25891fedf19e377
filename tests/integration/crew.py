"""Who takes part in a test on real parts: their settings, processes and users."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import boto3

from mediaport.adapters.s3.provisioning import prepare_bucket as prepare
from mediaport.entrypoints.parts import bucket_plan, s3_connection
from mediaport.entrypoints.settings import load
from tests.integration.server import Server, User, Worker, run
from tests.servers.postgresql import Postgresql, rows_of
from tests.servers.process import ServerProcess
from tests.servers.proxy import TcpProxy
from tests.servers.redis import RedisServer
from tests.servers.s3 import S3Server, new_bucket

NOWHERE = Path("no-such-file")
# Where the parts are.
URLS = ("DATABASE_URL", "S3_ENDPOINT_URL", "REDIS_URL")


@contextmanager
def real_parts(
    postgresql: Postgresql, redis: RedisServer, s3: S3Server
) -> Iterator[dict[str, str]]:
    """Settings that name a new database, a new, provisioned bucket and a new queue."""
    url = asyncio.run(postgresql.database())
    settings = {
        "DATABASE_URL": url,
        "REDIS_URL": redis.url,
        "QUEUE_NAME": f"test_{uuid4().hex}",
        "S3_BUCKET": new_bucket(),
        "JWT_SECRET": uuid4().hex,
        "MEDIA_SWEEP_INTERVAL_S": "1",
        **s3.settings,
    }
    prepare_bucket(settings)
    yield settings
    asyncio.run(postgresql.drop(url))


@contextmanager
def through_proxies(
    real: dict[str, str], *, keeps_sent: bool = False
) -> Iterator[tuple[dict[str, str], dict[str, TcpProxy]]]:
    """Settings that lead to each part by a proxy, and those proxies, by the setting's name.

    Browsers reach the store without.
    """
    ports = {name: urlsplit(real[name]).port or 0 for name in URLS}
    proxies = {name: TcpProxy(port, keeps_sent=keeps_sent) for name, port in ports.items()}
    through = {
        name: real[name].replace(f":{ports[name]}", f":{proxy.port}")
        for name, proxy in proxies.items()
    }
    try:
        yield {**real, **through, "S3_PRESIGN_ENDPOINT_URL": real["S3_ENDPOINT_URL"]}, proxies
    finally:
        for proxy in proxies.values():
            proxy.close()


def prepare_bucket(settings: dict[str, str]) -> None:
    """Make the bucket that the settings name, as `mediaport provision` does."""
    loaded, _ = load(settings, env_file=NOWHERE)
    connection = s3_connection(loaded)
    for _ in prepare(connection, bucket_plan(loaded, connection)):
        pass


def on_short_patience(settings: dict[str, str], redis: RedisServer) -> dict[str, str]:
    """The same, on a Redis of the test's own that is waited for half as long as by default.

    What is timed then has room on a busy machine; what the defaults add up to has its own test.
    """
    return {**settings, "REDIS_URL": redis.url, "REDIS_TIMEOUT_MS": "250"}


@contextmanager
def api_and_worker(folder: Path, **settings: str) -> Iterator[Server]:
    """An API process, with a worker process beside it. Both end as they should."""
    api, worker = Server(folder, **settings), Worker(folder, **settings)
    api.start()
    worker.start()
    yield api
    assert api.stop() == 0
    assert worker.stop() == 0


@dataclass(frozen=True)
class RealProduct:
    """Where to look at what is in the parts that some settings name."""

    settings: dict[str, str]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the database answers."""
        return rows_of(self.settings["DATABASE_URL"], query)

    def public_keys(self) -> set[str]:
        """The keys of what the bucket shows to anyone."""
        connection = s3_connection(load(self.settings, env_file=NOWHERE)[0])
        pages = connection.client().get_paginator("list_objects_v2")
        return {
            each["Key"]
            for page in pages.paginate(Bucket=connection.bucket, Prefix="public/")
            for each in page.get("Contents", [])
        }


def session(settings: dict[str, str]) -> boto3.Session:
    """The credentials of the settings, as boto3 takes them."""
    return boto3.Session(
        region_name="us-east-1",
        aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=settings["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=settings.get("AWS_SESSION_TOKEN"),
    )


def limited(settings: dict[str, str], server: S3Server, who: str, tmp_path: Path) -> dict[str, str]:
    """Settings with credentials that have the rights that are printed for `who`."""
    server.require_minio()
    printed = run("provision", "--print-iam-policy", cwd=tmp_path, **settings)
    given = (
        session(settings)
        .client("sts", endpoint_url=server.endpoint_url)
        .assume_role(
            RoleArn="arn:aws:iam::000000000000:role/any",
            RoleSessionName="any",
            Policy=json.dumps(json.loads(printed.stdout)[who]),
        )["Credentials"]
    )
    return {
        **settings,
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
    }


class Crew:
    """Processes and users of one test. Whatever happens, they are gone at its end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._processes: list[ServerProcess] = []
        self._users: list[User] = []

    def api(self, **settings: str) -> Server:
        """An API process, started."""
        api = Server(self._next_folder(), **settings)
        self._processes.append(api)
        api.start()
        return api

    def worker(self, **settings: str) -> Worker:
        """A worker process, started."""
        worker = self.worker_to_be(**settings)
        worker.start()
        return worker

    def worker_to_be(self, **settings: str) -> Worker:
        """A worker process, not started yet."""
        worker = Worker(self._next_folder(), **settings)
        self._processes.append(worker)
        return worker

    def user(self, api: Server) -> User:
        """A user, new to the API."""
        user = User(api.url, f"user_{len(self._users)}")
        self._users.append(user)
        return user

    def stop(self) -> list[int]:
        """Ask all processes to stop; the exit statuses of those that were there."""
        running = [process for process in self._processes if process.is_running]
        return [process.stop() for process in running]

    def end(self) -> None:
        """Leave nobody behind."""
        for user in self._users:
            user.close()
        for process in self._processes:
            process.kill()

    def _next_folder(self) -> Path:
        return self.folder / str(len(self._processes))
