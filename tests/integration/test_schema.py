"""Whatever is sent, the answer is as the schema says, and never a 5xx."""

import subprocess
import sys
from pathlib import Path

from tests import pictures
from tests.integration.server import Server, User


def test_every_answer_is_as_the_schema_says(server: Server, tmp_path: Path) -> None:
    user = User(server.url, "schemathesis")
    media_id = user.upload(pictures.picture())  # so that some ids lead somewhere
    user.complete(media_id).raise_for_status()
    user.http.post("/posts/", json={"body": "x", "media_id": media_id}).raise_for_status()

    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "schemathesis"),
            "run",
            f"{server.url}/openapi.json",
            f"--header=Authorization: {user.http.headers['authorization']}",
            "--max-examples=20",
            "--continue-on-failure",
            "--suppress-health-check=all",
            # No schema says which names are taken, or which media is whose.
            "--exclude-checks=positive_data_acceptance",
            "--no-color",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )

    user.close()
    assert done.returncode == 0, done.stdout[-5000:]
    assert "Tested: 23" in done.stdout
