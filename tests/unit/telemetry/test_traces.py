"""One media item, one trace: from the presign to the last thumbnail."""

import threading
from collections.abc import Iterator, Sequence
from uuid import UUID

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    SimpleSpanProcessor,
    SpanExporter,
    SpanExportResult,
)
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from mediaport.adapters.memory.images import picture
from mediaport.adapters.telemetry import spans
from mediaport.adapters.telemetry.object_store import MeasuredStore
from mediaport.adapters.telemetry.otel import OtelTracer
from mediaport.domain.errors import DomainError
from mediaport.entrypoints.http.app import create_app
from tests.unit.http.test_media import declare
from tests.world import World

COLLECTOR = "http://collector:4318"
CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def recorded() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    spans.use(OtelTracer(SimpleSpanProcessor(exporter), service="mediaport", version="1"))
    yield exporter
    spans.use(None)


@pytest.fixture
def world() -> World:
    world = World().set_anew(otel_exporter_otlp_endpoint=COLLECTOR)
    world.use.store.override(MeasuredStore(world.store))
    return world


def named(recorded: InMemorySpanExporter, name: str) -> ReadableSpan:
    (span,) = [each for each in recorded.get_finished_spans() if each.name == name]
    return span


async def test_the_spans_of_one_media_item_share_the_trace_that_its_name_is(
    world: World, recorded: InMemorySpanExporter
) -> None:
    media = await world.ready(await world.user())
    await world.work()

    trace = UUID(media.object_key.rpartition("/")[2].partition(".")[0]).int
    its_own = [each for each in recorded.get_finished_spans() if each.context.trace_id == trace]
    assert [each.name for each in its_own if not each.name.startswith("store.")] == [
        "presign",
        "complete",
        "thumbnails",
    ]
    root = its_own[0]
    assert root.parent is None
    for name in ("complete", "thumbnails"):
        assert (parent := named(recorded, name).parent)
        assert parent.span_id == root.context.span_id
    assert (within := named(recorded, "store.stat_and_read").parent)
    assert within.span_id == named(recorded, "complete").context.span_id
    assert dict(root.attributes or {}) == {"media_id": 1, "user_id": 1, "kind": "post_image"}


async def test_two_media_items_have_two_traces(
    world: World, recorded: InMemorySpanExporter
) -> None:
    ada = await world.user()

    for _ in range(2):
        await world.uploaded(ada)

    one, other = recorded.get_finished_spans()
    assert one.context.trace_id != other.context.trace_id


async def test_a_span_that_fails_has_the_code_and_no_words(
    world: World, recorded: InMemorySpanExporter
) -> None:
    ada = await world.user()
    media_id = await world.uploaded(ada, body=b"<script>")

    with pytest.raises(DomainError):
        await world.use.complete_upload()(media_id, by=ada)

    span = named(recorded, "complete")
    assert (span.attributes or {})["error.type"] == "not_an_image"
    assert span.status.status_code is StatusCode.ERROR
    assert span.status.description is None
    assert not span.events


@pytest.mark.parametrize("caller", [CALLER, None])
async def test_a_request_has_a_span_in_its_callers_trace(
    world: World, recorded: InMemorySpanExporter, caller: str | None
) -> None:
    token = f"token-{await world.user()}"
    headers = {"Authorization": f"Bearer {token}", **({"traceparent": caller} if caller else {})}

    transport = httpx.ASGITransport(create_app(world.use))  # type: ignore[arg-type]  # as in http
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        await client.post("/media/presign?secret=1", json=declare(), headers=headers)

    request = named(recorded, "POST /media/presign")
    assert request.kind is SpanKind.SERVER
    assert request.attributes == {
        "http.request.method": "POST",
        "http.route": "/media/presign",
        "http.response.status_code": 201,
        "url.path": "/media/presign",
    }
    if caller:
        assert f"{request.context.trace_id:032x}" == caller.split("-")[1]
    (link,) = named(recorded, "presign").links
    assert link.context == request.context


async def test_a_key_that_is_not_ours_has_a_span_all_the_same(
    recorded: InMemorySpanExporter,
) -> None:
    for key in ("public/media/1/1/photo.jpg", "public/media/1/1/" + "0" * 32 + ".jpg"):
        with spans.of_media("complete", key):
            pass
        tracer = spans.used()
        assert tracer
        tracer.presigned(key, began_ns=0)

    assert [each.name for each in recorded.get_finished_spans()] == ["complete", "complete"]


async def test_without_a_tracer_nothing_is_recorded(world: World) -> None:
    await world.ready(await world.user(), body=picture())

    assert spans.used() is None


class HangingExporter(SpanExporter):
    """A collector that takes what it is sent, and never says so."""

    def __init__(self) -> None:
        self.end = threading.Event()

    def export(self, _: Sequence[ReadableSpan]) -> SpanExportResult:
        self.end.wait()
        return SpanExportResult.SUCCESS


async def test_a_collector_that_hangs_holds_up_no_work_and_no_stop(world: World) -> None:
    exporter = HangingExporter()
    tracer = OtelTracer(BatchSpanProcessor(exporter), service="mediaport", version="1")
    spans.use(tracer)
    try:
        await world.ready(await world.user())
        tracer.close(patience_s=0.05)
    finally:
        spans.use(None)
        exporter.end.set()
