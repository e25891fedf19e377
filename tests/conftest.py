"""What every suite needs: the event loop that the product runs on."""

import pytest


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Everything async runs on asyncio."""
    return "asyncio"
