"""The doctor: all well on parts that are well, and one finding for each thing that is broken."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mediaport.adapters.s3.connection import S3Connection
from mediaport.adapters.s3.object_store import S3ObjectStore
from mediaport.adapters.s3.url_signer import S3UrlSigner
from mediaport.adapters.system.clock import SystemClock
from mediaport.entrypoints.background import closing_parts
from mediaport.entrypoints.container import Container
from mediaport.entrypoints.doctor import examine
from mediaport.entrypoints.doctor.checks import Finding, Outcome
from mediaport.entrypoints.parts import s3_connection
from mediaport.entrypoints.settings import load
from tests.integration.crew import NOWHERE, Crew, prepare_bucket
from tests.integration.lying_store import lying_store
from tests.integration.server import Server, run
from tests.servers.postgresql import Postgresql
from tests.servers.process import free_port
from tests.servers.s3 import S3Server, start_minio

ORIGINS = ("http://localhost:5173", "http://127.0.0.1:5173", "http://127.0.0.1:8000")
PUBLISH = "publish is pinned to an ETag"


@pytest.fixture
def well(real: dict[str, str]) -> dict[str, str]:
    """Real parts, but without Redis, whose checks have tests of their own."""
    return {**real, "REDIS_URL": ""}


async def findings(
    settings: dict[str, str], change: Callable[[Any], object] = lambda _: None
) -> dict[str, Finding]:
    container = Container(settings=load(settings, env_file=NOWHERE)[0])
    change(container)
    async with closing_parts(container):
        return {finding.name: finding async for finding in examine(container)}


def ailing(found: dict[str, Finding]) -> set[str]:
    """What failed; a finding that failed says how to mend it."""
    failed = {name for name, finding in found.items() if finding.outcome is Outcome.FAILED}
    assert all(found[name].seen and found[name].mend for name in failed)
    return failed


def skipped(found: dict[str, Finding]) -> set[str]:
    return {name for name, finding in found.items() if finding.outcome is Outcome.SKIPPED}


def keys_in(settings: dict[str, str]) -> list[str]:
    client = connection(settings).client()
    listed = client.list_objects_v2(Bucket=settings["S3_BUCKET"])
    return [each["Key"] for each in listed.get("Contents", [])]


def connection(settings: dict[str, str]) -> S3Connection:
    return s3_connection(load(settings, env_file=NOWHERE)[0])


async def test_real_parts_that_are_well_pass_every_check(well: dict[str, str]) -> None:
    found = await findings(well)

    assert {name: finding.outcome for name, finding in found.items()} == dict.fromkeys(
        (
            "database reachable",
            "database migrated",
            "database clock",
            "stored URLs",
            "database connections",
            "store answers",
            "clock of the store",
            "region",
            "credentials",
            "presigned PUT accepted",
            "wrong length refused",
            "wrong type refused",
            "tampered URL refused",
            "expired URL refused",
            *(f"CORS from {origin}" for origin in ORIGINS),
            "publish",
            PUBLISH,
            "published objects are public",
            "uploads are private",
            "nobody lists",
            "nobody else writes",
            "clean-up",
        ),
        Outcome.OK,
    )
    assert keys_in(well) == []


class _FastClock(SystemClock):
    """Goes before all others."""

    def now(self) -> datetime:
        return super().now() + timedelta(minutes=5)


async def test_a_clock_that_is_off_is_found(well: dict[str, str]) -> None:
    found = await findings(well, lambda container: container.host_clock.override(_FastClock()))

    assert ailing(found) == {"clock of the store", "database clock"}
    assert re.search(r"\+(299|300|301) s off", found["clock of the store"].seen)


async def test_wrong_credentials_are_found(well: dict[str, str]) -> None:
    found = await findings({**well, "AWS_SECRET_ACCESS_KEY": "wrong"})

    assert ailing(found) == {"credentials"}
    assert "SignatureDoesNotMatch" in found["credentials"].seen
    assert {"presigned PUT accepted", "clean-up"} <= skipped(found)


async def test_a_missing_bucket_is_found(well: dict[str, str]) -> None:
    found = await findings({**well, "S3_BUCKET": "there-is-no-such-bucket"})

    assert ailing(found) == {"credentials"}
    assert "mediaport provision" in found["credentials"].mend


async def test_a_store_that_is_not_there_is_found(well: dict[str, str]) -> None:
    found = await findings({**well, "S3_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}"})

    assert ailing(found) == {"store answers"}


async def test_an_address_that_browsers_cannot_reach_is_found(well: dict[str, str]) -> None:
    found = await findings({**well, "S3_PRESIGN_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}"})

    assert ailing(found) == {"presigned PUT accepted"}
    assert "S3_PRESIGN_ENDPOINT_URL" in found["presigned PUT accepted"].mend
    assert keys_in(well) == []


@pytest.mark.parametrize(
    ("lie", "check"),
    [
        ("wrong-length", "wrong length refused"),
        ("wrong-type", "wrong type refused"),
        ("tampered", "tampered URL refused"),
        ("expired", "expired URL refused"),
    ],
)
async def test_a_store_that_takes_what_it_must_refuse_is_found(
    well: dict[str, str], lie: str, check: str
) -> None:
    async with lying_store(well["S3_ENDPOINT_URL"]) as (store, url):
        store.lies = {lie}
        found = await findings({**well, "S3_PRESIGN_ENDPOINT_URL": url})

    assert ailing(found) == {check}
    assert "do not use it" in found[check].mend


@pytest.fixture
def other_minio(s3_server: S3Server) -> Iterator[S3Server]:
    """A MinIO in another region, for pages of another origin."""
    s3_server.require_minio()
    other = start_minio(
        MINIO_SITE_REGION="eu-central-1", MINIO_API_CORS_ALLOW_ORIGIN="https://other.example"
    )
    assert other
    yield other
    other.stop()


async def test_a_wrong_region_is_found(well: dict[str, str], other_minio: S3Server) -> None:
    settings = {**well, "S3_ENDPOINT_URL": other_minio.endpoint_url}

    found = await findings(settings)

    assert ailing(found) == {"region"}
    assert found["region"].mend == "Set AWS_REGION=eu-central-1"


async def test_browsers_that_are_sent_to_another_store_are_found(
    well: dict[str, str], other_minio: S3Server
) -> None:
    there = {**well, "S3_ENDPOINT_URL": other_minio.endpoint_url, "AWS_REGION": "eu-central-1"}
    await asyncio.to_thread(prepare_bucket, there)

    settings = {
        **well,
        "S3_PRESIGN_ENDPOINT_URL": other_minio.endpoint_url,
        "AWS_REGION": "eu-central-1",
        "CORS_ORIGINS": "https://other.example",
        "BASE_URL": "https://other.example",
    }
    found = await findings(settings)

    assert ailing(found) == {"publish"}
    assert "S3_PRESIGN_ENDPOINT_URL" in found["publish"].mend


async def test_pages_that_may_not_upload_are_found(
    well: dict[str, str], other_minio: S3Server
) -> None:
    settings = {
        **well,
        "S3_ENDPOINT_URL": other_minio.endpoint_url,
        "AWS_REGION": "eu-central-1",
        "CORS_ORIGINS": "https://other.example,https://page.example",
    }
    await asyncio.to_thread(prepare_bucket, settings)

    found = await findings(settings)

    assert ailing(found) == {"CORS from https://page.example", "CORS from http://127.0.0.1:8000"}
    assert "MINIO_API_CORS_ALLOW_ORIGIN" in found["CORS from https://page.example"].mend


@asynccontextmanager
async def policy(settings: dict[str, str], *statements: dict[str, str]) -> AsyncIterator[None]:
    """The bucket with another policy."""
    client, bucket = connection(settings).client(), settings["S3_BUCKET"]
    if statements:
        document = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": "*", **each} for each in statements],
        }
        await asyncio.to_thread(
            client.put_bucket_policy, Bucket=bucket, Policy=json.dumps(document)
        )
    else:
        await asyncio.to_thread(client.delete_bucket_policy, Bucket=bucket)
    yield


async def test_published_objects_that_nobody_can_read_are_found(well: dict[str, str]) -> None:
    async with policy(well):
        found = await findings(well)

    assert ailing(found) == {"published objects are public"}


@pytest.mark.parametrize(
    ("action", "path", "check"),
    [
        ("s3:GetObject", "/incoming/*", "uploads are private"),
        ("s3:ListBucket", "", "nobody lists"),
        ("s3:PutObject", "/public/*", "nobody else writes"),
    ],
)
async def test_a_bucket_that_is_too_open_is_found(
    well: dict[str, str], action: str, path: str, check: str
) -> None:
    arn = f"arn:aws:s3:::{well['S3_BUCKET']}"
    public = {"Action": "s3:GetObject", "Resource": f"{arn}/public/*"}

    async with policy(well, public, {"Action": action, "Resource": f"{arn}{path}"}):
        found = await findings(well)

    assert ailing(found) == {check}


async def test_private_objects_that_anyone_can_read_are_found(well: dict[str, str]) -> None:
    found = await findings({**well, "MEDIA_ACCESS": "signed"})  # the bucket is still public

    assert ailing(found) == {"unsigned GET refused", "unsigned GET of the store refused"}
    assert "mediaport provision" in found["unsigned GET refused"].mend


async def test_signed_urls_that_nobody_can_read_are_found(well: dict[str, str]) -> None:
    signed = {**well, "MEDIA_ACCESS": "signed"}
    await asyncio.to_thread(prepare_bucket, signed)
    stranger = S3UrlSigner(replace(connection(signed), secret_access_key="another"))

    found = await findings(signed, lambda container: container.url_signer.override(stranger))

    assert ailing(found) == {"signed GET accepted"}
    assert {"unsigned GET refused", "expired GET refused"} <= skipped(found)


async def test_a_private_bucket_that_is_well_passes_every_check(well: dict[str, str]) -> None:
    signed = {**well, "MEDIA_ACCESS": "signed"}
    await asyncio.to_thread(prepare_bucket, signed)

    found = await findings(signed)

    assert {finding.outcome for finding in found.values()} == {Outcome.OK}
    assert keys_in(well) == []


class _CarelessStore(S3ObjectStore):
    """Publishes whatever is there now."""

    async def publish(
        self, incoming_key: str, public_key: str, *, etag: str, content_type: str
    ) -> str:
        etag = (await self.stat(incoming_key)).etag
        return await super().publish(incoming_key, public_key, etag=etag, content_type=content_type)


class _ClingingStore(S3ObjectStore):
    """Removes nothing."""

    async def delete(self, keys: object) -> None:
        pass


@pytest.mark.parametrize(
    ("kind", "check"), [(_CarelessStore, PUBLISH), (_ClingingStore, "clean-up")]
)
async def test_a_store_that_ignores_what_it_is_told_is_found(
    well: dict[str, str], kind: type[S3ObjectStore], check: str
) -> None:
    stores = []

    def change(container: Any) -> None:
        stores.append(kind(connection(well), container.prefixes()))
        container.store.override(stores[0])

    found = await findings(well, change)
    await stores[0].close()

    assert ailing(found) == {check}


async def test_a_database_that_is_not_there_is_found(well: dict[str, str]) -> None:
    found = await findings({**well, "DATABASE_URL": f"postgresql://x@127.0.0.1:{free_port()}/x"})

    assert ailing(found) == {"database reachable"}
    assert skipped(found) == {
        "database migrated",
        "database clock",
        "database connections",
        "stored URLs",
    }


async def test_pools_larger_than_the_database_takes_are_found(well: dict[str, str]) -> None:
    found = await findings({**well, "DATABASE_POOL_SIZE": "900"})

    assert ailing(found) == {"database connections"}
    assert "up to 1 x 900 connections; PostgreSQL takes " in found["database connections"].seen
    assert "DATABASE_POOL_SIZE" in found["database connections"].mend


async def test_a_database_that_was_not_migrated_is_found(
    well: dict[str, str], postgresql_server: Postgresql
) -> None:
    found = await findings({**well, "DATABASE_URL": postgresql_server.url("postgres")})

    assert ailing(found) == {"database migrated"}
    assert found["database migrated"].mend == "Run: mediaport migrate"


async def test_a_redis_that_is_not_there_is_found(well: dict[str, str]) -> None:
    found = await findings({**well, "REDIS_URL": f"redis://127.0.0.1:{free_port()}"})

    assert ailing(found) == {"Redis reachable"}
    assert skipped(found) == {"a worker is alive"}


async def test_that_no_worker_lives_is_found(real: dict[str, str]) -> None:
    found = await findings(real)

    assert ailing(found) == {"a worker is alive"}


def test_the_command_says_so_line_by_line_and_by_its_exit_status(
    real: dict[str, str], crew: Crew, tmp_path: Path
) -> None:
    crew.worker(**real)

    well = run("doctor", cwd=tmp_path, **real)
    broken = run("doctor", cwd=tmp_path, **{**real, "S3_BUCKET": "there-is-no-such-bucket"})
    as_json = run("doctor", "--json", cwd=tmp_path, **real)

    assert well.returncode == 0, well.stdout
    assert "26 checks: all passed" in well.stdout
    assert broken.returncode == 1
    assert "FAILED   credentials" in broken.stdout
    assert "-> Run: mediaport provision" in broken.stdout
    report = json.loads(as_json.stdout)
    assert report["ok"] is True
    assert {"name", "outcome", "seen", "mend"} == set(report["checks"][0])


def test_embedded_parts_are_proved_too(own_server: Server, tmp_path: Path) -> None:
    before = run("doctor", cwd=tmp_path, **own_server.settings)
    own_server.start()
    after = run("doctor", cwd=tmp_path, **own_server.settings)

    assert before.returncode == 1
    assert "Run: mediaport migrate" in before.stdout
    assert "Start the server: mediaport serve" in before.stdout
    assert after.returncode == 0, after.stdout
    assert "all passed" in after.stdout
    assert not [path for path in own_server.objects.rglob("*") if path.is_file()]
