"""compose.prod.yaml and what it stands on: fit for one small host, and nothing open but Caddy."""

import re
from pathlib import Path
from typing import Any

import pytest

from mediaport.entrypoints.cli import cli
from mediaport.entrypoints.settings import Settings, load
from tests.integration.container_files import SETTINGS
from tests.integration.production import EXAMPLE, FILE, FILLED_IN, OPEN, config, read
from tests.servers.caddy import CADDYFILE
from tests.servers.found import ROOT, missing
from tests.servers.postgresql import asked, start_postgresql

HOST_MIB = 1024
OURS = {"api", "worker", "migrate", "doctor"}
ONE_SHOT = {"migrate", "doctor"}


@pytest.fixture(scope="module")
def whole() -> dict[str, Any]:
    return read()


@pytest.fixture(scope="module")
def services(whole: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = whole["services"]
    return found


def settings_of(services: dict[str, dict[str, Any]], name: str) -> Settings:
    return load(services[name]["environment"], env_file=Path("no-such-file"))[0]


def test_the_limits_of_memory_fit_the_host(services: dict[str, dict[str, Any]]) -> None:
    mib = {name: int(service["mem_limit"]) / 2**20 for name, service in services.items()}

    lasting = sum(size for name, size in mib.items() if name not in ONE_SHOT)

    assert lasting + max(mib[name] for name in ONE_SHOT) < HOST_MIB


def test_only_caddy_is_reached_from_outside(services: dict[str, dict[str, Any]]) -> None:
    open_ports = {
        (name, port["published"], port["protocol"])
        for name, service in services.items()
        for port in service.get("ports", [])
    }

    assert open_ports == {
        ("caddy", "80", "tcp"),
        ("caddy", "443", "tcp"),
        ("caddy", "443", "udp"),
    }


def test_nothing_can_write_its_root_or_gain_rights(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
    added = {name: service["cap_add"] for name, service in services.items() if "cap_add" in service}
    assert added == {"caddy": ["NET_BIND_SERVICE"]}


def test_no_log_fills_the_disk(services: dict[str, dict[str, Any]]) -> None:
    kept = {"driver": "json-file", "options": {"max-size": "10m", "max-file": "3"}}

    assert {name for name, service in services.items() if service["logging"] != kept} == set()


def test_what_lasts_is_checked_and_started_again(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        is_once = name in ONE_SHOT
        assert service["restart"] == ("no" if is_once else "unless-stopped")
        assert bool(service["healthcheck"].get("disable")) == is_once


def test_every_image_is_of_a_certain_version(services: dict[str, dict[str, Any]]) -> None:
    for service in services.values():
        assert re.fullmatch(r"[\w-]+:\d[\d.]*", service["image"])
        ours = service["image"].startswith("mediaport")
        assert ours == (service.get("pull_policy") == "never")


def test_every_command_and_variable_exists(services: dict[str, dict[str, Any]]) -> None:
    for name in OURS:
        assert services[name]["command"][0] in cli.commands
        assert set(services[name]["environment"]) <= SETTINGS
        settings_of(services, name)


def test_each_has_the_keys_of_its_own_rights(services: dict[str, dict[str, Any]]) -> None:
    keys = {
        name: services[name]["environment"]["AWS_ACCESS_KEY_ID"]
        for name in ("api", "worker", "backup")
    }

    assert keys == {
        name: FILLED_IN[f"{name.upper()}_AWS_ACCESS_KEY_ID"] for name in ("api", "worker", "backup")
    }
    assert "JWT_SECRET" not in services["worker"]["environment"]


def test_the_proxy_is_believed_and_reaches_the_api(whole: dict[str, Any]) -> None:
    (subnet,) = whole["networks"]["default"]["ipam"]["config"]
    api = settings_of(whole["services"], "api")

    assert [str(each) for each in api.trusted_proxies] == [subnet["subnet"]]
    assert f"{{$UPSTREAM:api:{api.port}}}" in CADDYFILE.read_text()
    assert api.reached_at == f"https://{whole['services']['caddy']['environment']['SITE_ADDRESS']}"


def test_the_example_names_what_is_read_and_nothing_else() -> None:
    required = set(re.findall(r"\$\{(\w+):\?", FILE.read_text()))

    assert {*required, "COMPOSE_FILE"} == set(EXAMPLE)
    assert EXAMPLE["COMPOSE_FILE"] == FILE.name


@pytest.mark.parametrize("name", OPEN)
def test_without_a_value_it_says_what_that_is(name: str) -> None:
    done = config({**FILLED_IN, name: ""})

    assert done.returncode != 0
    assert f"{name} is missing a value: " in done.stderr


def test_the_database_takes_its_options_and_all_connections(
    services: dict[str, dict[str, Any]],
) -> None:
    program, *options = services["postgres"]["command"]
    pools = sum(settings_of(services, name).database_pool_size for name in ("api", "worker"))

    server = start_postgresql(options=options)
    if server.process is None:
        missing("PostgreSQL of our own", "apt install postgresql")
    try:
        (connections,) = asked(server.url("postgres"), "SHOW max_connections")
        (reserved,) = asked(server.url("postgres"), "SHOW superuser_reserved_connections")
    finally:
        server.stop()

    assert program == "postgres"
    assert pools + 5 <= int(connections) - int(reserved)


def test_the_scripts_are_in_the_image_of_backups() -> None:
    lines = (ROOT / "deploy/backup.Dockerfile").read_text()

    (copied,) = re.findall(r"^COPY --chmod=755 (.*) /usr/local/bin/$", lines, flags=re.MULTILINE)
    scripts = {path.name for path in (ROOT / "deploy").glob("*.sh")}
    assert {*copied.split()} == scripts - {"release.sh"}  # which is for here
    assert f"FROM {read()['services']['postgres']['image']}\n" in lines
