"""The whole product, what it shares with the world around it, and what a tester remembers of it."""

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

from mediaport.adapters.sql.database import Database
from mediaport.application.ports.images import DecoderLost
from mediaport.application.ports.object_store import ObjectChanged, ObjectMissing, SignedUpload
from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.domain.errors import DomainError
from mediaport.domain.media import Media, MediaId
from mediaport.domain.users import UserId
from mediaport.entrypoints.settings import Settings
from tests.stateful.bodies import LENGTH, Body
from tests.stateful.invariants import (
    MAX_PENDING,
    MAX_PENDING_BYTES,
    MAX_STORED_BYTES,
    Memory,
    check,
    check_end,
    check_settled,
)
from tests.stateful.processes import (
    PARTS,
    Call,
    How,
    Killed,
    Mishap,
    Process,
    Watched,
    current,
)
from tests.stateful.rows import Rows, in_database, in_memory
from tests.world import World

SETTINGS = Settings(
    jwt_secret="x" * 32,
    data_dir="/no-such-folder",
    media_max_bytes_post=10 * LENGTH,
    media_max_bytes_avatar=9 * LENGTH,
    media_max_pending=MAX_PENDING,
    media_max_pending_bytes=MAX_PENDING_BYTES,
    media_max_stored_bytes=MAX_STORED_BYTES,
    media_thumbnail_sizes=(128, 512),
    thumbnail_workers=16,
)
# The product holds the store's calls to it: see COMPLETION_CLAIM_LASTS and REMOVAL_CLAIM_LASTS.
LATEST_S = 19
UPLOAD_LASTS_S = 599
# Unlike an answer of the database, say, which a worker may miss when it gives its claim back.
COUNTS_FOR_NOTHING = {"object_store", "decoder", How.CANCELLED, How.OVERTAKEN}
CLAIMS_PASS_S = (31, 31)
EVERYTHING_IS_DUE_S = (4_000, 90_000, 1_000, 100)


class Loop(asyncio.SelectorEventLoop):
    """An event loop whose time can be moved on, so that time-outs come when they would."""

    moved_s = 0.0

    def time(self) -> float:
        """Seconds, from any beginning."""
        return super().time() + self.moved_s


@dataclass(frozen=True)
class Deed:
    """One request to the product, and what must come of it when nothing goes wrong.

    Attributes:
        ask: Makes the request.
        refusal: The error that it must raise; None if it must not raise.
        focus: The media item it is about; what overtakes it is about the same one.
        makes: Media whose thumbnails it may make.
        shrugs_off: Parts that may be down without the caller noticing.
        is_left: Whether what a refusal must take away is left.
        check: Looks at the answer, and at the rows afterwards.
    """

    ask: Call
    refusal: type[Exception] | None = None
    focus: MediaId | None = None
    makes: tuple[MediaId, ...] = ()
    shrugs_off: frozenset[str] = frozenset()
    is_left: Callable[[], bool] = lambda: False
    check: Callable[[Any, Rows], None] = lambda answer, rows: None


class Act(Protocol):
    """Something that someone may do: a deed, once it is known who and what is there."""

    def deed(self, product: "Product", rows: Rows) -> Deed | None:
        """The request, or None where there is nothing to ask for."""
        ...


@dataclass(frozen=True)
class OnMedia:
    """Something that someone does to a media item; its owner does it for 0."""

    media: int = 0
    by: int = 0

    def deed(self, product: "Product", rows: Rows) -> Deed | None:
        """The request, or None where there is no media item yet."""
        media = product.media(rows, self.media)
        if media is None:
            return None
        return self.of(product, rows, media, product.user(rows, self.by, owner=media.owner_id))

    @abstractmethod
    def of(self, product: "Product", rows: Rows, media: Media, by: UserId) -> Deed:
        """The request of `by`, about `media`."""
        ...


@dataclass(frozen=True)
class Upload:
    """A signed URL that was handed out."""

    media: Media
    signed: SignedUpload


