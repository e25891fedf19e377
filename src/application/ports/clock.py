"""What time it is."""

from abc import abstractmethod
from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time, in UTC."""

    @abstractmethod
    def now(self) -> datetime:
        """The current time, with its zone."""
        ...
