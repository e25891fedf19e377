"""A clock that stands still until it is moved."""

from datetime import UTC, datetime, timedelta

from mediaport.application.ports.clock import Clock


class MemoryClock(Clock):
    """Starts at noon of 2026-01-01, UTC."""

    def __init__(self) -> None:
        self._now = datetime(2026, 1, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        """The time that was set."""
        return self._now

    def advance(self, *, seconds: float) -> None:
        """Let time pass."""
        self._now += timedelta(seconds=seconds)
