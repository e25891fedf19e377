"""`mediaport serve` under Valgrind, which counts the instructions that requests take.

The count hardly depends on the machine, and not at all on what else that does: where times are off
by a quarter, it repeats within a few percent.
"""

import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import httpx

from bench.api.contenders import OPEN, Parts
from tests.integration.server import COMMAND, environment
from tests.servers.process import ServerProcess, free_port

TOOL = ("valgrind", "--tool=callgrind", "--instr-atstart=no", "--callgrind-out-file=callgrind.out")
PATIENCE_S = 120  # it starts twenty times as slowly
WARM_UP, BATCHES, BATCH = 20, 7, 10


def require() -> None:
    """Stop where there is no Valgrind."""
    if shutil.which("callgrind_control") is None:
        sys.exit("valgrind counts the instructions: apt install valgrind")


class Counted:
    """A server whose instructions are counted."""

    def __init__(self, process: ServerProcess, url: str) -> None:
        self._process = process
        self._http = httpx.Client(base_url=url, timeout=60)

    def per_request(self, load: Path) -> int:
        """Instructions for a request of a load's file, in thousands."""
        lines = iter(load.read_text().splitlines())
        self._ask(islice(lines, WARM_UP))
        self._control("--instr=on")
        self._ask(islice(lines, 1))  # Valgrind translates anew what it has begun to count
        # Python collects its garbage now and then: a median goes without.
        batches = [self._count(islice(lines, BATCH)) for _ in range(BATCHES)]
        self._control("--instr=off")
        return round(statistics.median(batches) / BATCH / 1000)

    def close(self) -> None:
        """Stop it."""
        self._http.close()
        self._process.stop()

    def _count(self, lines: Iterable[str]) -> int:
        self._control("--zero")
        self._ask(lines)
        counts = re.findall(r"^ +Th \d+ +([\d,]+)", self._control("-e"), re.MULTILINE)
        return sum(int(each.replace(",", "")) for each in counts)

    def _ask(self, lines: Iterable[str]) -> None:
        for line in lines:
            method, path, token, body = line.split("\t")
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            answer = self._http.request(method, path, headers=headers, content=body or None)
            answer.raise_for_status()

    def _control(self, *options: str) -> str:
        pid = str(self._process.pid)
        done = subprocess.run(  # noqa: S603 - our own process
            ["callgrind_control", *options, pid],  # noqa: S607 - where the machine has it
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout


@contextmanager
def counted(parts: Parts, database_url: str, folder: Path) -> Iterator[Counted]:
    """A server of its own, in production's setting, until the block ends."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = {**parts.settings(database_url), **OPEN, "PORT": str(port), "PYTHONHASHSEED": "0"}
    process = ServerProcess(
        [*TOOL, sys.executable, COMMAND, "serve"],
        folder=folder / "counted",
        is_ready=lambda: True,
        environment=environment(**settings),
    )
    process.start()
    server = Counted(process, url)
    try:
        _wait(url, process)
        yield server
    finally:
        server.close()


def _wait(url: str, process: ServerProcess) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while process.is_running and time.monotonic() < deadline:
        try:
            httpx.get(f"{url}/health/ready", timeout=30).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"mediaport serve did not start under Valgrind:\n{process.log}")
