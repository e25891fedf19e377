"""An archive in memory."""

from collections.abc import Iterator
from hashlib import sha256

from mediaport.application.ports.archive import (
    ArchiveReader,
    ArchiveUnfit,
    ArchiveWriter,
    Exported,
    ExportedMedia,
    ExportedPost,
    ExportedProfile,
)


class MemoryArchive(ArchiveWriter, ArchiveReader):
    """Is written, and read.

    Attributes:
        facts: What was added, in that order.
        originals: Bodies, by the ids of their media.
    """

    def __init__(self) -> None:
        self.facts: list[Exported] = []
        self.originals: dict[int, bytes] = {}

    async def keep(self, media: ExportedMedia, body: bytes) -> None:
        """Keep an original."""
        self.originals[media.id] = body

    def add(self, exported: Exported) -> None:
        """Keep a fact."""
        self.facts.append(exported)

    def profile(self) -> ExportedProfile:
        """The profile."""
        for each in self.facts:
            if isinstance(each, ExportedProfile):
                return each
        raise ArchiveUnfit("profile.json is missing")

    def media(self) -> Iterator[ExportedMedia]:
        """The media items."""
        return (each for each in self.facts if isinstance(each, ExportedMedia))

    def posts(self) -> Iterator[ExportedPost]:
        """The posts."""
        return (each for each in self.facts if isinstance(each, ExportedPost))

    async def original(self, media: ExportedMedia) -> bytes:
        """An original, held to its size and hash."""
        if media.id not in self.originals:
            raise ArchiveUnfit(f"the original of media {media.id} is missing")
        body = self.originals[media.id]
        if (len(body), sha256(body).hexdigest()) != (media.size_bytes, media.sha256):
            raise ArchiveUnfit(f"the original of media {media.id} is another")
        return body
