"""asyncpg alone, for hot statements."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any

import asyncpg
from sqlalchemy.engine import URL

from mediaport.adapters.sql.postgresql import Patience


class Driver:
    """Runs single statements on connections of its own, each as a transaction of its own.

    Nothing outlives such a statement, so a connection needs no reset when it goes back. One whose
    statement was cut short, by a timeout or by a client that left, is not used again. asyncpg's own
    pool makes a task for each connection that goes back: a third of what a statement costs.
    """

    def __init__(self, url: URL, patience: Patience) -> None:
        self._url, self._patience = url, patience
        self._idle: list[asyncpg.Connection] = []
        self._free_turns = patience.driver_size
        self._waiting: deque[asyncio.Future[bool]] = deque()  # whether it is their turn
        self._is_closed = False

    async def fetch(self, text: str, arguments: Sequence[Any]) -> list[asyncpg.Record]:
        """The rows that a statement gives.

        Raises:
            TimeoutError: All connections were in use for too long.
        """
        if self._free_turns:
            self._free_turns -= 1
        else:
            await self._wait_for_turn()
        try:
            return await self._fetch(text, arguments)
        finally:
            self._pass_turn_on()

    async def close(self) -> None:
        """Close every connection, those that are in use when they come back."""
        self._is_closed = True
        while self._idle:
            self._idle.pop().terminate()

    async def _wait_for_turn(self) -> None:
        """Many callers wait here. A semaphore and a timeout, together, cost three times as much."""
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        self._waiting.append(waiter)
        timer = loop.call_later(self._patience.connect_timeout_s, _end, waiter)
        try:
            is_its_turn = await waiter
        except asyncio.CancelledError:
            if not waiter.cancelled() and waiter.result():  # it came at the same moment
                self._pass_turn_on()
            raise
        finally:
            timer.cancel()
        if not is_its_turn:
            raise TimeoutError

    def _pass_turn_on(self) -> None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(True)
                return
        self._free_turns += 1

    async def _fetch(self, text: str, arguments: Sequence[Any]) -> list[asyncpg.Record]:
        connection = await self._connection()
        try:
            rows: list[asyncpg.Record] = await connection.fetch(text, *arguments)
        except asyncpg.PostgresError:  # the server's answer: it is there, and waits for the next
            self._take_back(connection)
            raise
        except BaseException:
            connection.terminate()
            raise
        self._take_back(connection)
        return rows

    def _take_back(self, connection: asyncpg.Connection) -> None:
        if self._is_closed:
            connection.terminate()
        else:
            self._idle.append(connection)

    async def _connection(self) -> asyncpg.Connection:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        return await asyncpg.connect(
            host=self._url.host,
            port=self._url.port,
            user=self._url.username,
            password=self._url.password,
            database=self._url.database,
            ssl=self._url.query.get("ssl"),
            timeout=self._patience.connect_timeout_s,
            command_timeout=self._patience.client_timeout_s,
            server_settings=self._patience.server_settings(self._url),
        )


def _end(waiter: asyncio.Future[bool]) -> None:
    if not waiter.done():
        waiter.set_result(False)
