"""What is seen of one upload from outside: its lines, its numbers and its trace."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests import pictures
from tests.integration.crew import Crew
from tests.servers.process import free_port


class Collector(ThreadingHTTPServer):
    """Takes spans by OTLP over HTTP."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Receiver)
        self.spans: list[Span] = []
        self.services: set[str] = set()

    def take(self, sent: bytes) -> None:
        for resource in ExportTraceServiceRequest.FromString(sent).resource_spans:
            named = {each.key: each.value.string_value for each in resource.resource.attributes}
            self.services.add(named["service.name"])
            for scope in resource.scope_spans:
                self.spans += scope.spans


class _Receiver(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        assert self.path == "/v1/traces"
        self.server.take(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    Thread(target=collector.serve_forever, args=(0.05,), daemon=True).start()
    yield collector
    collector.shutdown()
    collector.server_close()


def lines_of(log: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.splitlines() if line.startswith("{")]


def test_one_upload_is_followed_through_api_and_worker(
    real: dict[str, str], crew: Crew, collector: Collector
) -> None:
    endpoint = f"http://127.0.0.1:{collector.server_port}"
    port = free_port()
    seen = {**real, "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "LOG_REQUESTS": "true"}
    api = crew.api(**seen)
    worker = crew.worker(**seen, WORKER_METRICS_PORT=str(port))
    user = crew.user(api)
    user.http.headers["X-Request-ID"] = "the-one"

    media_id = user.upload(pictures.picture())
    user.complete(media_id).raise_for_status()
    media = user.settled(media_id)

    made = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text
    assert 'mediaport_thumbnails_total{outcome="ok"} 1.0' in made
    assert 'mediaport_sweep_runs_total{outcome="ok"}' in made
    assert httpx.get(f"http://127.0.0.1:{port}/health/live", trust_env=False).is_success
    shown = httpx.get(f"{api.url}/metrics").text
    assert 'mediaport_presigns_total{kind="post_image",outcome="ok"} 1.0' in shown
    assert 'mediaport_queue_jobs{state="queued"} 0.0' in shown
    assert 'mediaport_store_duration_seconds_count{operation="put",outcome="ok"}' in shown

    assert api.stop() == worker.stop() == 0
    (done,) = [each for each in lines_of(api.log) if each["event"] == "Upload completed"]
    (thumbnails,) = [each for each in lines_of(worker.log) if each["event"] == "Thumbnails made"]
    for line in (done, thumbnails):
        assert (line["request_id"], line["media_id"]) == ("the-one", media_id)
        assert line["user_id"]
    asked = [each for each in lines_of(api.log) if each["event"] == "Request answered"]
    assert {"/media/presign", f"/media/{media_id}/complete"} < {each["path"] for each in asked}
    trace = str(media["original_url"]).rpartition("/")[2].partition(".")[0]
    its_own = [span.name for span in collector.spans if span.trace_id.hex() == trace]
    assert {"presign", "complete", "store.put", "thumbnails"} <= {*its_own}
    assert "POST /media/presign" in {span.name for span in collector.spans}
    assert collector.services == {"mediaport"}


def test_a_collector_that_is_away_harms_nothing(crew: Crew) -> None:
    api = crew.api(OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{free_port()}")
    user = crew.user(api)

    user.complete(user.upload(pictures.picture())).raise_for_status()

    assert api.stop() == 0


def test_processes_count_together(real: dict[str, str], crew: Crew) -> None:
    api = crew.api(**real, API_WORKERS="2")
    user = crew.user(api)
    for _ in range(4):
        user.presign(b"x").raise_for_status()

    for _ in range(4):
        shown = httpx.get(f"{api.url}/metrics").text
        assert 'mediaport_presigns_total{kind="post_image",outcome="ok"} 4.0' in shown
        assert shown.count("\nmediaport_thumbnails_owed ") == 1
