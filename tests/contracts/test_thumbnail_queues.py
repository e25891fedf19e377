"""Every thumbnail queue keeps the contract: what is asked for is made."""

import asyncio
import socket
from abc import abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress

import pytest
from structlog.contextvars import bound_contextvars, get_contextvars

from mediaport.adapters.inprocess.thumbnail_queue import InProcessThumbnailQueue
from mediaport.adapters.memory.images import picture
from mediaport.adapters.memory.thumbnail_queue import MemoryThumbnailQueue
from mediaport.adapters.saq.thumbnail_queue import SaqThumbnailQueue
from mediaport.adapters.saq.worker import HOST, SaqWorker
from mediaport.application.ports.images import ThumbnailSet
from mediaport.application.ports.thumbnail_queue import Backlog, ThumbnailQueue
from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.domain.media import Media, MediaId
from tests.servers.process import free_port
from tests.servers.redis import RedisServer
from tests.world import World

Settle = Callable[[], Awaitable[None]]


def record_who_asks(world: World) -> list[tuple[object, object]]:
    """The job that has given the turn, and its request, whenever an image is decoded."""
    asked: list[tuple[object, object]] = []
    decode = world.images.make_thumbnails

    async def record(original: bytes, *, sizes: Sequence[int]) -> ThumbnailSet:
        known = get_contextvars()
        asked.append((known.get("asked_for"), known.get("asked_by")))
        return await decode(original, sizes=sizes)

    world.images.make_thumbnails = record  # type: ignore[method-assign]
    return asked


class ThumbnailQueueContract:
    """The tests. From the subclass come `queue` and `settle`, which waits for all work."""

    @pytest.fixture
    def world(self) -> World:
        return World()

    @pytest.fixture
    @abstractmethod
    def queue(self, world: World) -> ThumbnailQueue: ...

    @pytest.fixture
    @abstractmethod
    def settle(self, world: World, queue: ThumbnailQueue) -> Settle: ...

    async def owing(self, world: World, body: bytes | None = None) -> Media:
        return await world.ready(await world.user(f"user{len(world.tables.users)}"), body=body)

    def decode_for_ever(self, world: World) -> asyncio.Event:
        """Let no image come to an end; the event says that one has begun."""
        started = asyncio.Event()

        async def decode(*_: object, **__: object) -> None:
            started.set()
            await asyncio.sleep(3600)

        world.images.make_thumbnails = decode  # type: ignore[method-assign, assignment]
        return started

    async def assert_given_back(self, world: World, media: Media) -> None:
        """It is owed, claimed by nobody, and its start does not count."""
        owed = await world.media.owed_thumbnails(now=world.clock.now(), limit=9)
        assert owed == [media.id]  # row 51
        assert world.tables.thumbnail_starts[media.id] == 0

    async def test_what_is_asked_for_is_made(
        self, world: World, queue: ThumbnailQueue, settle: Settle
    ) -> None:
        media = [await self.owing(world) for _ in range(5)]

        for item in media:
            await queue.enqueue(item.id)
        await settle()

        assert all(len(world.tables.media[item.id].variants) == 3 for item in media)

    async def test_asking_often_is_no_harm(
        self, world: World, queue: ThumbnailQueue, settle: Settle
    ) -> None:
        media = await self.owing(world)

        await asyncio.gather(*(queue.enqueue(media.id) for _ in range(20)))
        await settle()

        assert world.tables.thumbnail_starts[media.id] == 1  # row 46

    async def test_a_queue_without_work_has_no_backlog(
        self, world: World, queue: ThumbnailQueue, settle: Settle
    ) -> None:
        media = await self.owing(world)
        await queue.enqueue(media.id)
        await settle()

        assert await queue.backlog() == Backlog(queued=0, active=0, age_s=0)

    async def test_one_upload_does_not_wait_behind_many_of_another_user(
        self, world: World, queue: ThumbnailQueue, settle: Settle
    ) -> None:
        many, one = await world.user("many"), await world.user("one")
        bodies = [picture(width=1000 + number) for number in range(30)]
        media = [await world.ready(many, body=body) for body in bodies]
        media.append(await world.ready(one, body=picture(width=1)))
        begun = world.record_decodes()

        for item in media:
            await queue.enqueue(item.id)
        await settle()

        assert len(begun) == 31
        assert picture(width=1) in begun[:2]

    async def test_one_bad_image_holds_up_no_other(
        self, world: World, queue: ThumbnailQueue, settle: Settle
    ) -> None:
        bad = await self.owing(world, picture(broken=True))
        good = await self.owing(world)

        for item in (bad, good):
            await queue.enqueue(item.id)
        await settle()

        assert world.tables.media[bad.id].thumbnails_error == "truncated"
        assert world.tables.media[good.id].variants


