"""Every adapter of media events keeps the contract: hints arrive, or the subscription ends."""

import asyncio
import logging
import threading
from abc import abstractmethod
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from mediaport.adapters.inprocess.media_events import InProcessMediaEvents
from mediaport.adapters.memory.media_events import MemoryMediaEvents
from mediaport.adapters.redis.media_events import MAX_UNTOLD, RedisMediaEvents
from mediaport.application.ports.media_events import MAX_UNSEEN, Changes, MediaEvents
from mediaport.domain.media import MediaId
from mediaport.domain.users import UserId
from tests.servers.process import free_port
from tests.servers.proxy import TcpProxy, Way
from tests.servers.redis import RedisServer

ADA, BOB, CARL = UserId(1), UserId(2), UserId(3)
PATIENCE_S = 20


async def following(changes: Changes, *, count: int) -> list[MediaId]:
    """The next few."""
    async with asyncio.timeout(PATIENCE_S):
        return [await anext(changes) for _ in range(count)]


async def rest(changes: Changes) -> list[MediaId]:
    """All until the end."""
    async with asyncio.timeout(PATIENCE_S):
        return [media_id async for media_id in changes]


async def all_arrived(events: MediaEvents) -> None:
    """Return once all that was told has arrived: what is told last comes last."""
    with events.subscribe(CARL) as changes:
        events.tell(MediaId(10**6), owner_id=CARL)
        await following(changes, count=1)


class MediaEventsContract:
    """The tests. From the subclass come `events`."""

    @pytest.fixture
    @abstractmethod
    def events(self) -> MediaEvents: ...

    async def test_a_subscriber_hears_what_is_told(self, events: MediaEvents) -> None:
        with events.subscribe(ADA) as changes:
            for number in (3, 1, 2):
                events.tell(MediaId(number), owner_id=ADA)

            assert await following(changes, count=3) == [3, 1, 2]

    async def test_one_who_waits_is_woken(self, events: MediaEvents) -> None:
        with events.subscribe(ADA) as changes:
            waiting = asyncio.create_task(following(changes, count=1))
            await asyncio.sleep(0)
            events.tell(MediaId(7), owner_id=ADA)

            assert await waiting == [7]

    async def test_nobody_hears_of_the_media_of_others(self, events: MediaEvents) -> None:
        with events.subscribe(ADA) as of_ada, events.subscribe(BOB) as of_bob:
            events.tell(MediaId(1), owner_id=ADA)
            events.tell(MediaId(2), owner_id=BOB)

            assert await following(of_ada, count=1) == [1]
            assert await following(of_bob, count=1) == [2]
            events.end_subscriptions()
            assert (await rest(of_ada), await rest(of_bob)) == ([], [])

    async def test_all_subscribers_of_a_user_hear_the_same(self, events: MediaEvents) -> None:
        with events.subscribe(ADA) as one, events.subscribe(ADA) as other:
            events.tell(MediaId(7), owner_id=ADA)

            assert await following(one, count=1) == await following(other, count=1) == [7]

    async def test_what_was_not_looked_at_yet_is_named_once(self, events: MediaEvents) -> None:
        with events.subscribe(ADA) as changes:
            for number in (7, 8, 7, 7):
                events.tell(MediaId(number), owner_id=ADA)
            await all_arrived(events)

            assert await following(changes, count=2) == [7, 8]
            events.tell(MediaId(7), owner_id=ADA)
            assert await following(changes, count=1) == [7]

    async def test_waiting_in_vain_loses_nothing(self, events: MediaEvents) -> None:
        with events.subscribe(ADA) as changes:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0):
                    await anext(changes)
            events.tell(MediaId(7), owner_id=ADA)

            assert await following(changes, count=1) == [7]

    async def test_the_end_comes_after_what_was_not_looked_at_yet(
        self, events: MediaEvents
    ) -> None:
        with events.subscribe(ADA) as changes:
            events.tell(MediaId(7), owner_id=ADA)
            await all_arrived(events)
            events.end_subscriptions()

            assert await rest(changes) == [7]

    async def test_one_who_waits_hears_of_the_end(self, events: MediaEvents) -> None:
        with events.subscribe(ADA) as changes:
            waiting = asyncio.create_task(rest(changes))
            await asyncio.sleep(0)
            events.end_subscriptions()

            assert await waiting == []

    async def test_who_subscribes_after_the_end_hears_again(self, events: MediaEvents) -> None:
        events.end_subscriptions()

        with events.subscribe(ADA) as changes:
            events.tell(MediaId(7), owner_id=ADA)

            assert await following(changes, count=1) == [7]

    async def test_who_does_not_look_is_ended_instead_of_filling_the_memory(
        self, events: MediaEvents
    ) -> None:
        with events.subscribe(ADA) as changes:
            for number in range(MAX_UNSEEN + 1):
                events.tell(MediaId(number), owner_id=ADA)
            await all_arrived(events)

            assert await rest(changes) == []

    async def test_nobody_needs_to_listen(self, events: MediaEvents) -> None:
        with events.subscribe(ADA):
            pass
        events.tell(MediaId(7), owner_id=ADA)
        await all_arrived(events)

        with events.subscribe(ADA) as changes:
            events.tell(MediaId(8), owner_id=ADA)

            assert await following(changes, count=1) == [8]


class TestMemoryMediaEvents(MediaEventsContract):
    @pytest.fixture
    def events(self) -> MemoryMediaEvents:
        return MemoryMediaEvents()


