"""The example for Kubernetes: valid, and of one piece with the product."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml  # type: ignore[import-untyped]

from mediaport.entrypoints.cli import cli
from mediaport.entrypoints.http.health import router
from mediaport.entrypoints.settings import SECRETS, Settings, load
from tests.integration.container_files import SETTINGS, said
from tests.servers.found import ROOT

FOLDER = ROOT / "deploy/kubernetes"
VERSION = "1.34"  # the oldest that is kept up, and the first where `sleep` needs no gate
METRICS = {
    "mediaport_thumbnails_owed_age_seconds",
    "mediaport_sweep_runs_total",
}
OPERATORS = {"ScaledObject", "PodMonitor", "PrometheusRule"}

Manifest = dict[str, Any]


def manifests() -> list[Manifest]:
    return [each for file in FOLDER.glob("*.yaml") for each in yaml.safe_load_all(file.read_text())]


def of(kind: str, *, name: str | None = None) -> Manifest:
    (only,) = [
        each
        for each in manifests()
        if each["kind"] == kind and name in {None, each["metadata"]["name"]}
    ]
    return only


def workloads() -> dict[str, Manifest]:
    """The pods, by the one container that each has."""
    pods = [each["spec"]["template"] for each in manifests() if "template" in each.get("spec", {})]
    return {pod["spec"]["containers"][0]["name"]: pod for pod in pods}


def container(name: str) -> Manifest:
    (only,) = workloads()[name]["spec"]["containers"]
    found: Manifest = only
    return found


def environment(name: str) -> dict[str, str]:
    told: dict[str, str] = {}
    for source in container(name)["envFrom"]:
        for field, kind, content in (
            ("configMapRef", "ConfigMap", "data"),
            ("secretRef", "Secret", "stringData"),
        ):
            if field in source:
                told |= of(kind, name=source[field]["name"])[content]
    return told | {each["name"]: each["value"] for each in container(name).get("env", [])}


def named(each: Manifest) -> str:
    return f"{each['kind']} {each['metadata']['name']}"


@pytest.mark.parametrize(
    "manifest", [each for each in manifests() if each["kind"] not in OPERATORS], ids=named
)
def test_kubernetes_takes_it(manifest: Manifest) -> None:
    kubernetes_validate.validate(manifest, VERSION, strict=True)


def test_every_command_and_variable_exists() -> None:
    for name in workloads():
        assert container(name)["args"][0] in cli.commands
        assert set(environment(name)) <= SETTINGS | {"WORKER_METRICS_PORT"}
        load(environment(name), env_file=Path("no-such-file"))


def test_secrets_are_in_the_secret_alone() -> None:
    secret = {*(name.upper() for name in SECRETS), "DATABASE_URL"}

    assert set(of("ConfigMap")["data"]) & secret == set()
    assert set(of("Secret")["stringData"]) <= secret


def test_probes_ask_what_answers() -> None:
    known = {each.path for each in router.routes}
    ports = {
        name: {p["name"]: p["containerPort"] for p in container(name)["ports"]}
        for name in ("api", "worker")
    }

    for name in ("api", "worker"):
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            if asked := container(name).get(probe, {}).get("httpGet"):
                assert asked["path"] in known
                assert asked["port"] in ports[name]
    assert ports["api"]["http"] == Settings().port
    assert str(ports["worker"]["metrics"]) == environment("worker")["WORKER_METRICS_PORT"]


def test_who_stops_has_the_time_it_needs() -> None:
    before_s = container("api")["lifecycle"]["preStop"]["sleep"]["seconds"]

    for name, needs_s in (("api", before_s + 15), ("worker", 15)):
        assert workloads()[name]["spec"]["terminationGracePeriodSeconds"] > needs_s


def test_nothing_has_rights_it_does_not_need() -> None:
    uid, gid = said("USER").split(":")

    for name, pod in workloads().items():
        assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
        assert pod["spec"]["securityContext"]["runAsUser"] == int(uid)
        assert pod["spec"]["securityContext"]["runAsGroup"] == int(gid)
        assert container(name)["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


def test_all_run_one_image_within_bounds() -> None:
    assert len({container(name)["image"] for name in workloads()}) == 1
    for name in workloads():
        assert set(container(name)["resources"]) == {"requests", "limits"}
        assert "memory" in container(name)["resources"]["limits"]


def test_what_selects_pods_finds_some() -> None:
    labels = [pod["metadata"]["labels"] for pod in workloads().values()]

    for each in manifests():
        selector = each["spec"].get("selector", {}) if "spec" in each else {}
        wanted: Mapping[str, str] = selector.get("matchLabels", selector)
        if wanted:
            assert any(wanted.items() <= has.items() for has in labels), named(each)


def test_the_ingress_leads_to_services_and_hides_what_is_for_operators() -> None:
    services = {each["metadata"]["name"]: each for each in manifests() if each["kind"] == "Service"}
    (rule,) = of("Ingress")["spec"]["rules"]

    leads = {each["path"]: each["backend"]["service"]["name"] for each in rule["http"]["paths"]}

    assert leads == {
        "/": "mediaport-api",
        "/metrics": "mediaport-nobody",
        "/saq": "mediaport-nobody",
    }
    assert set(leads.values()) <= set(services)
    assert "selector" not in services["mediaport-nobody"]["spec"]
    assert f"https://{rule['host']}" == of("ConfigMap")["data"]["BASE_URL"]


def test_workers_scale_by_what_is_measured() -> None:
    scaled = of("ScaledObject")["spec"]

    assert (
        scaled["scaleTargetRef"]["name"]
        == of("Deployment", name="mediaport-worker")["metadata"]["name"]
    )
    (trigger,) = scaled["triggers"]
    assert set(trigger["metadata"]) == {"serverAddress", "query", "threshold"}


def test_every_metric_exists() -> None:
    text = "".join(file.read_text() for file in FOLDER.glob("*.yaml"))

    assert set(re.findall(r"\bmediaport_\w+", text)) == METRICS
