"""Every rate limiter keeps the contract: so many in a window, exactly."""

import asyncio
import logging
from abc import abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from mediaport.adapters.inprocess.rate_limiter import InProcessRateLimiter
from mediaport.adapters.memory.clock import MemoryClock
from mediaport.adapters.memory.rate_limiter import MemoryRateLimiter
from mediaport.adapters.redis.rate_limiter import RedisRateLimiter
from mediaport.application.ports.rate_limiter import Rate, RateLimiter
from mediaport.domain.errors import RateExceeded
from tests.servers.process import free_port
from tests.servers.proxy import TcpProxy, Way
from tests.servers.redis import RedisServer

PER_NAME = Rate(name="logins_per_name", limit=3, window_s=60)
PER_ADDRESS = Rate(name="logins_per_address", limit=3, window_s=60)
PATIENCE_S = 10  # of tests that are not about it
LetPass = Callable[[], Awaitable[None]]


async def taken(limiter: RateLimiter, rate: Rate, key: str, *, of: int) -> int:
    """How many of so many at once are taken."""
    answers = await asyncio.gather(
        *(limiter.hit(rate, key) for _ in range(of)), return_exceptions=True
    )
    assert all(answer is None or isinstance(answer, RateExceeded) for answer in answers)
    return answers.count(None)


class RateLimiterContract:
    """The tests. From the subclass come `limiter` and `let_pass`, which lets windows end."""

    @pytest.fixture
    @abstractmethod
    def limiter(self) -> RateLimiter: ...

    @pytest.fixture
    @abstractmethod
    def let_pass(self, limiter: RateLimiter) -> LetPass: ...

    async def test_so_many_are_taken_and_no_more(self, limiter: RateLimiter) -> None:
        for _ in range(3):
            await limiter.hit(PER_NAME, "ada")

        with pytest.raises(RateExceeded) as refused:
            await limiter.hit(PER_NAME, "ada")

        retry_after_s = refused.value.context.pop("retry_after_s")
        assert isinstance(retry_after_s, int)
        assert 1 <= retry_after_s <= 60
        assert refused.value.context == {"rate": "logins_per_name", "limit": 3, "window_s": 60}
        assert f"At most 3 logins per name are taken in 60 s. Try again in {retry_after_s} s." in (
            str(refused.value)
        )

    async def test_no_more_are_taken_where_many_ask_at_once(self, limiter: RateLimiter) -> None:
        assert await taken(limiter, PER_NAME, "ada", of=50) == 3  # row 37

    async def test_keys_and_rates_are_counted_apart(self, limiter: RateLimiter) -> None:
        assert await taken(limiter, PER_NAME, "ada", of=5) == 3
        assert await taken(limiter, PER_NAME, "bob", of=5) == 3
        assert await taken(limiter, PER_ADDRESS, "ada", of=5) == 3

    async def test_what_was_refused_does_not_count(
        self, limiter: RateLimiter, let_pass: LetPass
    ) -> None:
        assert await taken(limiter, PER_NAME, "ada", of=50) == 3

        await let_pass()

        assert await taken(limiter, PER_NAME, "ada", of=50) == 3

    @pytest.mark.parametrize("key", ["", "a/b:c", "ä\0🐕", "x" * 100, "\ud800"])
    async def test_any_text_is_a_key(self, limiter: RateLimiter, key: str) -> None:
        assert await taken(limiter, PER_NAME, key, of=4) == 3


class TestMemoryRateLimiter(RateLimiterContract):
    @pytest.fixture
    def clock(self) -> MemoryClock:
        return MemoryClock()

    @pytest.fixture
    def limiter(self, clock: MemoryClock) -> MemoryRateLimiter:
        return MemoryRateLimiter(clock)

    @pytest.fixture
    def let_pass(self, clock: MemoryClock) -> LetPass:
        async def advance() -> None:
            clock.advance(seconds=60)

        return advance


class TestInProcessRateLimiter(RateLimiterContract):
    @pytest.fixture
    def clock(self) -> MemoryClock:
        return MemoryClock()

    @pytest.fixture
    def limiter(self, clock: MemoryClock) -> InProcessRateLimiter:
        return InProcessRateLimiter(now=lambda: clock.now().timestamp())

    @pytest.fixture
    def let_pass(self, clock: MemoryClock) -> LetPass:
        async def advance() -> None:
            clock.advance(seconds=60)

        return advance

    async def test_windows_that_are_over_are_forgotten(
        self, limiter: InProcessRateLimiter, clock: MemoryClock
    ) -> None:
        for number in range(1000):
            await limiter.hit(PER_ADDRESS, str(number))
            clock.advance(seconds=1)
        clock.advance(seconds=58)

        await limiter.hit(PER_ADDRESS, "1000")

        assert len(limiter) == 2

    async def test_it_says_when_to_ask_again(
        self, limiter: InProcessRateLimiter, clock: MemoryClock
    ) -> None:
        await taken(limiter, PER_NAME, "ada", of=3)
        clock.advance(seconds=17.5)

        with pytest.raises(RateExceeded, match=r"Try again in 43 s\."):
            await limiter.hit(PER_NAME, "ada")


