"""What Linux says of a process and of all that it has started."""

import os
import re
from contextlib import suppress
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """A process and its descendants."""
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    children: list[int] = []
    with suppress(FileNotFoundError, ProcessLookupError):
        children = [int(child) for path in lists for child in path.read_text().split()]
    return [pid, *(each for child in children for each in tree(child))]


def cpu_s(pid: int) -> float:
    """Seconds of CPU that they have used, and those of theirs that have ended."""
    ticks = 0
    for each in tree(pid):
        with suppress(FileNotFoundError, ProcessLookupError):  # it ended: its parent has its ticks
            after_name = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, after_name[11:15]))
    return ticks / _TICKS_PER_S


def rss_mb(pid: int) -> float:
    """Memory that they have, in megabytes, as `ps` counts it."""
    return _memory_mb(pid, "Rss")


def pss_mb(pid: int) -> float:
    """The same, with what several processes share shared out among them."""
    return _memory_mb(pid, "Pss")


def _memory_mb(pid: int, counted: str) -> float:
    rollups = "".join(Path(f"/proc/{each}/smaps_rollup").read_text() for each in tree(pid))
    return sum(map(int, re.findall(rf"^{counted}: +(\d+) kB", rollups, re.MULTILINE))) / 1000
