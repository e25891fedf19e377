"""Has a request become dearer? Its instructions, beside those that were kept.

`UPDATE=1` keeps today's as the ones to hold. Instructions of another Python, or another processor's
architecture, are others: update there first, from a commit that is known to be good.
"""
# ruff: noqa: T201 - a command prints

import os
import platform
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from bench.api import dataset
from bench.api.instructions import counted, require
from bench.api.loads import Loads
from bench.api.parts import parts
from tests.servers.found import ROOT

KINDS = ("presign", "feed", "profile", "publish")
POSTS = 10_000
ALLOWED = 1.05
BASELINE = ROOT / "bench" / "results" / "baseline.json"


class Baseline(msgspec.Struct):
    """Thousands of instructions for a request, by its kind, and where they were counted."""

    counted_on: str
    thousands: Mapping[str, int]


def main() -> None:
    """Count, print, and fail where more than before are needed."""
    require()
    found = Baseline(f"Python {platform.python_version()}, {platform.machine()}", _count())
    if os.environ.get("UPDATE"):
        BASELINE.write_bytes(msgspec.json.format(msgspec.json.encode(found)) + b"\n")
    kept = msgspec.json.decode(BASELINE.read_bytes(), type=Baseline)
    print(f"{'thousands of instructions':<28} {'now':>8} {'kept':>8} {'ratio':>6}")
    for kind, now in found.thousands.items():
        before = kept.thousands[kind]
        print(f"{kind:<28} {now:>8} {before:>8} {now / before:>6.2f}")
    if found.counted_on != kept.counted_on:
        print(f"those were kept on {kept.counted_on}; this is {found.counted_on}")
    if worse := [it for it, now in found.thousands.items() if now > ALLOWED * kept.thousands[it]]:
        sys.exit(f"dearer than before: {', '.join(worse)}")


def _count() -> dict[str, int]:
    with parts() as servers, tempfile.TemporaryDirectory() as folder:
        url = dataset.database(servers.postgresql, POSTS)
        loads = Loads(Path(folder), url, POSTS)
        with counted(servers, url, Path(folder)) as server:
            return {kind: server.per_request(loads.of(kind)) for kind in KINDS}


if __name__ == "__main__":
    main()
