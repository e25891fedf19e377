"""wrk drives one contender."""

import shutil
import subprocess
import sys
from pathlib import Path

import msgspec

from bench.api import processes
from bench.api.contenders import Contender

SCRIPT = Path(__file__).with_name("load.lua")
LONGEST_S = 60


class Told(msgspec.Struct):
    """What the script says at the end."""

    requests: int
    took_us: int
    p50_us: int
    p99_us: int
    refused: int
    failed: int


class Sample(msgspec.Struct, frozen=True):
    """One contender under one load, once."""

    per_s: float
    cpu_ms: float  # of the API's process, per request
    database_cpu_ms: float
    p50_ms: float
    p99_ms: float


def require() -> str:
    """Where wrk is; stop where it is not."""
    return shutil.which("wrk") or sys.exit("wrk drives the load: apt install wrk")


def drive(
    contender: Contender,
    requests: Path,
    *,
    connections: int,
    seconds: int = LONGEST_S,
    once: bool = False,
) -> Sample:
    """Send it the requests of a file, for a time, or each of them once."""
    command = [
        require(),
        "-t1",
        "--timeout=30s",
        f"-c{connections}",
        f"-d{seconds}s",
        "-s",
        str(SCRIPT),
        contender.url,
    ]
    options = [str(requests), *([str(connections)] if once else [])]
    before, database_before = contender.cpu_s, processes.cpu_s(contender.database_pid)
    ran = subprocess.run(  # noqa: S603 - our own command
        [*command, "--", *options], capture_output=True, text=True, check=True
    )
    cpu_s, database_cpu_s = contender.cpu_s, processes.cpu_s(contender.database_pid)
    told = msgspec.json.decode(ran.stderr, type=Told)
    if told.refused or told.failed:
        raise RuntimeError(f"{contender.name} failed: {told}\n{contender.log[-3000:]}")
    return Sample(
        per_s=told.requests / told.took_us * 1e6,
        cpu_ms=(cpu_s - before) / told.requests * 1000,
        database_cpu_ms=(database_cpu_s - database_before) / told.requests * 1000,
        p50_ms=told.p50_us / 1000,
        p99_ms=told.p99_us / 1000,
    )