class TestRedisRateLimiter(RateLimiterContract):
    @pytest.fixture
    def name(self) -> str:
        return f"test_{uuid4().hex}"

    @pytest.fixture
    def spare(self) -> MemoryRateLimiter:
        return MemoryRateLimiter(MemoryClock())

    @pytest.fixture
    def clock(self) -> MemoryClock:
        return MemoryClock()

    @pytest.fixture
    async def limiter(
        self, redis_server: RedisServer, name: str, spare: MemoryRateLimiter, clock: MemoryClock
    ) -> AsyncIterator[RedisRateLimiter]:
        limiter = RedisRateLimiter(
            redis_server.url,
            name=name,
            spare=spare,
            timeout_s=PATIENCE_S,
            now=lambda: clock.now().timestamp(),
        )
        yield limiter
        await limiter.close()

    @pytest.fixture
    def let_pass(self, redis_server: RedisServer, name: str, clock: MemoryClock) -> LetPass:
        async def end_windows() -> None:
            clock.advance(seconds=60)
            async with Redis.from_url(redis_server.url) as redis:
                keys = [key async for key in redis.scan_iter(f"{name}:*")]
                assert keys
                for key in keys:
                    assert 0 < await redis.ttl(key) <= 60
                    await redis.delete(key)

        return end_windows

    async def test_who_was_refused_is_refused_without_asking_redis(
        self, limiter: RedisRateLimiter, redis_server: RedisServer, name: str
    ) -> None:
        assert await taken(limiter, PER_NAME, "ada", of=4) == 3
        async with Redis.from_url(redis_server.url) as redis:
            keys = [key async for key in redis.scan_iter(f"{name}:*")]
            await redis.delete(*keys)

        assert await taken(limiter, PER_NAME, "ada", of=50) == 0

    @pytest.fixture(autouse=True)
    def counted_in_redis(
        self, limiter: RedisRateLimiter, spare: MemoryRateLimiter
    ) -> Iterator[None]:
        """None of the tests of this class is answered by the spare."""
        yield
        assert not spare.taken

    async def test_several_clients_together_take_no_more(
        self, redis_server: RedisServer, name: str, spare: MemoryRateLimiter
    ) -> None:
        url = redis_server.url
        limiters = [
            RedisRateLimiter(url, name=name, spare=spare, timeout_s=PATIENCE_S) for _ in range(5)
        ]
        rate = Rate(name="requests_per_user", limit=100, window_s=60)

        each = await asyncio.gather(*(taken(limiter, rate, "7", of=50) for limiter in limiters))

        assert sum(each) == 100  # row 37
        for limiter in limiters:
            await limiter.close()

    async def test_two_installations_share_a_redis_and_no_count(
        self, redis_server: RedisServer, limiter: RedisRateLimiter, spare: MemoryRateLimiter
    ) -> None:
        other = RedisRateLimiter(
            redis_server.url, name=f"test_{uuid4().hex}", spare=spare, timeout_s=PATIENCE_S
        )

        assert await taken(limiter, PER_NAME, "ada", of=5) == 3
        assert await taken(other, PER_NAME, "ada", of=5) == 3
        await other.close()


PER_USER = Rate(name="requests_per_user", limit=1000, window_s=60)


