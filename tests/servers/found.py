"""Where a server's program is, and what to do where there is none."""

import importlib.util
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Never

import pytest

ROOT = Path(__file__).resolve().parents[2]
IS_CI = os.environ.get("CI", "").lower() in {"1", "true"}
# Which server each kind of test ran against: for the summary of the run.
USED: dict[str, str] = {}


def program(name: str, *, usual: Sequence[str] = (), wheel: str = "") -> Path | None:
    """A program on PATH, else in the usual folders (patterns), else in an installed wheel."""
    if on_path := shutil.which(name):
        return Path(on_path)
    for pattern in usual:
        for candidate in sorted(Path("/").glob(f"{pattern.lstrip('/')}/{name}"), reverse=True):
            if os.access(candidate, os.X_OK):
                return candidate
    package, _, inside = wheel.partition("/")
    spec = importlib.util.find_spec(package) if package else None
    if spec and spec.submodule_search_locations:
        shipped = Path(spec.submodule_search_locations[0], inside, name)
        return shipped if shipped.is_file() else None
    return None


def docker() -> str | None:
    """The docker command, where an engine answers it."""
    import subprocess  # noqa: PLC0415 - nothing else here starts anything

    command = shutil.which("docker")
    if command is None:
        return None
    asked = subprocess.run([command, "info"], capture_output=True, check=False, timeout=30)
    return command if asked.returncode == 0 else None


def missing(server: str, remedy: str) -> Never:
    """Give up: an error in CI, a skip that says why elsewhere."""
    message = f"there is no {server} on this machine: {remedy}"
    USED[server] = f"missing, its tests did not run: {remedy}"
    if IS_CI:
        pytest.fail(message)
    pytest.skip(message)
