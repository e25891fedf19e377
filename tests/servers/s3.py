"""An S3 store: MinIO, or ministack where there is none. A bucket for each test."""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx

from tests.servers.found import IS_CI, ROOT, USED, docker, missing, program
from tests.servers.process import ServerProcess, end, free_port

IMAGE = "pgsty/silo:RELEASE.2026-09-16T00-00-00Z"  # a build of MinIO's code
KEY, SECRET = "mediaport-tests", "not-a-secret-of-anyone"
REGION = "us-east-1"
REMEDY = "run `make minio` (needs Go), or set TEST_S3_ENDPOINT_URL"


@dataclass(frozen=True)
class S3Server:
    """A store that was started or named, and who we are there."""

    endpoint_url: str
    access_key_id: str
    secret_access_key: str
    is_minio: bool
    process: ServerProcess | None = None
    folder: Path | None = None

    @property
    def settings(self) -> dict[str, str]:
        """What Mediaport is told of it, but for the bucket."""
        return {
            "S3_ENDPOINT_URL": self.endpoint_url,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
        }

    def require_minio(self) -> None:
        """Give up where another store stands in for MinIO, and not all of it can be shown."""
        if not self.is_minio:
            missing("MinIO", REMEDY)

    def stop(self) -> None:
        """Stop the server, if it is ours, and remove its data."""
        end(self.process, self.folder)


def new_bucket() -> str:
    """The name of a bucket that does not exist yet."""
    return f"test-{uuid4().hex}"


def start_s3() -> S3Server:
    """The store of TEST_S3_ENDPOINT_URL, else MinIO, else ministack, which the summary says."""
    if named := os.environ.get("TEST_S3_ENDPOINT_URL"):
        USED["S3"] = "the store of TEST_S3_ENDPOINT_URL"
        key, secret = os.environ["TEST_S3_ACCESS_KEY_ID"], os.environ["TEST_S3_SECRET_ACCESS_KEY"]
        return S3Server(named, key, secret, is_minio=True)
    return start_minio() or _ministack() or missing("S3 store", REMEDY)


def start_minio(**environment: str) -> S3Server | None:
    """A MinIO of its own, with more settings if need be; None where there is no MinIO."""
    minio = program("minio", usual=[str(ROOT / ".cache/bin"), "/opt/*/bin"])
    engine = None if minio else docker()
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="mediaport-minio-"))
    settings = {"MINIO_ROOT_USER": KEY, "MINIO_ROOT_PASSWORD": SECRET, **environment}
    if minio:
        address = ["--address", f"127.0.0.1:{port}", "--quiet"]
        command = [str(minio), "server", str(folder / "data"), *address]
        USED["S3"] = str(minio)
    elif engine:
        passed = [f"--env={name}={value}" for name, value in settings.items()]
        publish = f"--publish=127.0.0.1:{port}:9000"
        command = [engine, "run", "--rm", publish, *passed, IMAGE, "server", "/data"]
        USED["S3"] = f"docker, {IMAGE}"
    elif IS_CI:
        missing("MinIO", REMEDY)
    else:
        return None
    return _started(command, folder, port, settings, is_minio=True)


def _ministack() -> S3Server | None:
    python = ROOT / ".cache/ministack/bin/python"
    if not python.exists():
        return None
    port = free_port()
    settings = {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "SERVICES": "s3",
        "AUTH": "true",
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
    }
    USED["S3"] = f"ministack stands in for MinIO, whose own tests did not run: {REMEDY}"
    folder = Path(tempfile.mkdtemp(prefix="mediaport-ministack-"))
    return _started([str(python), "-m", "ministack"], folder, port, settings, is_minio=False)


def _started(
    command: list[str],
    folder: Path,
    port: int,
    settings: Mapping[str, str],
    *,
    is_minio: bool,
) -> S3Server:
    url = f"http://127.0.0.1:{port}"
    process = ServerProcess(
        command,
        folder=folder,
        is_ready=lambda: _answers(url),
        environment={"PATH": os.environ["PATH"], "HOME": str(folder), **settings},
    )
    process.start()
    return S3Server(url, KEY, SECRET, is_minio=is_minio, process=process, folder=folder)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code < 500
    except httpx.TransportError:
        return False
