"""Whoever counts, nobody passes more often than they may."""

import asyncio
import time
from abc import abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import uuid4

import pytest

from mediaport.adapters.limits import rate_limiter as module
from mediaport.adapters.limits.rate_limiter import InProcessRateLimiter, RedisRateLimiter
from mediaport.adapters.memory.clock import MemoryClock
from mediaport.adapters.memory.rate_limiter import MemoryRateLimiter
from mediaport.application.ports.rate_limiter import Rate, RateLimiter
from mediaport.domain.errors import RateExceeded
from tests.servers.redis import RedisServer, start_redis

HOURLY = Rate(name="login_name", limit=3, window_s=3600)
SHORT = Rate(name="address", limit=1, window_s=1)
Wait = Callable[[float], Awaitable[None]]


async def passed(limiters: list[RateLimiter], rate: Rate, key: str = "ada") -> int:
    """How many of forty that ask at once pass."""
    answers = await asyncio.gather(
        *(limiters[number % len(limiters)].hit(rate, key) for number in range(40)),
        return_exceptions=True,
    )
    assert {type(answer) for answer in answers} <= {type(None), RateExceeded}
    return answers.count(None)


class RateLimiterContract:
    """The tests; `limiter` and `wait` come from the subclass."""

    @pytest.fixture
    @abstractmethod
    def limiter(self) -> RateLimiter: ...

    @pytest.fixture
    def wait(self) -> Wait:
        return asyncio.sleep

    async def test_as_many_pass_as_may_however_many_ask_at_once(self, limiter: RateLimiter) -> None:
        assert await passed([limiter], HOURLY) == 3  # row 37

    async def test_who_asks_too_often_is_told_the_limit_and_when_to_come_back(
        self, limiter: RateLimiter
    ) -> None:
        for _ in range(3):
            await limiter.hit(HOURLY, "ada")

        with pytest.raises(RateExceeded) as refused:
            await limiter.hit(HOURLY, "ada")

        told = refused.value.context
        assert (told["rate"], told["limit"], told["window_s"]) == ("login_name", 3, 3600)
        assert 3590 < int(str(told["retry_after_s"])) <= 3600

    async def test_keys_and_rates_are_counted_apart(self, limiter: RateLimiter) -> None:
        await passed([limiter], HOURLY)

        await limiter.hit(HOURLY, "bob")
        await limiter.hit(Rate(name="address", limit=3, window_s=3600), "ada")

    async def test_a_window_ends(self, limiter: RateLimiter, wait: Wait) -> None:
        await limiter.hit(SHORT, "ada")
        with pytest.raises(RateExceeded) as refused:
            await limiter.hit(SHORT, "ada")
        assert refused.value.context["retry_after_s"] == 1

        await wait(1.1)

        await limiter.hit(SHORT, "ada")


class TestMemoryRateLimiter(RateLimiterContract):
    @pytest.fixture
    def clock(self) -> MemoryClock:
        return MemoryClock()

    @pytest.fixture
    def limiter(self, clock: MemoryClock) -> RateLimiter:
        return MemoryRateLimiter(clock)

    @pytest.fixture
    def wait(self, clock: MemoryClock) -> Wait:
        async def advance(seconds: float) -> None:
            clock.advance(seconds=seconds)

        return advance


class TestInProcessRateLimiter(RateLimiterContract):
    @pytest.fixture
    def limiter(self) -> RateLimiter:
        return InProcessRateLimiter()

    async def test_keys_are_forgotten_when_their_windows_have_ended(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "FEW_KEYS", 10)
        limiter = InProcessRateLimiter()
        for number in range(15):
            await limiter.hit(SHORT, str(number))
        await limiter.hit(HOURLY, "ada")
        assert len(limiter._windows.storage.expirations) == 16  # type: ignore[attr-defined]  # the library's

        await asyncio.sleep(1.1)
        for number in range(5):
            await limiter.hit(SHORT, f"other {number}")

        assert len(limiter._windows.storage.expirations) < 10  # type: ignore[attr-defined]  # the library's
        assert await passed([limiter], HOURLY) == 2


class TestRedisRateLimiter(RateLimiterContract):
    @pytest.fixture
    async def limiters(self, redis_server: RedisServer) -> AsyncIterator[list[RateLimiter]]:
        """Those of three processes, and one of another installation."""
        name = uuid4().hex
        made = [RedisRateLimiter(redis_server.url, name=each) for each in (*[name] * 3, "other")]
        yield [*made]
        for limiter in made:
            await limiter.close()

    @pytest.fixture
    def limiter(self, limiters: list[RateLimiter]) -> RateLimiter:
        return limiters[0]

    @pytest.fixture
    def own_redis(self) -> RedisServer:
        return start_redis()

    async def test_all_processes_count_together(self, limiters: list[RateLimiter]) -> None:
        *ours, others = limiters

        assert await passed(ours, HOURLY) == 3  # row 37
        assert await passed([others], Rate(name="y", limit=5, window_s=60), uuid4().hex) == 5

    async def test_while_redis_is_frozen_each_counts_by_itself_and_nobody_waits(
        self, own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert own_redis.process
        limiter = RedisRateLimiter(own_redis.url, name="x")
        asked: list[Rate] = []
        monkeypatch.setattr(module, "_hit", _noting(asked))
        try:
            await limiter.hit(HOURLY, "ada")
            own_redis.process.freeze()
            started = time.monotonic()

            assert await passed([limiter], HOURLY) == 3  # row 42
            assert time.monotonic() - started < 5  # far less; machines that test are slow
            asked_before = len(asked)
            await limiter.hit(Rate(name="z", limit=1, window_s=60), "ada")
            assert len(asked) == asked_before + 1  # Redis was not asked again

            own_redis.process.thaw()
            limiter._left_alone_until_s = 0.0
            await limiter.hit(HOURLY, "ada")
            assert len(asked) == asked_before + 2
        finally:
            own_redis.process.thaw()
            monkeypatch.undo()
            await limiter.close()
            own_redis.stop()


def _noting(asked: list[Rate]) -> Callable[..., Awaitable[None]]:
    """Count the questions to a store, of Redis or of the process."""
    ask = module._hit

    async def note(windows: object, rate: Rate, key: str) -> None:
        asked.append(rate)
        await ask(windows, rate, key)  # type: ignore[arg-type]  # passed on as it came

    return note
