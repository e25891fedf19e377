"""The images port: our own walk over the headers, Pillow for the pixels."""

import asyncio
import logging
from collections.abc import Sequence

from mediaport.adapters.pillow.decoding.messages import Broken
from mediaport.adapters.pillow.decoding.pool import Decoders
from mediaport.adapters.pillow.formats.walk import stripped
from mediaport.adapters.pillow.inspection import inspect
from mediaport.application.ports.images import (
    BrokenImage,
    ByteReader,
    Images,
    Thumbnail,
    ThumbnailSet,
)
from mediaport.domain.media import ImageFacts
from mediaport.domain.policy import MetadataRule

log = logging.getLogger(__name__)


class PillowImages(Images):
    """Reads headers itself, and lets `decoders` do what may go wrong."""

    def __init__(
        self,
        decoders: Decoders,
        *,
        max_pixels: int,
        quality: int,
        metadata: MetadataRule = MetadataRule.STRIP_LOCATION,
    ) -> None:
        self._decoders = decoders
        self._max_pixels = max_pixels
        self._quality = quality
        self._metadata = metadata

    async def inspect(self, read: ByteReader, *, size_bytes: int) -> ImageFacts:
        """What header, metadata and end say, without decoding."""
        return await inspect(read, size_bytes=size_bytes, rule=self._metadata)

    async def strip(self, original: bytes) -> bytes:
        """The same pixels with less metadata; what decodes is not waited for."""
        return await asyncio.to_thread(stripped, original, self._metadata)

    async def make_thumbnails(self, original: bytes, *, sizes: Sequence[int]) -> ThumbnailSet:
        """Thumbnails and placeholder, made in another process."""
        answer = await self._decoders.answer(
            original, sizes=sizes, quality=self._quality, max_pixels=self._max_pixels
        )
        if isinstance(answer, Broken):
            if answer.trace:
                log.warning("An image raised what broken images seldom raise:\n%s", answer.trace)
            raise BrokenImage(answer.reason, answer.detail)
        thumbnails = tuple(
            Thumbnail(size=each.size, width=each.width, height=each.height, body=each.body)
            for each in answer.pictures
        )
        return ThumbnailSet(thumbnails=thumbnails, placeholder=answer.placeholder)
