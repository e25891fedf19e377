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


def edits_of_chunks(
    blocks: Iterable[Block],
    original: bytes,
    rule: MetadataRule,
    *,
    chunk: Callable[[bytes, bytes], bytes],
) -> list[Edit]:
    """What becomes of chunks of metadata. `chunk` writes one, from its name and its data."""
    made = []
    for each in blocks:
        payload = original[each.payload_start : each.payload_end]
        allowed = published(each.kind, payload, rule)
        if allowed is None:
            made.append(Edit(each.start, each.end))
        elif allowed != payload:
            # Name and length of a chunk are eight bytes, in PNG and in WebP.
            data = original[each.start + 8 : each.payload_start] + allowed
            made.append(Edit(each.start, each.end, chunk(each.name, data)))
    return made