class TestMemoryThumbnailQueue(ThumbnailQueueContract):
    @pytest.fixture
    def queue(self, world: World) -> MemoryThumbnailQueue:
        return world.queue

    @pytest.fixture
    def settle(self, world: World, queue: ThumbnailQueue) -> Settle:
        return world.work

    async def test_what_waits_is_its_backlog(
        self, world: World, queue: MemoryThumbnailQueue
    ) -> None:
        await queue.enqueue((await self.owing(world)).id)

        assert await queue.backlog() == Backlog(queued=1, active=0, age_s=0)


class TestInProcessThumbnailQueue(ThumbnailQueueContract):
    @pytest.fixture
    async def queue(self, world: World) -> AsyncIterator[InProcessThumbnailQueue]:
        queue = InProcessThumbnailQueue(world.use.make_next_thumbnails(), concurrency=2)
        running = asyncio.create_task(queue.run())
        yield queue
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    @pytest.fixture
    async def settle(self, world: World, queue: InProcessThumbnailQueue) -> Settle:
        async def wait() -> None:
            async with asyncio.timeout(5):
                await queue.until_idle()

        return wait

    async def test_what_waits_and_what_is_in_hand_is_its_backlog(
        self, world: World, queue: InProcessThumbnailQueue
    ) -> None:
        self.decode_for_ever(world)
        for _ in range(5):
            await queue.enqueue((await self.owing(world)).id)

        async with asyncio.timeout(5):
            while (found := await queue.backlog()).active < 2:
                await asyncio.sleep(0)

        assert (found.queued, found.active) == (3, 2)
        assert 0 < found.age_s < 60

    async def test_a_turn_knows_the_request_that_asked_for_it(
        self, world: World, queue: InProcessThumbnailQueue, settle: Settle
    ) -> None:
        media, asked = await self.owing(world), record_who_asks(world)

        with bound_contextvars(request_id="r-1"):
            await queue.enqueue(media.id)
        await settle()

        assert asked == [(media.id, "r-1")]

    async def test_a_store_that_is_down_leaves_the_work_owed(
        self, world: World, queue: InProcessThumbnailQueue, settle: Settle
    ) -> None:
        media = await self.owing(world)
        world.store.is_down = True
        await queue.enqueue(media.id)
        await settle()
        assert world.tables.media[media.id].owes_thumbnails
        world.store.is_down = False
        world.clock.advance(seconds=1)

        await queue.enqueue(media.id)
        await settle()

        assert world.tables.media[media.id].variants

    async def test_a_part_that_is_down_is_told_once_for_all_that_wait(
        self,
        world: World,
        queue: InProcessThumbnailQueue,
        settle: Settle,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        media = [await self.owing(world) for _ in range(20)]
        world.store.is_down = True

        for item in media:
            await queue.enqueue(item.id)
        await settle()

        assert 1 <= len(caplog.records) <= 2  # one of each that worked
        assert all(world.tables.media[item.id].owes_thumbnails for item in media)

    async def test_a_job_cut_off_by_the_stop_is_given_back(self, world: World) -> None:
        media = await self.owing(world)
        started = self.decode_for_ever(world)
        queue = InProcessThumbnailQueue(world.use.make_next_thumbnails(), concurrency=1)
        running = asyncio.create_task(queue.run())
        await queue.enqueue(media.id)
        await started.wait()

        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

        await self.assert_given_back(world, media)


class TestSaqThumbnailQueue(ThumbnailQueueContract):
    @pytest.fixture
    def name(self, redis_server: RedisServer) -> Iterator[str]:
        redis_server.flush()
        yield "test"
        redis_server.flush()

    @pytest.fixture
    async def queue(self, redis_server: RedisServer, name: str) -> AsyncIterator[SaqThumbnailQueue]:
        queue = SaqThumbnailQueue(redis_server.url, name=name, timeout_s=0.5)
        yield queue
        await queue.close()

    @pytest.fixture
    async def running(
        self, world: World, redis_server: RedisServer, name: str
    ) -> AsyncIterator[None]:
        async with self.worker(world, redis_server, name):
            yield

    @asynccontextmanager
    async def worker(
        self, world: World, redis_server: RedisServer, name: str
    ) -> AsyncIterator[None]:
        worker = SaqWorker(
            redis_server.url, name=name, make_next=world.use.make_next_thumbnails(), concurrency=2
        )
        running = asyncio.create_task(worker.run())
        yield
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    @pytest.fixture
    async def settle(self, queue: SaqThumbnailQueue, running: None) -> Settle:
        async def wait() -> None:
            async with asyncio.timeout(10):
                while await queue.jobs.count("incomplete"):
                    await asyncio.sleep(0.01)

        return wait

    async def test_what_waits_and_what_is_in_hand_is_its_backlog(
        self, world: World, queue: SaqThumbnailQueue, redis_server: RedisServer, name: str
    ) -> None:
        self.decode_for_ever(world)
        for _ in range(5):
            await queue.enqueue((await self.owing(world)).id)
        waiting = await queue.backlog()

        async with self.worker(world, redis_server, name), asyncio.timeout(10):
            while (working := await queue.backlog()).active < 2:
                await asyncio.sleep(0.01)

        assert (waiting.queued, waiting.active) == (5, 0)
        assert 0 <= waiting.age_s < 60
        assert (working.queued, working.active) == (3, 2)

    async def test_a_turn_knows_the_request_that_asked_for_it(
        self, world: World, queue: SaqThumbnailQueue, settle: Settle
    ) -> None:
        media, asked = await self.owing(world), record_who_asks(world)

        with bound_contextvars(request_id="r-1"):
            await queue.enqueue(media.id)
        await settle()

        assert asked == [(media.id, "r-1")]

    async def test_a_job_waits_for_a_worker(
        self, world: World, queue: SaqThumbnailQueue, redis_server: RedisServer, name: str
    ) -> None:
        media = await self.owing(world)
        await queue.enqueue(media.id)
        assert await queue.jobs.count("queued") == 1

        async with self.worker(world, redis_server, name), asyncio.timeout(10):
            while not world.tables.media[media.id].variants:
                await asyncio.sleep(0.01)

    async def test_a_media_item_waits_once(self, world: World, queue: SaqThumbnailQueue) -> None:
        media = await self.owing(world)

        await asyncio.gather(*(queue.enqueue(media.id) for _ in range(20)))

        assert await queue.jobs.count("queued") == 1  # row 46

    async def test_a_finished_job_can_be_asked_for_again(
        self, world: World, queue: SaqThumbnailQueue, settle: Settle
    ) -> None:
        media = await self.owing(world)
        await queue.enqueue(media.id)
        await settle()

        await queue.enqueue(media.id)

        assert await queue.jobs.count("incomplete") in {0, 1}
        await settle()
        assert world.tables.thumbnail_starts[media.id] == 1

    async def test_a_store_that_is_down_for_a_moment_is_tried_again(
        self, world: World, queue: SaqThumbnailQueue, settle: Settle
    ) -> None:
        media = await self.owing(world)
        world.store.is_down = True
        await queue.enqueue(media.id)
        async with asyncio.timeout(10):
            while world.tables.thumbnail_starts.get(media.id) != 0:
                await asyncio.sleep(0.01)

        world.store.is_down = False
        world.clock.advance(seconds=1)
        await settle()

        assert world.tables.media[media.id].variants

    async def test_a_job_cut_off_by_the_stop_is_given_back(
        self, world: World, queue: SaqThumbnailQueue, redis_server: RedisServer, name: str
    ) -> None:
        media = await self.owing(world)
        started = self.decode_for_ever(world)
        await queue.enqueue(media.id)
        async with self.worker(world, redis_server, name):
            await started.wait()

        await self.assert_given_back(world, media)
        assert await queue.jobs.count("incomplete") == 1

    async def test_workers_say_that_they_live(
        self, queue: SaqThumbnailQueue, running: None
    ) -> None:
        async with asyncio.timeout(10):
            while not await queue.workers():
                await asyncio.sleep(0.05)

        (said,) = (await queue.workers()).values()
        assert said[HOST] == socket.gethostname()

    async def test_a_worker_that_stopped_is_not_counted(
        self, world: World, queue: SaqThumbnailQueue, redis_server: RedisServer, name: str
    ) -> None:
        async with self.worker(world, redis_server, name), asyncio.timeout(10):
            while not await queue.workers():
                await asyncio.sleep(0.05)

        assert await queue.workers() == {}

    async def test_a_queue_that_does_not_answer_is_given_up_in_time(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"redis://127.0.0.1:{silent.getsockname()[1]}"
            queue = SaqThumbnailQueue(url, name="test", timeout_s=0.2)
            calls = (queue.enqueue(MediaId(1)), queue.check(), queue.workers(), queue.backlog())
            for call in calls:
                async with asyncio.timeout(1):
                    with pytest.raises(PartUnavailable, match="thumbnail queue"):  # row 42
                        await call
            await queue.close()

    async def test_a_queue_that_is_not_there_is_down(self) -> None:
        queue = SaqThumbnailQueue(f"redis://127.0.0.1:{free_port()}", name="test", timeout_s=0.5)

        with pytest.raises(PartUnavailable, match="thumbnail queue"):  # row 42
            await queue.enqueue(MediaId(1))
        await queue.close()

    async def test_a_worker_whose_redis_is_gone_asks_for_it_now_and_then(
        self, world: World
    ) -> None:
        asked = 0

        async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal asked
            asked += 1
            writer.close()

        server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
        url = f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        worker = SaqWorker(
            url, name="test", make_next=world.use.make_next_thumbnails(), concurrency=2
        )
        running = asyncio.create_task(worker.run())
        await asyncio.sleep(2)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        server.close()
        await server.wait_closed()

        assert 0 < asked < 100

    async def test_two_installations_share_one_redis(
        self, world: World, queue: SaqThumbnailQueue, redis_server: RedisServer
    ) -> None:
        other = SaqThumbnailQueue(redis_server.url, name="other", timeout_s=0.5)

        await other.enqueue(MediaId(7))

        assert await queue.jobs.count("queued") == 0
        assert await other.jobs.count("queued") == 1
        await other.close()
