"""The one error that every port shares: the part behind it is down."""


class PartUnavailable(Exception):
    """A part did not answer, or not in time. Nothing is half-done; the same call may work later.

    Attributes:
        part: `database`, `object_store`, `thumbnail_queue` or `decoder`.
        cause: What the part, or the way to it, said.
    """

    def __init__(self, part: str, cause: str) -> None:
        super().__init__(f"The {part.replace('_', ' ')} is unavailable: {cause}")
        self.part = part
        self.cause = cause


class PartFull(PartUnavailable):
    """A part has no room left. Someone must make room before the same call can work."""
