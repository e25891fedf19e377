"""Hints from one part of this process to another."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from mediaport.application.ports.media_events import MAX_UNSEEN, Changes, MediaEvents
from mediaport.domain.media import MediaId
from mediaport.domain.users import UserId


class InProcessMediaEvents(MediaEvents):
    """Keeps the subscriptions of each user, and nothing of those who have none."""

    def __init__(self) -> None:
        self._subscriptions: dict[UserId, set[_Subscription]] = {}

    def tell(self, media_id: MediaId, *, owner_id: UserId) -> None:
        """Hand the id to each subscription of that user."""
        for subscription in self._subscriptions.get(owner_id, ()):
            subscription.add(media_id)

    @contextmanager
    def subscribe(self, owner_id: UserId) -> Iterator[Changes]:
        """Keep a subscription as long as the block runs."""
        subscription = _Subscription()
        theirs = self._subscriptions.setdefault(owner_id, set())
        theirs.add(subscription)
        try:
            yield subscription
        finally:
            theirs.remove(subscription)
            if not theirs:
                del self._subscriptions[owner_id]

    def end_subscriptions(self) -> None:
        """End all of them."""
        for theirs in self._subscriptions.values():
            for subscription in theirs:
                subscription.end()

    def __len__(self) -> int:
        """How many subscriptions there are."""
        return sum(len(theirs) for theirs in self._subscriptions.values())


class _Subscription(Changes):
    """Ids that wait to be looked at, each of them once."""

    def __init__(self) -> None:
        self._unseen: dict[MediaId, None] = {}
        self._is_over = False
        self._has_news = asyncio.Event()

    def add(self, media_id: MediaId) -> None:
        self._unseen[media_id] = None
        if len(self._unseen) > MAX_UNSEEN:
            self._unseen.clear()
            self.end()
        self._has_news.set()

    def end(self) -> None:
        self._is_over = True
        self._has_news.set()

    async def __anext__(self) -> MediaId:
        while not self._unseen and not self._is_over:
            self._has_news.clear()
            await self._has_news.wait()
        if not self._unseen:
            raise StopAsyncIteration
        media_id = next(iter(self._unseen))  # the oldest
        del self._unseen[media_id]
        return media_id
