"""What compose.yaml and the Dockerfile say: it is there, it fits, and one thing fits the other."""

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml  # type: ignore[import-untyped]

from mediaport.entrypoints.settings import SECRETS, Settings, load
from tests.integration.container_files import (
    COMPOSE,
    LONG_RUNNING,
    ONE_SHOT,
    OTHERS,
    PATIENCE_S,
    REQUIRED,
    SETTINGS,
    Services,
    compose_config,
    filled_in,
    ours,
    said,
    sent,
    stage,
    stages,
    values_of,
    variables,
)
from tests.servers.found import missing


def test_the_services_are_those_that_are_known_here(services: Services) -> None:
    assert set(services) == LONG_RUNNING | ONE_SHOT


def test_every_variable_of_compose_is_a_setting(services: Services) -> None:
    for name in ours(services):
        assert set(services[name]["environment"]) <= SETTINGS


def test_every_value_in_compose_is_accepted(services: Services, tmp_path: Path) -> None:
    for name in ours(services):
        values = services[name]["environment"]

        _, sources = load(values, env_file=tmp_path / "none")

        assert {each for each in values if sources[each] != "environment"} == set()


@pytest.mark.parametrize("name", REQUIRED)
def test_without_a_secret_compose_says_what_to_do(dotenv: dict[str, str], name: str) -> None:
    others = {each: value for each, value in dotenv.items() if each != name}

    with pytest.raises(LookupError, match=rf"{name} .*\.env"):
        filled_in(COMPOSE, others)


def test_every_secret_comes_from_the_environment(
    services: Services, dotenv: dict[str, str]
) -> None:
    secret = {name.upper() for name in SECRETS}

    for service in services.values():
        for name, value in service.get("environment", {}).items():
            if name in secret or "PASSWORD" in name:
                assert value in dotenv.values()
            if password := urlsplit(value).password:
                assert password in dotenv.values()
    assert set(re.findall(r"\$\{(\w+):-", COMPOSE)) == {"CORS_ORIGINS"}


