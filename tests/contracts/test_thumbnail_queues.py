"""Every thumbnail queue keeps the contract: what is asked for is made."""

import asyncio
from abc import abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import pytest

from mediaport.adapters.inprocess.thumbnail_queue import InProcessThumbnailQueue
from mediaport.adapters.memory.images import picture
from mediaport.adapters.memory.thumbnail_queue import MemoryThumbnailQueue
from mediaport.application.ports.thumbnail_queue import ThumbnailQueue
from mediaport.domain.media import Media
from tests.world import World

Settle = Callable[[], Awaitable[None]]


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


class TestInProcessThumbnailQueue(ThumbnailQueueContract):
    @pytest.fixture
    async def queue(self, world: World) -> AsyncIterator[InProcessThumbnailQueue]:
        queue = InProcessThumbnailQueue(world.use.make_thumbnails(), concurrency=2)
        running = asyncio.create_task(queue.run())
        yield queue
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    @pytest.fixture
    async def settle(self, world: World, queue: InProcessThumbnailQueue) -> Settle:
        async def wait() -> None:
            async with asyncio.timeout(5):
                while not queue.is_idle:
                    await asyncio.sleep(0)

        return wait

    async def test_a_store_that_is_down_leaves_the_work_owed(
        self, world: World, queue: InProcessThumbnailQueue, settle: Settle
    ) -> None:
        media = await self.owing(world)
        world.store.is_down = True
        await queue.enqueue(media.id)
        await settle()
        assert world.tables.media[media.id].owes_thumbnails
        world.store.is_down = False

        await queue.enqueue(media.id)
        await settle()

        assert world.tables.media[media.id].variants

    async def test_a_job_cut_off_by_the_stop_is_given_back(self, world: World) -> None:
        media = await self.owing(world)
        started = asyncio.Event()

        async def decode_for_ever(*_: object, **__: object) -> None:
            started.set()
            await asyncio.sleep(3600)

        world.images.make_thumbnails = decode_for_ever  # type: ignore[method-assign, assignment]
        queue = InProcessThumbnailQueue(world.use.make_thumbnails(), concurrency=1)
        running = asyncio.create_task(queue.run())
        await queue.enqueue(media.id)
        await started.wait()

        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

        owed = await world.media.owed_thumbnails(now=world.clock.now(), limit=9)
        assert owed == [media.id]  # row 51
        assert world.tables.thumbnail_starts[media.id] == 0
