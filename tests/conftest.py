"""What every suite needs: the event loop that the product runs on."""

import pytest
from hypothesis import settings

# Other work on the same machine must not fail a property.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Everything async runs on asyncio."""
    return "asyncio"
