"""How many requests are taken in a time."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Protocol

from mediaport.domain.errors import RateExceeded


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """At most `limit` in each window of `window_s` seconds, which begins with the first of them.

    Attributes:
        name: What is counted, as a slug that reads as words: `logins_per_name`.
    """

    name: str
    limit: int
    window_s: int

    def exceeded(self, *, retry_after_s: int) -> RateExceeded:
        """What is raised where the window holds as many as it may."""
        return RateExceeded(
            self.name, limit=self.limit, window_s=self.window_s, retry_after_s=retry_after_s
        )


class RateLimiter(Protocol):
    """Counts exactly, also where many ask at once. It is never down: it must not stop the API."""

    @abstractmethod
    async def hit(self, rate: Rate, key: str) -> None:
        """Count one more for `key`. Rates of other names, and other keys, are counted apart.

        Raises:
            RateExceeded: The window holds as many as it may.
        """
        ...
