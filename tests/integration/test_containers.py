"""The container set-up without an engine: what its files name works when it is run.

The stages that build are carried out in folders, and what compose starts is started from there,
with nothing changed but addresses. Unproven stay the images of others and the `RUN` of the last
stage.
"""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import distributions
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests import pictures
from tests.integration.container_files import (
    OTHERS,
    PATIENCE_S,
    Services,
    ask,
    carry_out,
    image_environment,
    moved,
    readdressed,
    said,
    sent,
    stage,
    stages,
)
from tests.integration.server import User
from tests.once import once
from tests.servers.found import ROOT, missing
from tests.servers.postgresql import Postgresql
from tests.servers.process import ServerProcess, free_port
from tests.servers.redis import RedisServer
from tests.servers.s3 import REMEDY, S3Server, start_minio

# What the builder makes


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the image has: the stages that build it, carried out."""
    if shutil.which("npm") is None:
        missing("Node.js", "install it (nodejs.org), or run `make node`")
    return once(tmp_path_factory, "image", build) / "root"


def build(folder: Path) -> None:
    """Carry out the stages that build the image."""
    root, page, context = (folder / name for name in ("root", "page", "context"))
    for file in sent():
        (context / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, context / file)
    # In place of the base image: a Python with pip, of this machine's version.
    subprocess.run([sys.executable, "-m", "venv", root / "usr"], check=True, timeout=PATIENCE_S)
    outside = {name: value for name, value in os.environ.items() if not name.startswith("UV_")}
    path = f"{root / 'usr/bin'}{os.pathsep}{os.environ['PATH']}"
    carry_out(stage("page"), context, page, outside)
    builders = {**outside, "PATH": path, "UV_SYSTEM_CERTS": "1"}
    carry_out(stage("builder"), context, root, builders, others={"page": page})
    Path(moved("/data", root)).mkdir()


def test_the_image_holds_the_locked_packages_alone(image: Path) -> None:
    (site,) = image.glob("opt/mediaport/lib/python*/site-packages")
    lines = (ROOT / "requirements/run.txt").read_text()
    locked = set(re.findall(r"^([a-z0-9-]+)==", lines, flags=re.MULTILINE))

    installed = {each.name.lower().replace("_", "-") for each in distributions(path=[str(site)])}

    assert installed - locked == {"mediaport"}


def test_the_image_holds_compiled_code(image: Path) -> None:
    (site,) = image.glob("opt/mediaport/lib/python*/site-packages")

    modules = [*site.glob("mediaport/**/*.py"), *site.glob("litestar/*.py")]

    assert modules
    for module in modules:
        assert list(module.parent.glob(f"__pycache__/{module.stem}.*.pyc"))


def test_the_image_holds_the_page_and_the_licences_of_what_is_in_it(image: Path) -> None:
    (page,) = image.glob("opt/mediaport/lib/python*/site-packages/mediaport/entrypoints/http/page")

    scripts = re.findall(r'src="/(assets/[^"]+)"', (page / "index.html").read_text())
    assert scripts
    assert all((page / script).is_file() for script in scripts)
    assert "react" in (page / "licences.md").read_text()


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_image_needs_no_compiler(image: Path, tmp_path: Path, machine: str) -> None:
    base = re.fullmatch(r"python:([\d.]+)-slim", stages()[-1][0].rest)
    assert base is not None

    done = subprocess.run(
        [
            *(image / "usr/bin/uv", "pip", "install", "--dry-run", "--target", tmp_path),
            *("--python-version", base[1], "--python-platform", f"{machine}-manylinux_2_28"),
            *("--no-build", "--require-hashes", "--requirements", "requirements/run.txt"),
        ],
        cwd=ROOT,
        env={**os.environ, "UV_SYSTEM_CERTS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )

    assert done.returncode == 0, done.stderr


# What compose starts


class Product:
    """The services of compose from the image, with addresses of this machine."""

    def __init__(self, services: Services, image: Path, addresses: Mapping[str, str]) -> None:
        self._services = services
        self._image = image
        self._addresses = addresses

    def environment(self, service: str, **changes: str) -> dict[str, str]:
        """What a process of the service finds: of this machine, only where programs are."""
        own = {
            name: readdressed(value, self._addresses)
            for name, value in self._services[service]["environment"].items()
        }
        if "DATABASE_URL" in own:
            own["DATABASE_URL"] = self._addresses["DATABASE_URL"]
        port = {"PORT": self._addresses["localhost:8000"].rpartition(":")[2]}
        home = {"HOME": moved(said("WORKDIR"), self._image)}
        return {**image_environment(self._image), **home, **own, **port, **changes}

    def run(self, service: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """The service's command, to its end."""
        return self._run(service, self._command(service), changes)

    def check(self, service: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """The service's health check."""
        return self._run(service, self._services[service]["healthcheck"]["test"][1:], changes)

    @contextmanager
    def running(self, service: str, folder: Path, **changes: str) -> Iterator[ServerProcess]:
        """The service's process while the block runs, from when its health check succeeds."""
        process = ServerProcess(
            self._command(service),
            folder=folder,
            is_ready=lambda: self.check(service, **changes).returncode == 0,
            environment=self.environment(service, **changes),
        )
        try:
            process.start()
            yield process
        finally:
            process.stop()

    def _command(self, service: str) -> list[str]:
        return [*json.loads(said("ENTRYPOINT")), *self._services[service]["command"]]

    def _run(
        self, service: str, command: Sequence[str], changes: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=moved(said("WORKDIR"), self._image),
            env=self.environment(service, **changes),
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )


@pytest.fixture(scope="module")
def api_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def minio(services: Services, api_port: int) -> Iterator[S3Server]:
    """MinIO with the environment that compose gives it."""
    api = {"localhost:8000": f"localhost:{api_port}"}
    given = services["minio"]["environment"]
    server = start_minio(**{name: readdressed(value, api) for name, value in given.items()})
    yield server or missing("MinIO", REMEDY)
    if server:
        server.stop()


@pytest.fixture(scope="module")
def product(
    services: Services,
    image: Path,
    api_port: int,
    postgresql_server: Postgresql,
    redis_server: RedisServer,
    minio: S3Server,
) -> Iterator[Product]:
    """The product, migrated and provisioned by compose's commands."""
    redis_server.flush()
    database = asyncio.run(postgresql_server.database(template="template0"))
    addresses = {
        "DATABASE_URL": database,
        "redis:6379": urlsplit(redis_server.url).netloc,
        "minio:9000": urlsplit(minio.endpoint_url).netloc,
        "localhost:9000": f"localhost:{urlsplit(minio.endpoint_url).port}",
        "localhost:8000": f"localhost:{api_port}",
    }
    product = Product(services, image, addresses)
    for service in ("migrate", "provision"):
        done = product.run(service)
        assert done.returncode == 0, done.stdout + done.stderr
    yield product
    asyncio.run(postgresql_server.drop(database))


@pytest.fixture(scope="module")
def running(product: Product, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The product with its API and a worker."""
    folders = [tmp_path_factory.mktemp(service) for service in ("api", "worker")]
    with product.running("api", folders[0]), product.running("worker", folders[1]):
        yield product


@pytest.mark.parametrize("service", OTHERS)
def test_a_server_is_healthy_while_it_listens(
    service: str,
    services: Services,
    postgresql_server: Postgresql,
    redis_server: RedisServer,
    minio: S3Server,
) -> None:
    port, program = OTHERS[service]
    kind, *command = services[service]["healthcheck"]["test"]
    assert (kind, command[0]) == ("CMD", program)
    if shutil.which(program) is None:
        missing(program, "compose's health check runs it: install it")
    urls = {
        "postgres": postgresql_server.url("postgres"),
        "redis": redis_server.url,
        "minio": minio.endpoint_url,
    }
    here = urlsplit(urls[service])

    answers = [
        ask(command, port, host=str(here.hostname), actual=actual)
        for actual in (here.port or port, free_port())
    ]

    assert [answer == 0 for answer in answers] == [True, False]


def test_migrate_and_provision_may_run_at_every_start(product: Product) -> None:
    migrated, provisioned = product.run("migrate"), product.run("provision")

    outcomes = {line.split()[0] for line in provisioned.stdout.splitlines()}
    assert (migrated.returncode, provisioned.returncode) == (0, 0)
    assert outcomes <= {"unchanged", "unsupported", "instead:"}


def test_api_and_worker_are_healthy_while_they_run(running: Product) -> None:
    for service in ("api", "worker"):
        done = running.check(service)
        assert done.returncode == 0, done.stderr


def test_neither_is_healthy_where_none_runs(product: Product) -> None:
    api = product.check("api", PORT=str(free_port()))
    worker = product.check("worker", QUEUE_NAME="nobodys")

    assert "does not answer" in api.stderr
    assert "none is on host" in worker.stderr
    assert (api.returncode, worker.returncode) == (1, 1)


def test_a_browser_uploads_and_sees_thumbnails(running: Product) -> None:
    settings = running.environment("api")
    user = User(settings["BASE_URL"], "ada")
    body = pictures.picture()

    presigned = user.presign(body).json()
    upload = presigned["upload"]
    httpx.put(upload["url"], content=body, headers=upload["headers"]).raise_for_status()
    user.complete(presigned["media_id"]).raise_for_status()
    media = user.settled(presigned["media_id"])
    user.close()

    assert upload["url"].startswith(f"{settings['S3_PRESIGN_ENDPOINT_URL']}/")
    assert httpx.get(str(media["public_url"])).content == body
    assert httpx.get(str(media["thumb_512_url"])).headers["content-type"] == "image/webp"


def test_the_doctor_finds_nothing_to_mend(running: Product) -> None:
    done = running.run("doctor")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "all passed" in done.stdout
    assert done.stdout.count("CORS from") == 3


@pytest.mark.parametrize("service", ["api", "worker"])
def test_the_stop_signal_ends_it_well(product: Product, tmp_path: Path, service: str) -> None:
    changes = {"PORT": str(free_port()), "QUEUE_NAME": "own"}

    with product.running(service, tmp_path, **changes) as process:
        status = process.stop()

    assert status == 0
