"""Hosts whose clocks differ by five minutes, over one database."""

import re
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests import pictures
from tests.integration.crew import Crew
from tests.servers.postgresql import asked

# Python runs a module of this name when it starts.
SHIFT = """
import datetime, time
SHIFT_S = {shift_s}
class Shifted(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return super().now(tz) + datetime.timedelta(seconds=SHIFT_S)
    @classmethod
    def utcnow(cls):
        return super().utcnow() + datetime.timedelta(seconds=SHIFT_S)
datetime.datetime = Shifted
told = time.time
time.time = lambda: told() + SHIFT_S
"""


@pytest.mark.parametrize("shift_s", [300, -300])
def test_a_worker_whose_clock_is_wrong_expires_nothing_and_makes_thumbnails(
    real: dict[str, str], crew: Crew, tmp_path: Path, shift_s: int
) -> None:
    (tmp_path / "sitecustomize.py").write_text(SHIFT.format(shift_s=shift_s))
    short = {**real, "MEDIA_PENDING_TTL_S": "100", "MEDIA_UPLOAD_URL_TTL_S": "100"}
    api = crew.api(**short)
    user = crew.user(api)
    media_id = user.upload(pictures.picture())
    # Due for a minute, or for four more by the worker's clock, or in four: then it would not go.
    asked(
        real["DATABASE_URL"],
        "INSERT INTO object_deletions (object_key, due_at)"
        " VALUES ('x', now() - interval '60 s') RETURNING id",
    )
    worker = crew.worker(**short, PYTHONPATH=str(tmp_path))
    deadline = time.monotonic() + 60
    while "Swept: 0 uploads expired" not in worker.log:
        assert time.monotonic() < deadline, "the worker does not sweep"
        time.sleep(0.1)
    (line,) = re.findall(r'"timestamp":"([^"]+)".*Swept: 0 uploads expired', worker.log)
    shifted_s = (datetime.fromisoformat(line) - datetime.now(UTC)).total_seconds()
    assert abs(shifted_s - shift_s) < 60, "its clock is not wrong"

    assert user.complete(media_id).status_code == 200  # row 52
    assert user.settled(media_id)["thumbnails_status"] == "ready"
    assert worker.stop() == 0
