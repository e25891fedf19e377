"""Spans by OpenTelemetry. Imported where a collector is set: others do without its libraries."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import (
    SERVICE_NAME,
    SERVICE_VERSION,
    OTELResourceDetector,
    Resource,
)
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from mediaport.adapters.telemetry.outcomes import outcome_of
from mediaport.adapters.telemetry.spans import Tracer, trace_id_of

_HALF = (1 << 64) - 1


def exporting(endpoint: str) -> SpanProcessor:
    """What sends spans to a collector, by OTLP over HTTP, in a thread of its own."""
    return BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces"))


class OtelTracer(Tracer):
    """Records spans, and hands them to `processor`. No span has the words of an error."""

    def __init__(self, processor: SpanProcessor, *, service: str, version: str) -> None:
        # OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES come before what we say.
        ours = Resource({SERVICE_NAME: service, SERVICE_VERSION: version})
        resource = ours.merge(OTELResourceDetector().detect())
        self._provider = TracerProvider(
            resource=resource, id_generator=_Ids(), shutdown_on_exit=False
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("mediaport")
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def span(self, name: str, **attributes: Any) -> Iterator[None]:
        """A span within the current one."""
        with self._current(name, attributes=attributes):
            yield

    @contextmanager
    def of_media(self, name: str, object_key: str, **attributes: Any) -> Iterator[None]:
        """A span of the media item's trace, under the one of its presign."""
        trace_id = trace_id_of(object_key)
        context = self._under_root(trace_id) if trace_id else None
        with self._current(name, attributes=attributes, context=context, links=_links()):
            yield

    def presigned(self, object_key: str, *, began_ns: int, **attributes: Any) -> None:
        """The root of the media item's trace: its ids follow from the name in the key."""
        trace_id = trace_id_of(object_key)
        if trace_id is None:
            return
        with _Ids.being(trace_id, trace_id & _HALF):
            span = self._tracer.start_span(
                "presign",
                context=Context(),
                start_time=began_ns,
                links=_links(),
                attributes=attributes,
            )
        span.end()

    @contextmanager
    def request(
        self, name: str, *, headers: Mapping[str, str], told: Mapping[str, Any]
    ) -> Iterator[None]:
        """The span of a request, within its caller's trace."""
        context = self._propagator.extract(headers)
        with self._current(name, context=context, kind=SpanKind.SERVER) as span:
            try:
                yield
            finally:
                span.set_attributes(told)
                if route := told.get("http.route"):
                    span.update_name(f"{name} {route}")
                if told.get("http.response.status_code", 500) >= 500:
                    span.set_status(StatusCode.ERROR)

    def close(self, *, patience_s: float) -> None:
        """Send what is recorded. A collector that hangs keeps nobody: the thread is left alone."""
        closing = threading.Thread(target=self._provider.shutdown, daemon=True)
        closing.start()
        closing.join(patience_s)

    @contextmanager
    def _current(self, name: str, **how: Any) -> Iterator[Span]:
        with self._tracer.start_as_current_span(
            name, record_exception=False, set_status_on_exception=False, **how
        ) as span:
            try:
                yield span
            except BaseException as error:
                span.set_attribute("error.type", outcome_of(error))
                span.set_status(StatusCode.ERROR)
                raise

    def _under_root(self, trace_id: int) -> Context:
        """Where presign was, whoever recorded it; sampled as it was, which the id decides."""
        decided = self._provider.sampler.should_sample(None, trace_id, "presign")
        is_sampled = decided.decision is Decision.RECORD_AND_SAMPLE
        flags = TraceFlags(TraceFlags.SAMPLED if is_sampled else TraceFlags.DEFAULT)
        root = SpanContext(trace_id, trace_id & _HALF, is_remote=True, trace_flags=flags)
        return trace.set_span_in_context(NonRecordingSpan(root))


class _Ids(RandomIdGenerator):
    """Random ids, but where they are given."""

    _given: ContextVar[tuple[int, int] | None] = ContextVar("ids", default=None)

    @classmethod
    @contextmanager
    def being(cls, trace_id: int, span_id: int) -> Iterator[None]:
        """The span that is started within has these."""
        token = cls._given.set((trace_id, span_id))
        try:
            yield
        finally:
            cls._given.reset(token)

    def generate_trace_id(self) -> int:
        given = self._given.get()
        return given[0] if given else super().generate_trace_id()

    def generate_span_id(self) -> int:
        given = self._given.get()
        return given[1] if given else super().generate_span_id()


def _links() -> list[Link]:
    """What leads from a media item's trace to the request that it was for."""
    here = trace.get_current_span().get_span_context()
    return [Link(here)] if here.is_valid else []
