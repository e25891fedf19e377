"""What is written in one turn of the event loop is one write."""

import asyncio

from mediaport.entrypoints.http.joined_writes import JoinedWrites


class Written(asyncio.Transport):
    """Says what was written, and when it was closed."""

    def __init__(self) -> None:
        super().__init__({"peername": "ada"})
        self.done: list[bytes | str] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.done.append(bytes(data))

    def write_eof(self) -> None:
        self.done.append("eof")

    def is_closing(self) -> bool:
        return "closed" in self.done

    def get_write_buffer_size(self) -> int:
        return 0

    def close(self) -> None:
        self.done.append("closed")


async def test_head_and_body_are_one_write() -> None:
    written = Written()
    joined = JoinedWrites(written, asyncio.get_running_loop())

    joined.write(b"head ")
    joined.write(b"body")
    await asyncio.sleep(0)
    joined.write(b"later")
    await asyncio.sleep(0)

    assert written.done == [b"head body", b"later"]


async def test_a_head_does_not_wait_for_a_body_that_comes_later() -> None:
    written = Written()
    joined = JoinedWrites(written, asyncio.get_running_loop())

    joined.write(b"head")
    await asyncio.sleep(0)

    assert written.done == [b"head"]


async def test_nothing_is_lost_where_it_is_closed() -> None:
    written = Written()
    joined = JoinedWrites(written, asyncio.get_running_loop())

    joined.write(b"last ")
    joined.write(b"words")
    joined.write_eof()
    joined.close()
    await asyncio.sleep(0)

    assert written.done == [b"last words", "eof", "closed"]
    assert joined.get_extra_info("peername") == "ada"
