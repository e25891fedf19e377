"""Thumbnails of an original, made and put beside it."""

from dataclasses import dataclass

from mediaport.application.ports.images import Images, Thumbnail
from mediaport.application.ports.media_repository import MediaRepository
from mediaport.application.ports.object_store import ObjectStore
from mediaport.domain.errors import MediaNotFound
from mediaport.domain.keys import variant_key
from mediaport.domain.media import Media, Variant
from mediaport.domain.policy import ContentType, UploadPolicy


@dataclass(frozen=True, slots=True)
class PublishThumbnails:
    """Changes objects alone. Whoever calls it saves what comes of it, or takes it back."""

    media: MediaRepository
    store: ObjectStore
    images: Images
    policy: UploadPolicy

    async def __call__(self, media: Media, *, sizes: tuple[int, ...]) -> Media:
        """The media item with thumbnails of `sizes`; of the others it keeps those of the policy.

        Raises:
            ObjectMissing: The original is gone.
            BrokenImage: It cannot be decoded.
            DecoderLost: What decoded it was killed.
            PartUnavailable: The store or the decoders are down.
        """
        original = await self.store.read(media.object_key)
        made = await self.images.make_thumbnails(original, sizes=sizes)
        variants = {
            variant.size: variant
            for variant in media.variants
            if variant.size in self.policy.thumbnail_sizes
        }
        for thumbnail in made.thumbnails:
            variants[thumbnail.size] = await self._put(media, thumbnail)
        return media.with_thumbnails(
            tuple(variants[size] for size in sorted(variants)), placeholder=made.placeholder
        )

    async def _put(self, media: Media, thumbnail: Thumbnail) -> Variant:
        key = variant_key(media.object_key, thumbnail.size)
        await self.store.put(key, thumbnail.body, content_type=ContentType.WEBP)
        return Variant(
            size=thumbnail.size,
            object_key=key,
            public_url=media.url_of(key),
            width=thumbnail.width,
            height=thumbnail.height,
            size_bytes=len(thumbnail.body),
        )

    async def take_back(self, done: Media) -> bool:
        """Remove what was made for a media item that was deleted meanwhile; False if it was not.

        The keys are the same for everyone: where another was faster, they are its too.
        """
        try:
            await self.media.get(done.id)
        except MediaNotFound:
            await self.store.delete([variant.object_key for variant in done.variants])
            return True
        return False
