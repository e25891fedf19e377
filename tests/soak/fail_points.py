"""Processes that kill themselves after each step of what they do: nothing is lost.

    python -m tests.soak.fail_points --runs 500
    python -m tests.soak.fail_points --runs 100 --real

Each run starts a process that kills itself at one point, gives it work until it has, and looks at
what is there then: acknowledged media are ready, ready media have their objects, what is shown is
there. In the end everything must settle. Prints what it measured.
"""

import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path

import click
import httpx

from mediaport.entrypoints.fail_points import POINTS
from tests import pictures
from tests.integration.crew import Crew, RealProduct
from tests.integration.server import MediaportProcess
from tests.servers.postgresql import rows_of
from tests.soak.parts import started_parts
from tests.whole import Product, differences, unsettled

# A deletion is a command's, which is killed in tests/integration/test_moving_house.py.
OF_SERVERS = tuple(point for point in POINTS if not point.startswith("delete"))
PATIENCE_S = 60
CLEAN = pictures.picture(image=pictures.corners(700, 500))
AT_HOME = pictures.picture(located=True)
LARGE = [pictures.large(), pictures.large(located=True)]
NO_PICTURE = b"no picture" * 100
# Runs are short, so that what expires must do so soon; the sweep comes at once.
SETTINGS = {"MEDIA_SWEEP_INTERVAL_S": "1", "MEDIA_MAX_PENDING": "100000"}
PAST = "'2026-01-01 00:00:00'"
DELETIONS_DUE = f"UPDATE object_deletions SET due_at = {PAST}"


@dataclass
class Report:
    """What was seen.

    Attributes:
        kills: How often a process was killed, by point.
        acknowledged: Media whose completion was answered by 200, not deleted since.
        wrong: What is not as it must be; empty if all is well.
    """

    kills: Counter[str] = field(default_factory=Counter)
    acknowledged: set[int] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)


class Embedded:
    """One process that does everything, on SQLite and a folder."""

    def __init__(self, crew: Crew) -> None:
        self.server = self.failing = crew.api(**SETTINGS)
        self.product: Product = self.server
        self.user = crew.user(self.server)

    def write(self, statement: str) -> None:
        """Change the database behind everyone's back."""
        self.server.rows(statement)

    def halt(self, _: str) -> None:
        """Stop whoever would do, whole, the work of one that is to fail at the point."""
        self.server.kill()

    def mended(self) -> None:
        """Start everything that is not running, whole."""
        if not self.server.is_running:
            self.server.start()


class Real:
    """An API and a worker on PostgreSQL, Redis and a bucket. Whose point it is kills itself."""

    def __init__(self, crew: Crew, settings: dict[str, str]) -> None:
        settings = {**settings, **SETTINGS}
        self._url = settings["DATABASE_URL"]
        self._api = crew.api(**settings)
        self._worker = crew.worker(**settings)
        self.failing: MediaportProcess = self._api
        self.product: Product = RealProduct(settings)
        self.user = crew.user(self._api)

    def write(self, statement: str) -> None:
        """Change the database behind everyone's back."""
        rows_of(self._url, statement)

    def halt(self, point: str) -> None:
        """Stop whoever would do, whole, the work of one that is to fail at the point."""
        self.failing = self._worker if point.startswith(("worker", "sweep")) else self._api
        self._worker.kill()
        self.failing.kill()

    def mended(self) -> None:
        """Start everything that is not running, whole."""
        for process in (self._api, self._worker):
            if not process.is_running:
                process.start()


@contextmanager
def _armed(process: MediaportProcess, point: str) -> Iterator[None]:
    """Have it kill itself at the point, and at the end at the latest."""
    process.settings["FAIL_POINT"] = point
    with suppress(RuntimeError):  # it may be gone before it says that it is there
        process.start()
    try:
        yield
    finally:
        process.kill()
        del process.settings["FAIL_POINT"]


def kill_at(stage: Embedded | Real, points: Sequence[str], report: Report) -> None:
    """Kill at each of the points, one after the other, then let everything settle."""
    for point in points:
        due = _prepared(stage, report) if point.startswith("sweep") else []
        stage.halt(point)
        for statement in due:
            stage.write(statement)
        with _armed(stage.failing, point):
            working = threading.Thread(target=_work, args=[stage, report], daemon=True)
            working.start()
            deadline = time.monotonic() + PATIENCE_S
            while stage.failing.is_running and time.monotonic() < deadline:
                time.sleep(0.01)
            is_killed = stage.failing.was_killed
        working.join(PATIENCE_S)
        report.kills[point] += is_killed
        if not is_killed:
            report.wrong.append(f"{point} was not reached, or the process ended otherwise")
        report.wrong += [
            f"after {point}: {line}"
            for line in differences(stage.product, acknowledged=report.acknowledged)
        ]
        _let_claims_run_out(stage)
    _settle(stage, report)


