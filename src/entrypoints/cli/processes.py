"""Several processes on one listening socket: started, replaced when they die, stopped together."""

import asyncio
import logging
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Never

from prometheus_client.multiprocess import mark_process_dead

from mediaport.entrypoints.cli.lean import settle
from mediaport.entrypoints.cli.leave import end

log = logging.getLogger(__name__)

SIGNALS = (signal.SIGTERM, signal.SIGINT)
# One that dies as soon as it lives shall not keep a core busy with its births.
PAUSE_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ties:
    """What a process has to do with the one that started it: ends of two pipes.

    Attributes:
        number: Which of them it is, from 0; whoever replaces it has its number.
        alive: Comes to its end when the parent does, however it ends.
        ready: Where to say that it serves.
    """

    number: int
    alive: int
    ready: int

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Say that this process serves; stop it where its parent has gone, as SIGTERM does."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self.alive, self._stop, loop)
        os.write(self.ready, b".")
        os.close(self.ready)
        try:
            yield
        finally:
            loop.remove_reader(self.alive)

    def _stop(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.remove_reader(self.alive)
        signal.raise_signal(signal.SIGTERM)


class Processes:
    """Forks children, which inherit what was imported, and opens nothing that they could share.

    The first must serve before there is a second: what keeps it from that is said once.
    """

    def __init__(self, count: int, work: Callable[[Ties], int], *, grace_s: int) -> None:
        self._count = count
        self._work = work
        self._grace_s = grace_s
        self._numbers: dict[int, int] = {}  # of children, by process id
        self._is_stopping = False
        self._is_well = True
        self._alive, self._held = os.pipe()

    def run(self, *, on_ready: Callable[[], None], on_stop: Callable[[], None]) -> int:
        """Keep as many running until SIGTERM or Ctrl-C; the exit status."""
        self._listen_to_signals(on_stop)
        settle()  # a collection in a child would write to, and so copy, what all of them share
        if not self._start(0):
            status = self._reap() if self._numbers else 0
            return 0 if self._is_stopping else max(status, 1)
        self._fill()
        on_ready()
        while self._numbers:
            status = self._reap()
            # Told to stop before it served, or by Ctrl-C, which the terminal tells all of them.
            self._is_well &= status in {0, -signal.SIGTERM, -signal.SIGINT}
            if not self._is_stopping:
                log.error("A process has ended (%d); another one takes its place", status)
                time.sleep(PAUSE_S)
                self._fill()
        return 0 if self._is_well else 1

    def _fill(self) -> None:
        for number in sorted(set(range(self._count)) - set(self._numbers.values())):
            self._start(number)

    def _start(self, number: int) -> bool:
        """Fork one; whether it came to serve."""
        ready, say_so = os.pipe()
        with _signals_held():
            if self._is_stopping:
                return False
            pid = os.fork()
            if not pid:
                os.close(ready)
                self._be(Ties(number=number, alive=self._alive, ready=say_so))
            self._numbers[pid] = number
        os.close(say_so)
        serves = os.read(ready, 1) != b""
        os.close(ready)
        if serves:
            log.info("Process %d serves", pid)
        return serves

    def _be(self, ties: Ties) -> Never:
        """What a child does, from its birth to its end."""
        os.close(self._held)
        for each in (*SIGNALS, signal.SIGALRM):
            signal.signal(each, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        status = 1
        try:
            status = self._work(ties)
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else 1
        except BaseException:
            log.exception("A process has failed")
        finally:  # whatever happened, it does not go on as its parent would
            end(status)

    def _reap(self) -> int:
        """Wait until one has ended; its exit status."""
        pid, status = os.wait()
        while pid not in self._numbers:  # in a container, all that lost their parents are ours
            pid, status = os.wait()
        del self._numbers[pid]
        mark_process_dead(pid)  # type: ignore[no-untyped-call]
        return os.waitstatus_to_exitcode(status)

    def _listen_to_signals(self, on_stop: Callable[[], None]) -> None:
        def stop(*_: Any) -> None:
            self._is_stopping = True
            self._tell(signal.SIGTERM)
            signal.alarm(self._grace_s)
            on_stop()

        for each in SIGNALS:
            signal.signal(each, stop)
        signal.signal(signal.SIGALRM, lambda *_: self._tell(signal.SIGKILL))

    def _tell(self, what: signal.Signals) -> None:
        for pid in [*self._numbers]:
            with suppress(ProcessLookupError):
                os.kill(pid, what)


@contextmanager
def _signals_held() -> Iterator[None]:
    """Nobody is told to stop while it is not known who is there."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
