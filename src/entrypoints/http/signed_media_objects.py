"""Media objects where nothing is public: each URL in them is signed for a time."""

from collections.abc import Hashable, Sequence

from mediaport.application.media.signed_urls import SignedUrls
from mediaport.application.ports.shown import ShownMedia
from mediaport.domain.media import Media
from mediaport.entrypoints.http.media_object import MediaObject, MediaObjects


class SignedMediaObjects(MediaObjects):
    """Makes the same media objects of media whose URLs it has signed."""

    def __init__(self, sizes: Sequence[int], urls: SignedUrls) -> None:
        super().__init__(sizes)
        self._urls = urls

    def shown(self, media: ShownMedia) -> MediaObject:
        """A media item as the API shows it."""
        sign = self._urls.of
        thumbnails = {size: sign(url) for size, url in media.thumbnails.items()}
        signed = media._replace(public_url=sign(media.public_url), thumbnails=thumbnails)
        return super().shown(signed)

    def public_url(self, media: Media) -> str:
        """Where the original can be read, once it is ready: by then, ask for the media item."""
        return self._urls.of(super().public_url(media))

    def shown_url(self, media: ShownMedia) -> str | None:
        """Where the original can be read, if it can be shown."""
        return self._signed(super().shown_url(media))

    def smallest_url(self, media: ShownMedia) -> str | None:
        """Where the smallest thumbnail of those that are set can be read, once it is made."""
        return self._signed(super().smallest_url(media))

    def edition(self) -> Hashable:
        """Changes with the window in which a URL stays, and with who signs."""
        return self._urls.edition()

    def _signed(self, url: str | None) -> str | None:
        return url and self._urls.of(url)
