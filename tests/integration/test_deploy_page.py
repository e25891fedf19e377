"""docs/deploy.md, typed from top to bottom: AWS is moto, the host a folder, docker writes down."""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from dotenv import dotenv_values

from tests.integration.container_files import compose_command
from tests.integration.production import OPEN
from tests.integration.server import COMMAND
from tests.servers.found import ROOT, missing
from tests.servers.process import ServerProcess, free_port

PROGRAMS = ROOT / "tests/integration/stand_ins"
SENT = ["deploy", "compose.prod.yaml"]
AWS = {
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_EC2_METADATA_DISABLED": "true",
}


class Typed:
    """What is there once all of the page was typed, up to a section."""

    def __init__(self, moto_url: str, folder: Path) -> None:
        self.moto_url, self.folder, self.host = moto_url, folder, folder / "host"
        self.host.mkdir()
        for name in SENT:
            is_folder = (ROOT / name).is_dir()
            (shutil.copytree if is_folder else shutil.copy)(ROOT / name, folder / name)
        (folder / ".ssh").mkdir()
        (folder / ".ssh/id_ed25519.pub").write_text("ssh-ed25519 AAAA me")
        self.docker_log = folder / "docker.log"

    def type(self, script: str) -> subprocess.CompletedProcess[str]:
        known = {
            "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.folder),
            "HOST_FOLDER": str(self.host),
            "DOCKER_LOG": str(self.docker_log),
            "MOTO_URL": self.moto_url,
            "REAL_AWS": str(shutil.which("aws")),
            "REAL_COMPOSE": shlex.join(compose_command()),
        }
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder,
            env={**known, **AWS},
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )

    @property
    def docker(self) -> list[str]:
        return self.docker_log.read_text().splitlines()

    def client(self, service: str) -> Any:
        return boto3.client(  # type: ignore[call-overload]
            service,
            region_name="eu-central-1",
            endpoint_url=self.moto_url,
            aws_access_key_id="key",
            aws_secret_access_key="secret",
        )


def blocks() -> tuple[str, str]:
    """All that is typed, and of it what takes everything down again."""
    text = (ROOT / "docs/deploy.md").read_text()
    before, after = text.split("\n## Take it down\n")
    found = [
        "".join(re.findall(r"^```sh\n(.*?)^```$", part, flags=re.DOTALL | re.MULTILINE))
        for part in (before, after)
    ]
    return found[0], found[1]


@pytest.fixture(scope="module")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            return httpx.get(f"{url}/moto-api/", timeout=5).is_success
        except httpx.TransportError:
            return False

    process = ServerProcess(
        [str(Path(COMMAND).with_name("moto_server")), "--port", str(port)],
        folder=tmp_path_factory.mktemp("moto"),
        is_ready=answers,
    )
    process.start()
    yield url
    process.stop()


@pytest.fixture(scope="module")
def typed(moto: str, tmp_path_factory: pytest.TempPathFactory) -> Typed:
    for program in ("aws", "openssl"):
        if shutil.which(program) is None:
            missing(program, f"docs/deploy.md calls it: install {program}")
    typed = Typed(moto, tmp_path_factory.mktemp("typed"))
    done = typed.type(blocks()[0])
    assert done.returncode == 0, done.stdout + done.stderr
    return typed


def test_it_has_a_new_version_started_and_examined(typed: Typed) -> None:
    said = typed.docker

    first = [line for line in said if "1.0.0" in line]
    assert first[0] == "build --platform linux/amd64 --tag mediaport:1.0.0 ."
    assert first[2] == "save mediaport:1.0.0 mediaport-backup:1.0.0"
    assert said.index("compose up --detach --wait") < said.index("compose run --rm doctor")


def test_an_upgrade_takes_a_backup_and_the_first_release_does_not(typed: Typed) -> None:
    said = typed.docker

    upgrade = said.index("build --platform linux/amd64 --tag mediaport:1.0.1 .")
    backups = [at for at, line in enumerate(said) if line == "compose exec -T backup backup.sh"]

    assert min(backups) > upgrade
    assert backups[0] < said.index("compose up --detach --wait", upgrade)


def test_the_host_has_all_that_it_reads(typed: Typed) -> None:
    settings = dotenv_values(typed.host / "mediaport/.env")

    assert [name for name in OPEN if not settings.get(name)] == []
    assert (typed.host / "mediaport/deploy/Caddyfile").is_file()
    assert settings["MEDIAPORT_VERSION"] == "1.0.0"  # it went back to that
    assert (typed.host / "mediaport/.env").stat().st_mode & 0o077 == 0


def test_each_process_has_a_key_of_its_own_user(typed: Typed) -> None:
    settings = dotenv_values(typed.host / "mediaport/.env")
    iam = typed.client("iam")

    for who in ("api", "worker", "backup"):
        (key,) = iam.list_access_keys(UserName=f"my-media-{who}")["AccessKeyMetadata"]
        assert settings[f"{who.upper()}_AWS_ACCESS_KEY_ID"] == key["AccessKeyId"]


def test_it_can_be_taken_down(typed: Typed) -> None:
    names, down = blocks()[0].partition("aws ")[0], blocks()[1]

    done = typed.type(names + down)

    assert done.returncode == 0, done.stdout + done.stderr
    assert typed.client("iam").list_users()["Users"] == []
