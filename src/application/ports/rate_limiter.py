"""How often someone may ask."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """At most `limit` times in each window of `window_s` seconds.

    Attributes:
        name: What is counted, as a slug; each rate counts by itself.
    """

    name: str
    limit: int
    window_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """The rates that are set; None for those that are off."""

    per_address: Rate | None
    per_user: Rate | None
    login_per_address: Rate | None
    login_per_name: Rate | None
    register_per_address: Rate | None


class RateLimiter(Protocol):
    """Counts, for all processes together, who asked how often.

    It never fails for being down: where the counts of others cannot be had, its own have to do.
    """

    @abstractmethod
    async def hit(self, rate: Rate, key: str) -> None:
        """Count one more time for `key`; exact, however many ask at once.

        Raises:
            RateExceeded: It was once too often.
        """
        ...