@dataclass
class Product:
    """A product in which anything may go wrong, and all that was seen of it.

    Attributes:
        down: Parts that do not answer.
        focus: The media item that everything is about just now.
        late: Calls that the store, or a slow client, has not carried out yet, with the last moment.
    """

    database: Database | None = None
    down: set[str] = field(default_factory=set)
    memory: Memory = field(default_factory=Memory)
    uploads: list[Upload] = field(default_factory=list)
    late: list[tuple[datetime, Call]] = field(default_factory=list)
    focus: MediaId | None = None
    serial: int = 0
    acts: int = 0
    kills: int = 0

    def __post_init__(self) -> None:
        self.world = World(settings=SETTINGS, database=self.database)
        self._deploy(self.world)

    @property
    def use(self) -> Any:
        """The use cases, as deployed last."""
        return self.world.use

    @property
    def now(self) -> datetime:
        """The time."""
        return self.world.clock.now()

    def deploy(self, sizes: tuple[int, ...]) -> None:
        """Go on with other thumbnail sizes."""
        self.world = self.world.set_anew(media_thumbnail_sizes=sizes)
        self._deploy(self.world)

    def _deploy(self, world: World) -> None:
        self.memory.sizes.append(world.settings.media_thumbnail_sizes)
        for name, part in PARTS.items():
            provider = getattr(world.use, name)
            provider.override(Watched(provider(), part))

    async def rows(self) -> Rows:
        """What the database holds, up or down."""
        if self.database is None:
            return in_memory(self.world.tables)
        return await in_database(self.database)

    async def perform(self, act: Act, mishaps: Sequence[Mishap] = ()) -> None:
        """Let someone do something, hold the outcome to what it must be, and look around."""
        before = await self.rows()
        deed = act.deed(self, before)
        if deed is None:
            return
        self.focus = deed.focus
        process = Process(self, tuple(mishaps))
        answer = await self._outcome(process, deed.ask)
        after = await self.rows()
        self.acts += 1
        self.kills += process.is_dead
        if process.troubles:
            self.memory.cut_short.update(deed.makes)
        if process.is_dead or process.troubles - COUNTS_FOR_NOTHING:
            self.memory.starts.update(deed.makes)
        if not process.troubles - deed.shrugs_off:
            self._hold_to(act, deed, answer, before, after)
        await self.look(after)

    async def _outcome(self, process: Process, ask: Call) -> Any:
        async def run() -> Any:
            current.set(process)
            return await ask()

        process.task = asyncio.create_task(run())
        try:
            return await process.task
        except (Killed, asyncio.CancelledError, BaseExceptionGroup) as error:
            if not process.troubles:
                raise
            return error
        except (DomainError, PartUnavailable, DecoderLost) as error:
            return error

    def _hold_to(self, act: Act, deed: Deed, answer: Any, before: Rows, after: Rows) -> None:
        if deed.refusal:
            assert isinstance(answer, deed.refusal), f"{act}: {answer!r}, not {deed.refusal}"
            assert after.kept == before.kept, f"{act} was refused, and changed something"  # row 16
            assert not deed.is_left(), f"{act} was refused, and left it"  # row 12
        else:
            assert not isinstance(answer, BaseException), f"{act}: {answer!r}"
            deed.check(answer, after)

    async def look(self, rows: Rows | None = None) -> None:
        """Hold everything to what must always be true."""
        check(self.memory, rows or await self.rows(), self.world.store.objects, now=self.now)

    def carry_out_later(self, call: Call) -> None:
        """Let the store carry a call out at any moment of the next seconds."""
        self.late.append((self.now + timedelta(seconds=LATEST_S), call))

    async def overtake(self, mishap: Mishap) -> None:
        """Let others act on the same media item, and time pass."""
        focus = self.focus
        await self.pass_time(mishap.pause_s)
        for act, mishaps in mishap.meanwhile:
            self.focus = focus
            await asyncio.create_task(self.perform(act, mishaps))
        _move_loop(mishap.pause_s)

    async def pass_time(self, seconds: float) -> None:
        """Let time pass; what is late comes at the last moment."""
        until = self.now + timedelta(seconds=seconds)
        for moment in [moment for moment, _ in self.late if moment <= until]:
            await self._come_true(moment)
        self.world.clock.advance(seconds=seconds)

    async def advance(self, seconds: float) -> None:
        """Let time pass between requests."""
        await self.pass_time(seconds)
        _move_loop(seconds)
        await self.look()

    async def land(self) -> None:
        """Let the call that is late for the longest come true."""
        if self.late:
            await self._come_true(self.late[0][0])
            await self.look()

    async def _come_true(self, moment: datetime) -> None:
        entry = next(each for each in self.late if each[0] == moment)
        self.late.remove(entry)
        with suppress(ObjectMissing, ObjectChanged):
            await entry[1]()

    def new_serial(self) -> int:
        """A number that no body has yet."""
        self.serial += 1
        return self.serial

    def receive(self, upload: Upload, body: Body, *, slowly: bool) -> int:
        """A client's PUT; a slow one is there whole some minutes later. The store's status."""
        media = upload.media
        key, content_type = media.incoming_key, media.content_type
        before = self.world.store.objects.get(key)
        status = self.world.store.receive(
            upload.signed.url, body.uploaded, content_type=content_type
        )
        if status != 200:
            return status
        self.memory.put.setdefault(media.id, []).append(body)
        if slowly:
            self.world.store.objects.pop(key)
            if before is not None:
                self.world.store.objects[key] = before
            put = partial(self.world.store.put, key, body.uploaded, content_type=content_type)
            self.late.append((self.now + timedelta(seconds=UPLOAD_LASTS_S), put))
        return status

    def media(self, rows: Rows, pick: int) -> Media | None:
        """The media item in focus for 0; else one of all, the youngest first, those gone last."""
        if pick == 0 and self.focus is not None:
            return rows.media.get(self.focus) or self.memory.media[self.focus]
        there = sorted(rows.media, reverse=True)
        gone = sorted(self.memory.media.keys() - rows.media.keys(), reverse=True)
        ids = [*there, *gone]
        if not ids:
            return None
        media_id = ids[max(0, pick - 1) % len(ids)]
        return rows.media.get(media_id) or self.memory.media[media_id]

    def user(self, rows: Rows, pick: int, *, owner: UserId | None = None) -> UserId:
        """The owner for 0, if there is one; else one of all."""
        users = sorted(rows.avatars)
        if owner is None:
            return users[pick % len(users)]
        strangers = [user for user in users if user != owner]
        return strangers[pick % len(strangers)] if pick else owner

    async def settle(self) -> None:
        """Bring all parts up, let time pass until nothing is left to do, and hold it to that."""
        self.down.clear()
        for seconds in CLAIMS_PASS_S:
            await self._let_all_be_done(seconds)
        check_settled(self.memory, await self.rows())
        for seconds in EVERYTHING_IS_DUE_S:
            await self._let_all_be_done(seconds)
        check_end(self.memory, await self.rows(), set(self.world.store.objects))

    async def _let_all_be_done(self, seconds: float) -> None:
        await self.advance(seconds)
        current.set(Process(self))
        await self.use.sweep()()
        await self.world.work()
        await self.look()


def _move_loop(seconds: float) -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Loop)
    loop.moved_s += seconds
