"""Reads `compose.prod.yaml`, as docker compose itself makes it out."""

import json
import os
import re
import subprocess
from collections.abc import Mapping
from typing import Any

from dotenv import dotenv_values

from tests.integration.container_files import PATIENCE_S, compose_command
from tests.servers.found import ROOT

FILE = ROOT / "compose.prod.yaml"
EXAMPLE = {
    name: value or "" for name, value in dotenv_values(ROOT / "deploy/prod.env.example").items()
}
# What the example leaves to be filled in.
OPEN = sorted(name for name, value in EXAMPLE.items() if not value)
FILLED_IN = {
    **{name: re.sub(r"[^a-z]", "", name.lower()) * 4 for name in OPEN},
    "MEDIAPORT_VERSION": "1.0.0",
    "DOMAIN": "media.example.com",
    "S3_BUCKET": "my-media",
    "AWS_REGION": "eu-central-1",
}


def config(dotenv: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """What `docker compose config` says with these in .env."""
    outside = {name: value for name, value in os.environ.items() if name not in EXAMPLE}
    arguments = ["--file", str(FILE), "--env-file", os.devnull, "--profile", "doctor"]
    return subprocess.run(
        [*compose_command(), *arguments, "config", "--format", "json"],
        env={**outside, **dotenv},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )


def read() -> dict[str, Any]:
    """The file with everything filled in."""
    done = config(FILLED_IN)
    assert done.returncode == 0, done.stderr
    made_out: dict[str, Any] = json.loads(done.stdout)
    return made_out
