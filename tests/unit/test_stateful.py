"""In whatever order things happen: what is shown is kept, and what is public was verified."""

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.stateful.machine import ProductMachine


def test_whatever_happens_in_whatever_order_the_invariants_hold() -> None:
    run_state_machine_as_test(
        ProductMachine,
        settings=settings(
            max_examples=100,
            stateful_step_count=40,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
