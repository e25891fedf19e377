"""Dashboard and alerts ask for nothing that the product does not show."""

import json
import re
from collections.abc import Iterator
from itertools import product

import httpx
import promql_parser
import pytest
import yaml  # type: ignore[import-untyped]
from prometheus_client.parser import text_string_to_metric_families

from mediaport.adapters.memory.images import picture
from mediaport.adapters.telemetry.object_store import MeasuredStore
from mediaport.domain.errors import DomainError
from mediaport.entrypoints.http.app import create_app
from tests.servers.found import ROOT
from tests.world import World

ALERTS = ROOT / "ops" / "prometheus" / "alerts.yml"
DASHBOARD = ROOT / "ops" / "grafana" / "mediaport.json"
# Prometheus' own, of every target.
OF_PROMETHEUS = {"up": {"job", "instance"}}
METRIC = re.compile(r"\b(up|mediaport_\w+)(?:\{([^}]*)\})?")
LABEL = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")
GROUPED = re.compile(r"\b(?:by|without) ?\(([^)]*)\)")
Shown = dict[str, set[str]]


def rules() -> list[dict[str, object]]:
    return [
        rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]
    ]


def asked() -> Iterator[str]:
    yield from (str(rule["expr"]) for rule in rules())
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        yield from (target["expr"] for target in panel["targets"])


@pytest.fixture(scope="module")
async def shown() -> Shown:
    """Every metric that a product in use shows, with its labels."""
    world = World()
    world.use.store.override(MeasuredStore(world.store))
    ada = await world.user()
    for body in (picture(), picture(broken=True)):
        await world.ready(ada, body=body)
    await world.work()
    await world.use.sweep()()
    with pytest.raises(DomainError):
        await world.use.complete_upload()(await world.uploaded(ada, body=b"<script>"), by=ada)
    world.tables.is_down = True
    transport = httpx.ASGITransport(create_app(world.use))  # type: ignore[arg-type]  # as in http
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        await client.get("/users/ada", headers={"Authorization": "Bearer token-1"})
        world.tables.is_down = False
        text = (await client.get("/metrics")).text
    samples = [each for one in text_string_to_metric_families(text) for each in one.samples]
    return OF_PROMETHEUS | {
        name: {label for each in samples if each.name == name for label in each.labels}
        for name in {each.name for each in samples}
    }


@pytest.mark.parametrize("expression", [*asked()])
async def test_an_expression_names_what_is_shown(expression: str, shown: Shown) -> None:
    metrics = METRIC.findall(expression)

    promql_parser.parse(expression.replace("$__rate_interval", "5m"))  # a ValueError, if it is none
    assert metrics
    for name, matchers in metrics:
        assert name in shown
        assert set(LABEL.findall(matchers)) <= shown[name]
    for (name, _), labels in product(metrics, GROUPED.findall(expression)):
        assert {label.strip() for label in labels.split(",")} <= shown[name]


async def test_everything_that_we_count_is_on_the_dashboard(shown: Shown) -> None:
    everything = " ".join(asked())

    ours = {
        re.sub("_(bucket|count|sum|created)$", "", name)
        for name in shown
        if name.startswith("mediaport_")
    }
    forgotten = {name for name in ours if name not in everything}
    # How many event streams are open has its page in docs/scale.md.
    assert forgotten <= {"mediaport_event_streams"}


def test_each_alert_says_what_it_is_about() -> None:
    for rule in rules():
        assert rule.keys() == {"alert", "expr", "for", "labels", "annotations"}, rule
        assert str(rule["alert"]).startswith("Mediaport")
        assert re.fullmatch(r"\d+[smh]", str(rule["for"]))
        labels, annotations = rule["labels"], rule["annotations"]
        assert isinstance(labels, dict)
        assert isinstance(annotations, dict)
        assert labels["severity"] in {"page", "ticket"}
        assert annotations.keys() == {"summary", "description"}


def test_each_alert_has_its_words_in_the_documentation() -> None:
    words = (ROOT / "docs" / "how-to" / "observe.md").read_text()

    assert not {str(rule["alert"]) for rule in rules() if f"`{rule['alert']}`" not in words}
