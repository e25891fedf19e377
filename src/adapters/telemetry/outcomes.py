"""What came of something, in one word: `ok`, or the code that a caller is told."""

import asyncio

from mediaport.application.ports.images import BrokenImage
from mediaport.application.ports.object_store import ObjectChanged, ObjectMissing
from mediaport.application.ports.unavailable import PartFull, PartUnavailable
from mediaport.domain.errors import DomainError

OK = "ok"


def outcome_of(error: BaseException | None) -> str:
    """The word for an error, or for none. They are few: each is a label of its own."""
    match error:
        case None:
            word = OK
        case DomainError():
            word = error.code
        case PartFull():
            word = f"{error.part}_full"
        case PartUnavailable():
            word = f"{error.part}_unavailable"
        case ObjectMissing():
            word = "object_missing"
        case ObjectChanged():
            word = "object_changed"
        case BrokenImage():
            word = error.reason
        case asyncio.CancelledError():
            word = "cancelled"
        case _:
            word = "internal_error"
    return word
