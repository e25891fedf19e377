"""Hints that tests can read."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from mediaport.application.ports.media_events import MAX_UNSEEN, Changes, MediaEvents
from mediaport.domain.media import MediaId
from mediaport.domain.users import UserId


class MemoryMediaEvents(MediaEvents):
    """Remembers all that was told.

    Attributes:
        told: Media and their owners, in order.
        subscriptions: Those that are there.
    """

    def __init__(self) -> None:
        self.told: list[tuple[MediaId, UserId]] = []
        self.subscriptions: list[Subscription] = []

    def tell(self, media_id: MediaId, *, owner_id: UserId) -> None:
        """Remember it, and pass it on."""
        self.told.append((media_id, owner_id))
        for each in self.subscriptions:
            if each.owner_id == owner_id and media_id not in each.unseen:
                each.unseen.append(media_id)
                if len(each.unseen) > MAX_UNSEEN:
                    each.unseen.clear()
                    each.is_over = True
                each.news.set()

    @contextmanager
    def subscribe(self, owner_id: UserId) -> Iterator[Changes]:
        """Listen until the block ends."""
        subscription = Subscription(owner_id)
        self.subscriptions.append(subscription)
        try:
            yield subscription
        finally:
            self.subscriptions.remove(subscription)

    def end_subscriptions(self) -> None:
        """End all of them."""
        for each in self.subscriptions:
            each.is_over = True
            each.news.set()


class Subscription(Changes):
    """What one subscriber has not looked at yet."""

    def __init__(self, owner_id: UserId) -> None:
        self.owner_id = owner_id
        self.unseen: list[MediaId] = []
        self.is_over = False
        self.news = asyncio.Event()

    async def __anext__(self) -> MediaId:
        while not self.unseen and not self.is_over:
            self.news.clear()
            await self.news.wait()
        if not self.unseen:
            raise StopAsyncIteration
        return self.unseen.pop(0)
