"""Every metric of ours that Prometheus can fetch."""

import importlib
from pathlib import Path

from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase

import mediaport
from docs.reference.markdown import code, table

INTRODUCTION = """\
# Metrics

`GET /metrics` answers in Prometheus' text format. Beside these there are `process_*` and `python_*`
of the Prometheus client, where one process serves. Of a histogram, Prometheus sees `_bucket`,
`_sum` and `_count`; a counter's name ends with `_total`.

"""


def page() -> str:
    """The page."""
    _import_all()
    # The client has no other way to ask for labels than through samples, which there are none of.
    collectors = [*REGISTRY._collector_to_names]  # noqa: SLF001
    ours = (each for each in collectors if isinstance(each, MetricWrapperBase))
    rows = sorted(
        (
            code(each._name + ("_total" if each._type == "counter" else "")),  # noqa: SLF001
            str(each._type),  # noqa: SLF001
            ", ".join(map(code, each._labelnames)),  # noqa: SLF001
            each._documentation,  # noqa: SLF001
        )
        for each in ours
    )
    return INTRODUCTION + table(("name", "type", "labels", "what it counts"), rows)


def _import_all() -> None:
    """Import whatever makes metrics: they register themselves."""
    root = Path(mediaport.__path__[0])
    for path in root.rglob("*.py"):
        if "from prometheus_client" in path.read_text():
            name = ".".join(path.relative_to(root).with_suffix("").parts)
            importlib.import_module(f"mediaport.{name.removesuffix('.__init__')}")