def test_the_snippet_of_compose_writes_every_secret_once(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        missing("openssl", "install it")
    found = re.search(r"^#   for name .*?^#   done$", COMPOSE, flags=re.DOTALL | re.MULTILINE)
    assert found is not None
    snippet = re.sub(r"^#   ", "", found[0], flags=re.MULTILINE)

    for _ in range(2):
        subprocess.run(["sh", "-euc", snippet], cwd=tmp_path, check=True, timeout=PATIENCE_S)

    lines = (tmp_path / ".env").read_text().splitlines()
    assert sorted(line.partition("=")[0] for line in lines) == REQUIRED
    assert all(re.fullmatch(r"[0-9a-f]{64}", line.partition("=")[2]) for line in lines)


def test_containers_reach_services_where_these_listen(services: Services) -> None:
    listens = {name: port for name, (port, _) in OTHERS.items()}

    for name in ("DATABASE_URL", "REDIS_URL", "S3_ENDPOINT_URL"):
        for url in values_of(services, name):
            assert urlsplit(url).port == listens[str(urlsplit(url).hostname)]


def test_browsers_reach_what_is_published_on_this_machine_alone(services: Services) -> None:
    for name, service in (("BASE_URL", "api"), ("S3_PRESIGN_ENDPOINT_URL", "minio")):
        (published,) = services[service]["ports"]
        host, outside, inside = published.split(":")

        for url in values_of(services, name):
            assert urlsplit(url).hostname == "localhost"
            assert urlsplit(url).port == int(outside)
        assert host == "127.0.0.1"
        assert int(inside) == (Settings().port if service == "api" else OTHERS[service][0])


def test_everyone_means_the_same_database_store_and_pages(services: Services) -> None:
    postgres, minio = services["postgres"]["environment"], services["minio"]["environment"]
    settings, _ = load(services["api"]["environment"])

    url = urlsplit(settings.database_url or "")
    pages = minio["MINIO_API_CORS_ALLOW_ORIGIN"].split(",")

    assert url.username == postgres["POSTGRES_USER"]
    assert url.password == postgres["POSTGRES_PASSWORD"]
    assert url.path == f"/{postgres['POSTGRES_DB']}"
    assert settings.aws_access_key_id == minio["MINIO_ROOT_USER"]
    assert settings.aws_secret_access_key == minio["MINIO_ROOT_PASSWORD"]
    assert pages == [*settings.page_origins]
    for service in ours(services):
        assert services[service]["environment"].items() <= services["api"]["environment"].items()


def test_everything_waits_for_what_it_needs(services: Services) -> None:
    healthy = dict.fromkeys(OTHERS, "service_healthy")
    done = dict.fromkeys(("migrate", "provision"), "service_completed_successfully")
    all_parts = {**healthy, **done}

    waits = {
        name: {each: how["condition"] for each, how in services[name]["depends_on"].items()}
        for name in ours(services)
    }

    assert waits == {
        "migrate": {"postgres": healthy["postgres"]},
        "provision": {"minio": healthy["minio"]},
        "api": all_parts,
        "worker": all_parts,
        "doctor": all_parts,
    }


def test_what_runs_long_is_checked_and_started_again(services: Services) -> None:
    for name in LONG_RUNNING:
        assert services[name]["healthcheck"]["test"][0] == "CMD"
        assert services[name]["restart"] == "unless-stopped"
    for name in ONE_SHOT:
        assert services[name]["healthcheck"] == {"disable": True}
        assert services[name]["restart"] == "no"


def test_data_lives_in_named_volumes(services: Services) -> None:
    declared = set(yaml.safe_load(COMPOSE)["volumes"])

    mounted = {volume.partition(":")[0] for name in OTHERS for volume in services[name]["volumes"]}

    assert mounted == declared == set(OTHERS)


def test_images_of_others_are_of_a_certain_version(services: Services) -> None:
    for name in OTHERS:
        _, _, version = services[name]["image"].partition(":")
        assert version not in {"", "latest"}


def test_there_can_be_many_workers(services: Services) -> None:
    assert {"container_name", "ports", "hostname"} & set(services["worker"]) == set()


def test_the_doctor_stands_where_localhost_is_the_store(services: Services) -> None:
    assert services["doctor"]["network_mode"] == "service:minio"
    assert services["doctor"]["profiles"] == ["doctor"]


def test_one_image_is_built_once_and_asked_of_no_registry(services: Services) -> None:
    mine = [services[name] for name in ours(services)]

    assert [service["build"] for service in mine if "build" in service] == ["."]
    assert {service["pull_policy"] for service in mine} == {"never"}
    assert {service["image"] for service in mine} == {"mediaport"}


def test_docker_is_sent_what_the_builders_copy_and_nothing_else() -> None:
    copied = [
        source
        for each in [*stage("page"), *stage("builder")]
        if each.name == "COPY" and not each.flags
        for source in shlex.split(each.rest)[:-1]
    ]

    used = {file: [s for s in copied if file == s or file.startswith(f"{s}/")] for file in sent()}

    assert {source for sources in used.values() for source in sources} == set(copied)
    assert [file for file, sources in used.items() if not sources] == []


def test_the_image_runs_without_rights_and_without_tools() -> None:
    last = stages()[-1]
    (run,), (copy,), (user,) = (
        [each for each in last if each.name == name] for name in ("RUN", "COPY", "USER")
    )

    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user.rest)
    uid, gid = user.rest.split(":")
    assert f"--owner={uid} --group={gid} {said('WORKDIR')}" in run.rest
    assert f"useradd --uid {uid} --gid {gid} " in run.rest
    assert copy.flags == {"from": "builder"}
    assert set(re.findall(r"(?:^|&&)\s*(\S+)", run.rest)) == {"groupadd", "useradd", "install"}
    assert {each.name for each in last} & {"ADD", "VOLUME", "SHELL"} == set()


def test_the_image_serves_where_it_says(services: Services) -> None:
    check = json.dumps(services["api"]["healthcheck"]["test"][1:])
    given = variables(said("ENV"), {"PATH": ""})

    assert said("EXPOSE") == str(Settings().port)
    assert said("STOPSIGNAL") == "SIGTERM"
    assert said("HEALTHCHECK") == f"CMD {check}"
    assert json.loads(said("CMD")) == services["api"]["command"]
    assert given["DATA_DIR"] == said("WORKDIR")
    assert {name for name in given if not name.startswith("PYTHON")} - {"PATH"} <= SETTINGS


def test_compose_itself_reads_the_same(services: Services, dotenv: dict[str, str]) -> None:
    done = compose_config(dotenv)

    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout)["services"]
    for name, service in services.items():
        assert read[name].get("environment") == service.get("environment")
        assert read[name].get("command") == service.get("command")


@pytest.mark.parametrize("name", REQUIRED)
def test_compose_itself_stops_without_a_secret(dotenv: dict[str, str], name: str) -> None:
    done = compose_config({each: value for each, value in dotenv.items() if each != name})

    assert done.returncode != 0
    assert f"{name} is missing a value: write it into .env" in done.stderr
