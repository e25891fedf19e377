"""Hints from any process to any other, over one channel in Redis."""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import AbstractContextManager

import msgspec
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff, NoBackoff
from redis.exceptions import RedisError

from mediaport.application.ports.media_events import Changes, MediaEvents
from mediaport.domain.media import MediaId
from mediaport.domain.users import UserId

log = logging.getLogger(__name__)

# Media that wait to be told, while Redis does not answer.
MAX_UNTOLD = 1000
# A Redis that is silent for so long is asked whether it is there; for twice as long, it is not.
SILENCE_S = 5.0
BACKOFF = ExponentialWithJitterBackoff(base=0.2, cap=5)
MAX_TRIES = 5  # from then on pauses grow no longer

# As they travel: media and their owners.
Hints = list[tuple[int, int]]


class RedisMediaEvents(MediaEvents):
    """Publishes what it is told, and passes on to `local` what any process has published.

    A worker only publishes; an API process listens, too, by one connection for all its clients. A
    channel in Redis knows no database numbers: where two installations share a name, a hint finds
    no media of that user, and does no harm.

    Raises:
        ValueError: The URL is none.
        TypeError: It has a parameter that redis-py does not know.
    """

    def __init__(
        self,
        redis_url: str,
        *,
        name: str,
        local: MediaEvents,
        timeout_s: float,
        silence_s: float = SILENCE_S,
    ) -> None:
        self._redis: Redis = Redis.from_url(
            redis_url,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            retry=Retry(NoBackoff(), 1),  # once, for a connection that a restart has cut
        )
        # One that is thrown away: parameters that do not fit show now, not at the first request.
        self._redis.connection_pool.make_connection()  # type: ignore[no-untyped-call]  # redis-py types it not
        self.channel = f"{name}:media_events"
        self._local = local
        self._timeout_s, self._silence_s = timeout_s, silence_s
        self._untold: dict[MediaId, UserId] = {}
        self._telling: asyncio.Task[None] | None = None
        self._tries, self._is_lost = 0, False

    def tell(self, media_id: MediaId, *, owner_id: UserId) -> None:
        """Have it published at once, or with all else that is told while Redis is slow."""
        if len(self._untold) < MAX_UNTOLD:
            self._untold[media_id] = owner_id
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._publish())

    def subscribe(self, owner_id: UserId) -> AbstractContextManager[Changes]:
        """Hear what `listen` passes on."""
        return self._local.subscribe(owner_id)

    def end_subscriptions(self) -> None:
        """End those of this process."""
        self._local.end_subscriptions()

    async def listen(self) -> None:
        """Pass on what is published, until cancelled. While Redis is away, try again and again."""
        while True:
            try:
                async with self._redis.pubsub() as channel:
                    await self._pass_on(channel)
            except (RedisError, OSError) as error:  # a TimeoutError is an OSError, too
                self._lose(error)
            await asyncio.sleep(BACKOFF.compute(self._tries))
            self._tries = min(self._tries + 1, MAX_TRIES)

    async def close(self) -> None:
        """Close every connection, after what was told last."""
        if self._telling:
            await self._telling
        await self._redis.aclose()
        await self._redis.connection_pool.disconnect()

    async def _publish(self) -> None:
        while self._untold:
            told, self._untold = self._untold, {}
            try:
                async with asyncio.timeout(self._timeout_s):
                    await self._redis.publish(self.channel, msgspec.json.encode([*told.items()]))
            except (RedisError, OSError) as error:
                self._lose(error)
                self._tell_locally(told.items())  # others do not hear of it
            else:
                self._is_lost = False

    async def _pass_on(self, channel: PubSub) -> None:
        """Return never: Redis goes away some day, or falls silent."""
        await channel.subscribe(self.channel)
        is_asked = False
        while True:
            message = await channel.get_message(timeout=self._silence_s)
            if message is None:
                if is_asked:
                    raise TimeoutError(f"no answer in {self._silence_s} s")
                await channel.ping()
            elif message["type"] == "subscribe":
                # Nobody knows what was told before.
                self._local.end_subscriptions()
                self._tries, self._is_lost = 0, False
            elif message["type"] == "message":
                self._receive(message["data"])
            is_asked = message is None

    def _receive(self, data: bytes) -> None:
        try:
            self._tell_locally(msgspec.json.decode(data, type=Hints))
        except msgspec.MsgspecError:
            log.warning("What came over %s is none of our hints", self.channel)

    def _tell_locally(self, hints: Iterable[tuple[int, int]]) -> None:
        for media_id, owner_id in hints:
            self._local.tell(MediaId(media_id), owner_id=UserId(owner_id))

    def _lose(self, error: Exception) -> None:
        if not self._is_lost:
            cause = str(error) or f"no answer in {self._timeout_s} s"
            log.warning("Redis passes on no events, browsers see changes later: %s", cause)
        self._is_lost = True
