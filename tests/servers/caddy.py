"""Caddy, with the Caddyfile of production, in front of an API on this machine."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.servers.found import ROOT, USED, missing, program
from tests.servers.process import ServerProcess, end, free_port

CADDYFILE = ROOT / "deploy/Caddyfile"


def caddy() -> Path:
    """The program: of the environment, as Debian's is too old to hold a request with a body."""
    found = program(str(Path(sys.executable).with_name("caddy"))) or program("caddy")
    if found is None:
        missing("Caddy", "run `make install`")
    USED["Caddy"] = str(found)
    return found


def settings(folder: Path, *, site: str, upstream: str) -> dict[str, str]:
    """What the Caddyfile and Caddy itself read of the environment."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "CADDY_ADMIN": f"127.0.0.1:{free_port()}",
        "ACME_EMAIL": "admin@example.com",
        "SITE_ADDRESS": site,
        "UPSTREAM": upstream,
    }


@contextmanager
def in_front_of(upstream: str) -> Iterator[str]:
    """The address of a Caddy before what answers at HOST:PORT."""
    url = f"http://127.0.0.1:{free_port()}"
    folder = Path(tempfile.mkdtemp(prefix="mediaport-caddy-"))
    process = ServerProcess(
        [str(caddy()), "run", "--config", str(CADDYFILE)],
        folder=folder,
        is_ready=lambda: _answers(url),
        environment=settings(folder, site=url, upstream=upstream),
    )
    try:
        process.start()
        yield url
    finally:
        end(process, folder)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/live", timeout=10).is_success
    except httpx.TransportError:
        return False
