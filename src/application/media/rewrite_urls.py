"""The public base has changed: stored URLs follow it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from mediaport.application.ports.object_store import ObjectStore
from mediaport.application.ports.public_urls import PublicUrls
from mediaport.domain.media import MediaId

# Counting reads alone; rewriting locks what it changes, while others may wait.
COUNTED_AT_ONCE = 5000
REWRITTEN_AT_ONCE = 200


class BaseUnknown(Exception):
    """Raised when no stored URL has the base that is to be replaced."""


@dataclass(slots=True)
class Bases:
    """How many media of the bucket have each base, and how many are in other buckets."""

    counts: Counter[str] = field(default_factory=Counter)
    elsewhere: int = 0

    def require(self, base: str) -> None:
        """Let a base pass that there is.

        Raises:
            BaseUnknown: No URL begins with it.
        """
        if base not in self.counts:
            raise BaseUnknown(f"No stored URL begins with {base}/")


@dataclass(frozen=True, slots=True)
class RewriteUrls:
    """Goes over all media by id. Stopped anywhere, it can be begun again: what is right stays.

    Media in other buckets are left as they are: what is served at the base is this bucket.
    """

    public_urls: PublicUrls
    store: ObjectStore

    async def bases(self) -> Bases:
        """The bases that there are."""
        bases, after = Bases(), MediaId(0)
        while True:
            page = await self.public_urls.bases(
                bucket=self.store.bucket, after=after, limit=COUNTED_AT_ONCE
            )
            if page.last is None:
                return bases
            bases.counts.update(page.counts)
            bases.elsewhere += page.elsewhere
            after = page.last

    async def __call__(self, bases: Bases, *, old: str | None, tell: Callable[[int], None]) -> None:
        """Give stored URLs the base that is set; with `old`, only those that have that one.

        Tells, again and again, how many media were rewritten.

        Raises:
            BaseUnknown: There is no such base among `bases`.
        """
        if old is not None:
            bases.require(old)
        after = MediaId(0)
        while True:
            page = await self.public_urls.rewrite(
                bucket=self.store.bucket,
                base=self.store.public_base_url,
                old=old,
                after=after,
                limit=REWRITTEN_AT_ONCE,
            )
            if page.last is None:
                return
            tell(page.media)
            after = page.last
