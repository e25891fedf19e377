"""The product in numbers, for Prometheus. What of requests is counted stands at the edge.

`outcome` is `ok`, or the code of what stood in the way.
"""

from prometheus_client import Counter, Histogram

PRESIGNS = Counter("mediaport_presigns_total", "Uploads that were asked for", ("kind", "outcome"))
COMPLETES = Counter("mediaport_completes_total", "Completions of uploads", ("outcome",))
PUBLISHED_BYTES = Counter("mediaport_published_bytes_total", "Bytes of published originals")
THUMBNAILS = Counter(
    "mediaport_thumbnails_total", "Media whose thumbnails were made, or failed", ("outcome",)
)
# The worst image may take as long as its claim lasts.
THUMBNAILS_DURATION = Histogram(
    "mediaport_thumbnails_duration_seconds",
    "From the claim to the last thumbnail in the store",
    buckets=(0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.5, 2.5, 5, 10, 30),
)
SWEEPS = Counter("mediaport_sweep_runs_total", "Runs of the sweep", ("outcome",))
SWEPT = Counter("mediaport_sweep_removed_total", "What the sweep removed", ("what",))
STORE_DURATION = Histogram(
    "mediaport_store_duration_seconds",
    "Calls to the object store",
    ("operation", "outcome"),
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)

# A rate can tell nothing of what was not there before.
SWEEPS.labels("ok")
for what in ("uploads", "media", "objects"):
    SWEPT.labels(what)
