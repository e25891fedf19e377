"""Keys of objects cannot be guessed: each draws its own 122 random bits."""

from pathlib import PurePosixPath
from uuid import UUID

import pytest

from mediaport.adapters.memory.object_store import MemoryObjectStore
from mediaport.application.media import complete_upload
from mediaport.domain.keys import variant_key
from tests.world import World

ALL_BITS = (1 << 128) - 1
FIXED_BITS = 0xF000_C000_0000_0000_0000  # version and variant: 6 bits, which leaves 122
MANY = 128  # that a random bit is the same in all of them happens once in 10^36 runs


def drawn(key: str) -> int:
    """The random part of a key, which must be a UUID of version 4 and nothing else."""
    name = PurePosixPath(key).stem
    uuid = UUID(hex=name)
    assert uuid.version == 4
    assert uuid.hex == name
    return uuid.int


def assert_unguessable(keys: list[str]) -> None:
    numbers = [drawn(key) for key in keys]
    assert len(set(numbers)) == len(keys)
    zeros = ones = 0
    for number in numbers:
        ones |= number
        zeros |= ~number & ALL_BITS
    assert ones & zeros == ALL_BITS ^ FIXED_BITS


class NotingStore(MemoryObjectStore):
    """Remembers under which keys completions looked at uploads."""

    def __init__(self, world: World) -> None:
        super().__init__(world.clock)
        self.staged: list[str] = []

    async def stage(self, incoming_key: str, staged_key: str) -> None:
        self.staged.append(staged_key)
        await super().stage(incoming_key, staged_key)


@pytest.fixture
def store(world: World, monkeypatch: pytest.MonkeyPatch) -> NotingStore:
    """The world's store. Every picture is so large that it is staged there."""
    monkeypatch.setattr(complete_upload, "HELD_BYTES", 0)
    world.store = store = NotingStore(world)
    world.use.store.override(store)
    return store


async def test_no_key_can_be_guessed(world: World, store: NotingStore) -> None:
    media = [await world.ready(await world.user(f"user_{number}")) for number in range(MANY)]

    assert_unguessable([item.incoming_key for item in media])  # row 30
    assert_unguessable([item.object_key for item in media])  # row 30
    assert_unguessable(store.staged)  # row 30
    assert len(store.staged) == MANY


async def test_a_staged_key_says_nothing_of_the_others(world: World, store: NotingStore) -> None:
    item = await world.ready(await world.user())

    (key,) = store.staged
    assert drawn(key) not in {drawn(item.incoming_key), drawn(item.object_key)}


async def test_a_thumbnail_is_as_hard_to_guess_as_its_original(world: World) -> None:
    item = await world.ready(await world.user())

    stem = PurePosixPath(variant_key(item.object_key, 512)).stem
    assert stem == f"{PurePosixPath(item.object_key).stem}_512"
    assert drawn(item.object_key)