class TestShares:
    """A process takes a hundredth of a limit at a time."""

    @pytest.fixture
    def name(self) -> str:
        return f"test_{uuid4().hex}"

    @pytest.fixture
    def clock(self) -> MemoryClock:
        return MemoryClock()

    @pytest.fixture
    async def limiters(
        self, redis_server: RedisServer, name: str, clock: MemoryClock
    ) -> AsyncIterator[list[RedisRateLimiter]]:
        """Those of five processes."""
        limiters = [
            RedisRateLimiter(
                redis_server.url,
                name=name,
                spare=MemoryRateLimiter(clock),
                timeout_s=PATIENCE_S,
                max_held=3,
                now=lambda: clock.now().timestamp(),
            )
            for _ in range(5)
        ]
        yield limiters
        for limiter in limiters:
            await limiter.close()

    @pytest.fixture
    async def redis(self, redis_server: RedisServer) -> AsyncIterator[Redis]:
        async with Redis.from_url(redis_server.url) as redis:
            yield redis

    async def test_so_much_is_counted_before_it_is_used(
        self, limiters: list[RedisRateLimiter], redis: Redis, name: str
    ) -> None:
        counts = []
        for of in (1, 9, 1):
            assert await taken(limiters[0], PER_USER, "7", of=of) == of
            counts.append(await redis.get(f"{name}:rates:requests_per_user:7"))

        assert counts == [b"10", b"10", b"20"]

    async def test_together_no_more_pass_than_the_limit(
        self, limiters: list[RedisRateLimiter]
    ) -> None:
        each = await asyncio.gather(*(taken(one, PER_USER, "7", of=400) for one in limiters))

        assert sum(each) == 1000  # row 37

    async def test_what_a_process_holds_is_all_that_another_misses(
        self, limiters: list[RedisRateLimiter]
    ) -> None:
        idle = [await taken(one, PER_USER, "7", of=1) for one in limiters[1:]]

        busy = await taken(limiters[0], PER_USER, "7", of=1100)

        assert sum(idle) + busy == 1000 - 4 * 9

    async def test_a_share_ends_with_its_window(
        self, limiters: list[RedisRateLimiter], redis: Redis, name: str, clock: MemoryClock
    ) -> None:
        await limiters[0].hit(PER_USER, "7")
        await redis.delete(f"{name}:rates:requests_per_user:7")

        clock.advance(seconds=60)
        await limiters[0].hit(PER_USER, "7")

        assert await redis.get(f"{name}:rates:requests_per_user:7") == b"10"

    async def test_so_many_shares_are_held_and_no_more(
        self, limiters: list[RedisRateLimiter]
    ) -> None:
        for number in range(10):
            await limiters[0].hit(PER_USER, str(number))

        assert len(limiters[0]) == 3


class TestRedisRateLimiterWithoutRedis:
    """What counts then is the spare."""

    @pytest.fixture
    def spare(self) -> MemoryRateLimiter:
        return MemoryRateLimiter(MemoryClock())

    @pytest.mark.parametrize("url", ["redis://127.0.0.1:{port}", "unix:///no-such-socket"])
    async def test_the_limit_holds_in_each_process(
        self, spare: MemoryRateLimiter, url: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        limiter = RedisRateLimiter(url.format(port=free_port()), name="test", spare=spare)

        assert await taken(limiter, PER_NAME, "ada", of=50) == 3  # row 42
        assert [record.levelno for record in caplog.records] == [logging.WARNING]
        await limiter.close()

    async def test_a_redis_that_hangs_is_asked_once_and_left_alone(
        self, spare: MemoryRateLimiter
    ) -> None:
        asked = asyncio.Event()
        connections = 0

        async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal connections
            connections += 1
            asked.set()
            await reader.read()
            writer.close()

        async with await asyncio.start_server(hang, "127.0.0.1", 0) as server:
            url = f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            limiter = RedisRateLimiter(url, name="test", spare=spare, pause_s=3600)
            for _ in range(3):
                await limiter.hit(PER_NAME, "ada")
            with pytest.raises(RateExceeded):
                await limiter.hit(PER_NAME, "ada")
            await limiter.close()

        assert asked.is_set()
        assert connections == 1  # row 42

    async def test_it_counts_in_redis_again_when_that_is_back(
        self, redis_server: RedisServer, spare: MemoryRateLimiter
    ) -> None:
        name, rate = f"test_{uuid4().hex}", Rate(name="requests_per_user", limit=3, window_s=60)
        port = int(redis_server.url.rpartition(":")[2].partition("/")[0])
        proxy = TcpProxy(port)
        url = f"redis://127.0.0.1:{proxy.port}"
        limiter = RedisRateLimiter(url, name=name, spare=spare, timeout_s=PATIENCE_S, pause_s=0)
        await limiter.hit(rate, "7")

        proxy.turn(Way.RESET)
        await limiter.hit(rate, "7")
        counted_beside = len(spare.taken["requests_per_user", "7"])
        proxy.turn(Way.OPEN)
        await limiter.hit(rate, "7")
        await limiter.hit(rate, "7")
        with pytest.raises(RateExceeded):
            await limiter.hit(rate, "7")

        assert counted_beside == 1
        await limiter.close()
        proxy.close()
