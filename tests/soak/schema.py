"""Random requests to every operation of the API, on real parts, by someone who is logged in.

    python -m tests.soak.schema --examples 500

Starts PostgreSQL, Redis and an S3 store of its own. No answer may be a 5xx, or other than the API's
own schema says. Prints how many requests were made.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from tests import pictures
from tests.integration.server import Server, User
from tests.soak.parts import started_parts

ENDLESS = "/media/events"
# A limit would answer most of them.
UNLIMITED = {
    "MEDIA_MAX_PENDING": "1000000",
    "RATE_PER_USER": "off",
    "RATE_PER_ADDRESS": "off",
    "RATE_LOGIN_PER_NAME": "off",
    "RATE_LOGIN_PER_ADDRESS": "off",
    "RATE_REGISTER_PER_ADDRESS": "off",
}


def check_answers(
    server: Server, folder: Path, *, examples: int
) -> subprocess.CompletedProcess[str]:
    """Run schemathesis with some `examples` for each operation and each of its phases."""
    user = User(server.url, "schemathesis")
    media_id = user.upload(pictures.picture())  # so that some ids lead somewhere
    user.complete(media_id).raise_for_status()
    user.http.post("/posts/", json={"body": "x", "media_id": media_id}).raise_for_status()
    user.upload(pictures.picture())
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "schemathesis"),
            "run",
            f"{server.url}/openapi.json",
            f"--header=Authorization: {user.http.headers['authorization']}",
            f"--max-examples={examples}",
            "--continue-on-failure",
            "--suppress-health-check=all",
            # Its answer lasts for ten minutes: tests/integration/test_events.py.
            f"--exclude-path={ENDLESS}",
            # No schema says which names are taken, or which media is whose.
            "--exclude-checks=positive_data_acceptance",
            "--no-color",
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    user.close()
    return done


def cases(done: subprocess.CompletedProcess[str]) -> int:
    """How many requests were made."""
    found = re.search(r"(\d+) generated", done.stdout)
    return int(found[1]) if found else 0


@click.command()
@click.option("--examples", default=400, show_default=True)
def main(examples: int) -> None:
    """Run it, print what was found, and fail if any answer was wrong."""
    with started_parts() as (crew, settings), tempfile.TemporaryDirectory() as folder:
        api = crew.api(**settings, **UNLIMITED)
        crew.worker(**settings, **UNLIMITED)
        done = check_answers(api, Path(folder), examples=examples)
    if done.returncode:
        click.echo(done.stdout)
    click.echo(f"{cases(done)} requests: {'WRONG' if done.returncode else 'as the schema says'}")
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