def _prepared(stage: Embedded | Real, report: Report) -> list[str]:
    """What gives a sweep something to do of each kind; some pictures are shown and must stay."""
    stage.mended()
    user = stage.user
    shown, owed, unattached, pending = (user.upload(CLEAN) for _ in range(4))
    for media_id in (shown, owed, unattached):
        user.complete(media_id).raise_for_status()
        user.settled(media_id)
    for media_id in (shown, owed):
        user.http.post("/posts/", json={"body": "", "media_id": media_id}).raise_for_status()
        report.acknowledged.add(media_id)
    return [
        f"DELETE FROM media_variants WHERE media_id = {owed}",
        f"UPDATE media SET thumbnails_status = 'pending', placeholder = NULL WHERE id = {owed}",
        f"UPDATE media SET expires_at = {PAST} WHERE id = {pending}",
        f"UPDATE media SET unattached_since = {PAST} WHERE id = {unattached}",
        DELETIONS_DUE,
    ]


def _work(stage: Embedded | Real, report: Report) -> None:
    """Upload, complete and post until the process is gone."""
    user = stage.user
    with suppress(httpx.TransportError, httpx.HTTPStatusError, KeyError):
        for body in cycle((CLEAN, AT_HOME, NO_PICTURE, *LARGE)):
            if not stage.failing.is_running:
                return
            media_id = user.upload(body)
            answer = user.complete(media_id)
            if answer.status_code == httpx.codes.OK:
                report.acknowledged.add(media_id)
                posted = {"body": "", "media_id": media_id}
                user.http.post("/posts/", json=posted).raise_for_status()
            time.sleep(0.05)


def _let_claims_run_out(stage: Embedded | Real) -> None:
    """Let the time pass for which killed processes hold what they had, and forgive their starts."""
    stage.write(
        "UPDATE media SET completion_claimed_until = NULL, thumbnails_claimed_until = NULL,"
        " thumbnails_starts = 0"
    )
    stage.write("UPDATE object_deletions SET claimed_until = NULL")
    stage.write("DELETE FROM leases")


def _settle(stage: Embedded | Real, report: Report) -> None:
    """Everything that is owed is made, and everything that is due is done."""
    stage.mended()
    deadline = time.monotonic() + PATIENCE_S
    undone = "SELECT id FROM object_deletions"
    while unsettled(stage.product) or stage.product.rows(undone):
        if time.monotonic() > deadline:
            report.wrong.append(f"still owe their thumbnails: {sorted(unsettled(stage.product))}")
            report.wrong.append(f"still to be removed: {len(stage.product.rows(undone))} objects")
            break
        # Again and again: what falls due by now may bring more that is due later.
        stage.write(DELETIONS_DUE)
        time.sleep(0.2)
    failed = "SELECT id FROM media WHERE thumbnails_status = 'failed'"
    if broken := [number for (number,) in stage.product.rows(failed)]:
        report.wrong.append(f"good pictures without thumbnails: media {broken}")
    report.wrong += differences(stage.product, acknowledged=report.acknowledged)
    for media_id in sorted(report.acknowledged)[:: max(1, len(report.acknowledged) // 20)]:
        media = stage.user.http.get(f"/media/{media_id}").json()
        for name in ("media_url", "thumb_128_url", "thumb_512_url", "thumb_1024_url"):
            if not httpx.get(media[name]).is_success:
                report.wrong.append(f"media {media_id}: {name} does not answer")


@click.command()
@click.option("--runs", default=500, show_default=True)
@click.option("--real", is_flag=True, help="On PostgreSQL, Redis and an S3 store.")
def main(*, runs: int, real: bool) -> None:
    """Run it, print what was measured, and fail if anything was lost."""
    report, started = Report(), time.monotonic()
    points = list(islice(cycle(OF_SERVERS), runs))
    if real:
        with started_parts() as (crew, settings):
            kill_at(Real(crew, settings), points, report)
    else:
        crew = Crew(Path(tempfile.mkdtemp(prefix="mediaport-soak-")))
        try:
            kill_at(Embedded(crew), points, report)
        finally:
            crew.end()
    for point, kills in report.kills.items():
        click.echo(f"{kills:6} {point}")
    click.echo(
        f"{report.kills.total()} kills at {len(report.kills)} points in "
        f"{time.monotonic() - started:.0f} s, {len(report.acknowledged)} media acknowledged"
    )
    for line in report.wrong:
        click.echo(f"WRONG: {line}")
    sys.exit(1 if report.wrong else 0)


if __name__ == "__main__":
    main()
