"""What the Python peers share: requests as lines of JSON on stdin, answers on stdout.

`{"op": "one", "path": ..., "keep": true}` makes the thumbnails of a file; `{"op": "batch", "paths":
[...], "in_flight": 2}` those of many. Time is taken here, where the work is done, so that no pipe
and no reading of files is in it. `sharp.mjs` says the same in JavaScript.
"""
# ruff: noqa: T201 - answers go to stdout

import asyncio
import base64
import json
import resource
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

# From the bytes of a file to three WebPs, smallest first.
Job = Callable[[bytes], Awaitable[list[bytes]]]
SIZES = (128, 512, 1024)
QUALITY, METHOD = 80, 4
# Linux: the clock of all CPU time of a process, its threads that ended included.
_CPU_CLOCK_OF_PROCESS = 2


async def serve(job: Job, versions: dict[str, str]) -> None:
    """Answer until stdin ends."""
    print(json.dumps({"versions": versions}), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        request = json.loads(line)
        if request["op"] == "one":
            answer = await _one(job, _read(request["path"]), keep=request["keep"])
        else:
            originals = [*map(_read, request["paths"])]
            answer = await _batch(job, originals, in_flight=request["in_flight"])
        print(json.dumps(answer), flush=True)


def _read(path: str) -> bytes:
    return Path(path).read_bytes()


async def _one(job: Job, original: bytes, *, keep: bool) -> dict[str, Any]:
    taken = _stopwatch()
    try:
        bodies, refusal = await job(original), None
    except Exception as error:  # whatever a library raises on a bomb is a refusal
        bodies, refusal = [], f"{type(error).__name__}: {error}"
    return {
        **taken(),
        "refusal": refusal,
        "bodies": [base64.b64encode(body).decode() for body in bodies] if keep else [],
        **_peaks(),
    }


async def _batch(job: Job, originals: list[bytes], *, in_flight: int) -> dict[str, Any]:
    waiting = iter(originals)

    async def work() -> None:
        for original in waiting:
            await job(original)

    taken = _stopwatch()
    await asyncio.gather(*(work() for _ in range(in_flight)))
    return taken()


def _stopwatch() -> Callable[[], dict[str, float]]:
    cpu, started = _cpu_s(), time.perf_counter()

    def taken() -> dict[str, float]:
        wall = time.perf_counter() - started
        return {"wall_s": wall, "cpu_s": _cpu_s() - cpu}

    return taken


def _cpu_s() -> float:
    """CPU of this process, of its children that ended, and of those that live."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    total = time.process_time() + ended.ru_utime + ended.ru_stime
    for pid in _descendants("self"):
        with suppress(OSError):  # it ended meanwhile
            total += time.clock_gettime((~int(pid) << 3) | _CPU_CLOCK_OF_PROCESS)
    return total


def _peaks() -> dict[str, float]:
    """Peak memory in MB: of the process that decodes, which is a child if there are any; of all."""
    children = [_peak_mb(pid) for pid in _descendants("self")]
    own = _peak_mb("self")
    return {"peak_mb": max(children, default=own), "peak_all_mb": own + sum(children)}


def _descendants(pid: str) -> Iterator[str]:
    for thread in Path(f"/proc/{pid}/task").glob("*"):
        with suppress(OSError):  # it ended meanwhile
            for child in (thread / "children").read_text().split():
                yield child
                yield from _descendants(child)


def _peak_mb(pid: str) -> float:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0
