"""Bytes at hand, read in parts like an object far away."""


class Reader:
    """Reads parts, and remembers how much was asked for, and how often."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.bytes_read = 0
        self.requests = 0

    async def __call__(self, start: int, length: int) -> bytes:
        part = self._body[start : start + length]
        self.bytes_read += len(part)
        self.requests += 1
        return part
