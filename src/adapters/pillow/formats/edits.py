"""What is to be changed in a file at hand for it to be published."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mediaport.adapters.pillow.formats.layout import Block
from mediaport.adapters.pillow.metadata.publishing import published
from mediaport.domain.policy import MetadataRule


@dataclass(frozen=True, slots=True)
class Edit:
    """Other bytes, or none, in place of those from `start` to `end`."""

    start: int
    end: int
    replacement: bytes = b""

    @property
    def moves(self) -> bool:
        """Whether what follows comes to stand elsewhere."""
        return len(self.replacement) != self.end - self.start


def apply(original: bytes, edits: Iterable[Edit]) -> bytes:
    """The file with its edits made, which do not overlap."""
    parts, at = [], 0
    for edit in sorted(edits, key=lambda each: each.start):
        parts += [original[at : edit.start], edit.replacement]
        at = edit.end
    return b"".join([*parts, original[at:]])


def edits_of_blocks(
    blocks: Iterable[Block],
    original: bytes,
    rule: MetadataRule,
    *,
    header_bytes: int,
    written: Callable[[bytes, bytes], bytes],
) -> list[Edit]:
    """What becomes of blocks of metadata; those that stay as they are have no edit.

    `header_bytes`: the length of a block's name and size. `written`: a block of that name and data.
    """
    made = []
    for each in blocks:
        payload = original[each.payload_start : each.payload_end]
        allowed = published(each.kind, payload, rule)
        if allowed is None:
            made.append(Edit(each.start, each.end))
        elif allowed != payload:
            data = original[each.start + header_bytes : each.payload_start] + allowed
            made.append(Edit(each.start, each.end, written(each.name, data)))
    return made
