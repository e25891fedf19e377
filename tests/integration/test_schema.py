"""Whatever is sent, the answer is as the schema says, and never a 5xx."""

from pathlib import Path

import httpx

from tests.integration.crew import Crew
from tests.integration.server import Server
from tests.soak.schema import ENDLESS, UNLIMITED, cases, check_answers


def test_every_answer_is_as_the_schema_says(server: Server, tmp_path: Path) -> None:
    done = check_answers(server, tmp_path, examples=20)

    assert done.returncode == 0, done.stdout[-5000:]  # rows 32 and 33
    operations = [
        operation
        for path, item in httpx.get(f"{server.url}/openapi.json").json()["paths"].items()
        for operation in item
        if path != ENDLESS
    ]
    assert f"Tested: {len(operations)}" in done.stdout


def test_on_real_parts_it_is_the_same(real: dict[str, str], crew: Crew, tmp_path: Path) -> None:
    api = crew.api(**real, **UNLIMITED)
    crew.worker(**real, **UNLIMITED)

    done = check_answers(api, tmp_path, examples=10)

    assert done.returncode == 0, done.stdout[-5000:]  # rows 32 and 33
    assert cases(done) > 500