class TestInProcessMediaEvents(MediaEventsContract):
    @pytest.fixture
    def events(self) -> InProcessMediaEvents:
        return InProcessMediaEvents()

    async def test_of_those_who_went_nothing_is_kept(self, events: InProcessMediaEvents) -> None:
        with events.subscribe(ADA), events.subscribe(ADA), events.subscribe(BOB):
            assert len(events) == 3

        assert len(events) == 0
        assert vars(events) == vars(InProcessMediaEvents())


def new_name() -> str:
    return f"test_{uuid4().hex}"


def redis_events(url: str, name: str, *, silence_s: float = PATIENCE_S) -> RedisMediaEvents:
    local = InProcessMediaEvents()
    return RedisMediaEvents(url, name=name, local=local, timeout_s=1, silence_s=silence_s)


async def until_listening(events: RedisMediaEvents) -> None:
    """Who has just begun to listen ends what was subscribed before."""
    with events.subscribe(CARL) as changes:
        await rest(changes)


@asynccontextmanager
async def listening(events: RedisMediaEvents) -> AsyncIterator[None]:
    """Listen as an API process does."""
    task = asyncio.create_task(events.listen())
    try:
        await until_listening(events)
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        await events.close()


class TestRedisMediaEvents(MediaEventsContract):
    @pytest.fixture
    def name(self) -> str:
        return new_name()

    @pytest.fixture
    async def events(self, redis_server: RedisServer, name: str) -> AsyncIterator[RedisMediaEvents]:
        events = redis_events(redis_server.url, name)
        async with listening(events):
            yield events

    async def test_one_process_hears_what_another_has_told_last(
        self, redis_server: RedisServer, name: str, events: RedisMediaEvents
    ) -> None:
        worker = redis_events(redis_server.url, name)

        with events.subscribe(ADA) as changes:
            for number in (7, 8, 9):
                worker.tell(MediaId(number), owner_id=ADA)
            await worker.close()

            assert await following(changes, count=3) == [7, 8, 9]

    async def test_two_installations_share_a_redis_and_no_hint(
        self, redis_server: RedisServer, events: RedisMediaEvents
    ) -> None:
        other = redis_events(redis_server.url, new_name())

        with events.subscribe(ADA) as changes:
            other.tell(MediaId(7), owner_id=ADA)
            await other.close()
            events.tell(MediaId(8), owner_id=ADA)

            assert await following(changes, count=1) == [8]

    @pytest.mark.parametrize("strange", [b"", b"hello", b"[7]", b'[["a", "b"]]', b"\xff"])
    async def test_what_others_send_over_the_channel_stops_nothing(
        self,
        redis_server: RedisServer,
        events: RedisMediaEvents,
        strange: bytes,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        with events.subscribe(ADA) as changes:
            async with Redis.from_url(redis_server.url) as redis:
                await redis.publish(events.channel, strange)
            events.tell(MediaId(7), owner_id=ADA)

            assert await following(changes, count=1) == [7]
        assert [record.levelno for record in caplog.records] == [logging.WARNING]


@pytest.fixture
def proxy(redis_server: RedisServer) -> Iterator[TcpProxy]:
    """A way to Redis that can be cut."""
    proxy = TcpProxy(int(redis_server.url.rpartition(":")[2].partition("/")[0]))
    yield proxy
    proxy.close()


class TestRedisMediaEventsWithoutRedis:
    """What happens while Redis is away, and once it is back."""

    @pytest.mark.parametrize("way", [Way.RESET, Way.BLACK_HOLE])
    async def test_subscriptions_end_when_redis_is_back(
        self, proxy: TcpProxy, way: Way, caplog: pytest.LogCaptureFixture
    ) -> None:
        events = redis_events(f"redis://127.0.0.1:{proxy.port}", new_name(), silence_s=0.1)
        async with listening(events):
            with events.subscribe(ADA) as before:
                proxy.turn(way)
                await until_logged(caplog)
                proxy.turn(Way.OPEN)

                assert await rest(before) == []
            with events.subscribe(ADA) as after:
                events.tell(MediaId(7), owner_id=ADA)
                assert await following(after, count=1) == [7]
        assert len(caplog.records) == 1

    async def test_silence_alone_ends_nothing(self, proxy: TcpProxy) -> None:
        # Long enough for a busy Redis to answer, short enough for two silences.
        events = redis_events(f"redis://127.0.0.1:{proxy.port}", new_name(), silence_s=1)
        async with listening(events):
            with events.subscribe(ADA) as changes:
                for _ in range(2):
                    asked = threading.Event()
                    proxy.before(rb"PING", asked.set)
                    assert await asyncio.to_thread(asked.wait, PATIENCE_S)
                events.tell(MediaId(7), owner_id=ADA)

                assert await following(changes, count=1) == [7]

    async def test_this_process_hears_its_own_all_the_same(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        events = redis_events(f"redis://127.0.0.1:{free_port()}", new_name())

        with events.subscribe(ADA) as changes:
            for number in (7, 8):
                events.tell(MediaId(number), owner_id=ADA)
                assert await following(changes, count=1) == [number]

        assert [record.levelno for record in caplog.records] == [logging.WARNING]
        await events.close()

    async def test_what_is_told_to_a_redis_that_hangs_does_not_pile_up(
        self, proxy: TcpProxy
    ) -> None:
        proxy.turn(Way.BLACK_HOLE)
        events = redis_events(f"redis://127.0.0.1:{proxy.port}", new_name())

        for number in range(2 * MAX_UNTOLD):
            events.tell(MediaId(number), owner_id=ADA)

        assert len(events._untold) == MAX_UNTOLD
        async with asyncio.timeout(PATIENCE_S):
            await events.close()


async def until_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Return once something was said."""
    async with asyncio.timeout(PATIENCE_S):
        while not caplog.records:
            await asyncio.sleep(0.01)
