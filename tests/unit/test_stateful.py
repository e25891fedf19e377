"""In whatever order things happen: what is shown is kept, and what is public was verified."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.stateful.machine import ProductMachine


# Each of a name has games of its own; in four parts, others can take some.
@pytest.mark.parametrize("name", ["first", "second", "third", "fourth"])
@pytest.mark.timeout(900)  # What is found is made as small as can be, for up to five minutes.
def test_whatever_happens_in_whatever_order_the_invariants_hold(name: str) -> None:
    run_state_machine_as_test(
        type(name, (ProductMachine,), {}),
        settings=settings(
            max_examples=75,
            stateful_step_count=40,
            # The same games each time: a gate must say the same of the same code. New ones are
            # played by tests/soak/stateful.py.
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
