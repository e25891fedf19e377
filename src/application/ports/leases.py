"""Who may do what only one process shall do at a time."""

from abc import abstractmethod
from datetime import datetime
from typing import Protocol


class Leases(Protocol):
    """Named rights that one process has at a time, until it gives them back or they run out.

    Every method raises `PartUnavailable` when the database does not answer.
    """

    @abstractmethod
    async def claim(
        self, name: str, *, now: datetime, until: datetime, held_until: datetime | None = None
    ) -> bool:
        """Have the right alone until `until`; False if another process has it.

        Who has it until `held_until` has it longer so. One that lasts more than twice as long as
        this one would was made by a wrong clock, and counts for nothing.
        """
        ...

    @abstractmethod
    async def release(self, name: str, *, held_until: datetime) -> None:
        """Give the right back, if it is still the one that lasts until then."""
        ...
