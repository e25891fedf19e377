"""Whatever happens, in whatever order: nothing that is shown is lost, nothing unverified is public."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from mediaport.application.media import complete_upload
from tests.stateful.machine import ProductMachine


def test_whatever_happens_in_whatever_order_the_invariants_hold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(complete_upload, "WAIT_STEPS_S", (1e-6,) * 30)
    run_state_machine_as_test(
        ProductMachine,
        settings=settings(
            max_examples=100,
            stateful_step_count=40,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
