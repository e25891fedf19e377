"""deploy/backup.sh and restore.sh on a real PostgreSQL, with a real bucket off the host."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from mediaport.adapters.s3.connection import S3Connection
from tests.integration.production import read
from tests.servers.found import ROOT, missing
from tests.servers.postgresql import Postgresql, asked, postgresql_programs
from tests.servers.s3 import S3Server, new_bucket

PATIENCE_S = 120
ADA = (
    "INSERT INTO users (username, password_hash, created_at) "
    "VALUES ('ada', 'none', now()) RETURNING username"
)


class Host:
    """Where the scripts run: their environment, their folder, their database."""

    def __init__(self, url: str, bucket: str, s3: S3Server, folder: Path) -> None:
        self.url, self.folder = url, folder
        at = make_url(url)
        path = f"{postgresql_programs()}{os.pathsep}{os.environ['PATH']}"
        self.environment = {
            "PATH": path,
            "PGHOST": at.host or "",
            "PGPORT": str(at.port),
            "PGUSER": at.username or "",
            "PGPASSWORD": str(at.password or ""),
            "PGDATABASE": at.database or "",
            "BACKUP_DIR": str(folder),
            "BACKUP_BUCKET": bucket,
            "BACKUP_URL": f"{s3.endpoint_url}/{bucket}",
            "BACKUP_KEEP_DAYS": "7",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": s3.access_key_id,
            "AWS_SECRET_ACCESS_KEY": s3.secret_access_key,
        }

    @property
    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())

    def run(self, script: str, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [ROOT / "deploy" / script, *arguments],
            env={**self.environment, **changes},
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )

    def backup(self) -> str:
        done = self.run("backup.sh")
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def names(self) -> list[str]:
        return asked(self.url, "SELECT username FROM users")


@pytest.fixture
def bucket(s3_server: S3Server) -> S3Connection:
    connection = S3Connection(
        bucket=new_bucket(),
        region="us-east-1",
        endpoint_url=s3_server.endpoint_url,
        addressing_style="path",
        access_key_id=s3_server.access_key_id,
        secret_access_key=s3_server.secret_access_key,
    )
    connection.client().create_bucket(Bucket=connection.bucket)
    return connection


@pytest.fixture
def host(
    postgresql_server: Postgresql, s3_server: S3Server, bucket: S3Connection, tmp_path: Path
) -> Iterator[Host]:
    if shutil.which("curl") is None:
        missing("curl", "the scripts send backups by it: install it")
    url = asyncio.run(postgresql_server.database())
    host = Host(url, bucket.bucket, s3_server, tmp_path)
    yield host
    asyncio.run(postgresql_server.drop(url))


def test_a_backup_is_here_and_off_the_host(host: Host, bucket: S3Connection) -> None:
    name = host.backup()

    assert host.files == ["last-success", name]
    kept = bucket.client().get_object(Bucket=bucket.bucket, Key=name)["Body"].read()
    assert kept == (host.folder / name).read_bytes()
    assert (host.folder / name).stat().st_mode & 0o077 == 0


def test_it_brings_back_what_was_there(host: Host, postgresql_server: Postgresql) -> None:
    asked(host.url, ADA)
    name = host.backup()
    asked(host.url, "DELETE FROM users")
    asked(host.url, "CREATE TABLE of_a_later_version (id integer)")

    restored = host.run("restore.sh", name)

    assert restored.returncode == 0, restored.stderr
    assert host.names() == ["ada"]
    assert asked(host.url, "SELECT to_regclass('of_a_later_version')") == [None]
    before = restored.stdout.split("dropdb ")[1].split(",")[0]
    assert asked(postgresql_server.url(before), "SELECT username FROM users") == []
    asyncio.run(postgresql_server.drop(postgresql_server.url(before)))


def test_a_new_host_restores_from_the_bucket(host: Host, postgresql_server: Postgresql) -> None:
    asked(host.url, ADA)
    name = host.backup()
    asked(host.url, "DELETE FROM users")
    for file in host.folder.iterdir():
        file.unlink()

    restored = host.run("restore.sh", name)

    assert restored.returncode == 0, restored.stderr
    assert host.names() == ["ada"]
    before = restored.stdout.split("dropdb ")[1].split(",")[0]
    asyncio.run(postgresql_server.drop(postgresql_server.url(before)))


def test_a_restore_that_fails_changes_nothing(host: Host) -> None:
    asked(host.url, ADA)
    (host.folder / "torn.dump").write_bytes(b"PGDMP")

    torn, unknown = host.run("restore.sh", "torn.dump"), host.run("restore.sh", "unknown.dump")

    assert torn.returncode != 0
    assert unknown.returncode != 0
    assert host.names() == ["ada"]
    assert host.files == ["torn.dump"]
    new = f"{make_url(host.url).database}_new_%"
    assert asked(host.url, f"SELECT datname FROM pg_database WHERE datname LIKE '{new}'") == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"PGPORT": "1"},
        {"BACKUP_BUCKET": "x", "BACKUP_URL": "http://127.0.0.1:1/x"},
        {"AWS_SECRET_ACCESS_KEY": "x"},
    ],
    ids=["no database", "no bucket", "no right"],
)
def test_one_that_fails_says_so_and_is_no_success(host: Host, wrong: dict[str, str]) -> None:
    done = host.run("backup.sh", **wrong)

    assert done.returncode != 0
    assert done.stderr
    assert "last-success" not in host.files


def test_old_ones_go_once_there_is_a_new_one(host: Host) -> None:
    for name, days in (("mediaport-old.dump", 9), ("mediaport-young.dump", 2), ("other", 99)):
        (host.folder / name).touch()
        at = (host.folder / name).stat().st_mtime - days * 86_400
        os.utime(host.folder / name, (at, at))

    failed = host.run("backup.sh", AWS_SECRET_ACCESS_KEY="x")
    after_failure = [name for name in host.files if "old" in name]
    name = host.backup()

    assert failed.returncode != 0
    assert after_failure == ["mediaport-old.dump"]
    assert {"mediaport-young.dump", "other", name} <= {*host.files}
    assert "mediaport-old.dump" not in host.files


def test_its_container_is_healthy_for_a_day_after_a_success(host: Host) -> None:
    kind, command = read()["services"]["backup"]["healthcheck"]["test"]
    command = command.replace("/backups", str(host.folder))
    healthy = []

    for age_h in (None, 1, 27):
        if age_h:
            (host.folder / "last-success").touch()
            at = (host.folder / "last-success").stat().st_mtime - age_h * 3600
            os.utime(host.folder / "last-success", (at, at))
        done = subprocess.run(["sh", "-c", command], capture_output=True, check=False)
        healthy.append(done.returncode == 0)

    assert kind == "CMD-SHELL"
    assert healthy == [False, True, False]
