"""Killed after each step of what must survive that: the short form of tests/soak/fail_points.py."""

import pytest

from mediaport.entrypoints.fail_points import POINTS
from tests.integration.crew import Crew
from tests.integration.server import run
from tests.soak.fail_points import OF_SERVERS, Embedded, Real, Report, kill_at


def points_of(*use_cases: str) -> list[str]:
    return [point for point in POINTS if point.startswith(use_cases)]


# Each is a good dozen of processes: in parts, others can take some.
@pytest.mark.parametrize(
    "points",
    [points_of("presign", "complete"), points_of("worker"), points_of("sweep")],
    ids=["complete", "worker", "sweep"],
)
@pytest.mark.timeout(600)
def test_killed_after_any_step_the_embedded_product_loses_nothing(
    points: list[str], crew: Crew
) -> None:
    report = Report()

    kill_at(Embedded(crew), points, report)

    assert report.wrong == []  # rows 44, 50 and 54
    assert report.kills == dict.fromkeys(points, 1)
    assert report.acknowledged


def test_every_step_is_among_them() -> None:
    assert points_of("presign", "complete", "worker", "sweep") == [*OF_SERVERS]


@pytest.mark.timeout(600)
def test_a_sweep_killed_after_any_step_loses_nothing_on_real_parts(
    real: dict[str, str], crew: Crew
) -> None:
    report = Report()

    kill_at(Real(crew, real), points_of("sweep"), report)

    assert report.wrong == []  # row 54
    assert report.kills == dict.fromkeys(points_of("sweep"), 1)


def test_a_point_that_is_none_stops_the_start_with_one_line(crew: Crew) -> None:
    done = run("serve", cwd=crew.folder, FAIL_POINT="complete.store.burn")

    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("mediaport: FAIL_POINT: 'complete.store.burn' is no step")
    assert "complete.store.publish" in line
