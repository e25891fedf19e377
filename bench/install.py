"""What does an installation weigh, and how soon does it answer? See bench/README.md.

The wheel with all that it needs, beside what one would install to write the same oneself: FastAPI
with SQLAlchemy, and Django with Celery, of the same versions where they share a package. Bytes are
those of the packages' files, as they come.
"""
# ruff: noqa: S603, T201 - our own commands; a command prints

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from http.client import HTTPConnection
from importlib.metadata import distributions
from pathlib import Path

from tests.servers.found import ROOT
from tests.servers.process import ServerProcess, free_port

CACHE = ROOT / ".cache/bench-install"
RESULTS = Path(__file__).parent / "results" / "install.json"
UV, ROUNDS, SHOWN = os.environ.get("UV", "uv"), 7, 8
COMMON = ("boto3", "pillow", "argon2-cffi", "prometheus-client", "redis[hiredis]", "thash")
PEERS = {
    "fastapi": (
        *("fastapi", "uvicorn[standard]", "sqlalchemy[asyncio]", "asyncpg", "aiosqlite", "alembic"),
        *("pyjwt", "saq[web]", "typing-extensions", "pydantic-settings", *COMMON),
    ),
    "django": (
        *("django", "djangorestframework", "djangorestframework-simplejwt", "drf-spectacular"),
        *("django-storages", "celery", "psycopg[binary]", "gunicorn", *COMMON),
    ),
}
PEER_SETTINGS = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none",  # it is not asked for its schema
    "JWT_SECRET": "x" * 32,
    "S3_ENDPOINT_URL": "http://127.0.0.1:9",
    "S3_BUCKET": "media",
    **dict.fromkeys(("AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "x"),
}


def install(name: str, *packages: str) -> Path:
    """An environment with these and what they need; the folder of its commands."""
    folder = CACHE / name
    into = ("--quiet", "--python")
    subprocess.run([UV, "venv", "--clear", *into, sys.executable, str(folder)], check=True)
    subprocess.run(
        [
            *(UV, "pip", "install", "--compile-bytecode", *into, str(folder / "bin/python")),
            *("--constraint", str(ROOT / "requirements/run.txt"), *packages),
        ],
        check=True,
    )
    return folder / "bin"


def weights_mb(programs: Path) -> dict[str, float]:
    """What each package's files weigh, the heaviest first."""
    (packages,) = programs.parent.glob("lib/python*/site-packages")
    weights = {
        each.name: sum(size_of(each.locate_file(file)) for file in each.files or ()) / 1e6
        for each in distributions(path=[str(packages)])
    }
    return dict(sorted(weights.items(), key=lambda weight: -weight[1]))


def size_of(file: object) -> int:
    """In bytes; of what an interpreter has compiled, nothing."""
    path = Path(str(file))
    return path.stat().st_size if path.suffix != ".pyc" and path.is_file() else 0


def start_s(command: list[str], folder: Path, path: str, settings: dict[str, str]) -> float:
    """From the start of a server until it answers."""
    port = free_port()

    def answers() -> bool:
        asking = HTTPConnection("127.0.0.1", port, timeout=30)
        with closing(asking), suppress(ConnectionError):
            asking.request("GET", path)
            return asking.getresponse().status == 200
        return False

    server = ServerProcess(
        [each.format(port=port) for each in command],
        folder=folder,
        is_ready=answers,
        environment={"PATH": os.environ["PATH"], "PORT": str(port), **settings},
    )
    began = time.perf_counter()
    server.start()
    took_s = time.perf_counter() - began
    server.stop()
    return took_s


def starts_s(programs: Mapping[str, Path]) -> dict[str, float]:
    """Medians; the first of each makes its database, and reads all files from the disk."""
    served = [str(programs["ours"] / "mediaport"), "serve", "--migrate"]
    peer = [str(programs["fastapi"] / "uvicorn"), "bench.peers.fastapi_app:app", "--port", "{port}"]
    settings = {**PEER_SETTINGS, "PYTHONPATH": str(ROOT)}
    rounds = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for _ in range(ROUNDS + 1):
            ours = start_s(served, folder, "/health/live", {})
            rounds.append((ours, start_s(peer, folder, "/openapi.json", settings)))
    medians = map(statistics.median, zip(*rounds[1:], strict=True))
    return dict(zip(("ours", "fastapi"), medians, strict=True))


def main() -> None:
    """Install, weigh, start, print the table, keep the figures."""
    (wheel,) = ROOT.glob("dist/*.whl")
    programs = {"ours": install("ours", str(wheel))}
    programs |= {name: install(name, *packages) for name, packages in PEERS.items()}
    weights = {name: weights_mb(folder) for name, folder in programs.items()}
    starts = starts_s(programs)
    figures = {
        name: {
            "packages": len(weighed),
            "megabytes": round(sum(weighed.values()), 1),
            "ours_over_it": round(sum(weights["ours"].values()) / sum(weighed.values()), 2),
            "start_s": round(starts[name], 2) if name in starts else None,
            "heaviest": {each: round(mb, 1) for each, mb in [*weighed.items()][:SHOWN]},
        }
        for name, weighed in weights.items()
    }
    for name, each in figures.items():
        print(f"{name:8} {each['packages']} packages, {each['megabytes']} MB, {each['start_s']} s")
        print(f"         {each['heaviest']}")
    RESULTS.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
