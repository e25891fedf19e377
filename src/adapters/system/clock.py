"""The host's clock."""

from datetime import UTC, datetime

from mediaport.application.ports.clock import Clock


class SystemClock(Clock):
    """Tells the host's time."""

    def now(self) -> datetime:
        """The current time, in UTC."""
        return datetime.now(UTC)
