"""What a run ran on."""

import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

from bench.api import wrk
from tests.servers.found import USED

PACKAGES = ("asyncpg", "boto3", "fastapi", "litestar", "msgspec", "pydantic", "sqlalchemy")


def describe() -> dict[str, object]:
    """Cores, processor and versions."""
    model = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    asked = subprocess.run(  # noqa: S603 - our own command
        [wrk.require(), "-v"], capture_output=True, text=True, check=False
    )
    return {
        "cores": os.cpu_count(),
        "processor": model[1] if model else platform.machine(),
        "python": platform.python_version(),
        "postgresql": USED["PostgreSQL"].partition(" (/")[0],
        "wrk": asked.stdout.split()[1],
        **{name: version(name) for name in (*PACKAGES, "uvicorn", "uvloop")},
    }
