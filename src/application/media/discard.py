"""Which objects of a media item must go when it goes, and when."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mediaport.application.ports.media_repository import ObjectDeletion
from mediaport.domain.media import Media
from mediaport.domain.policy import UploadPolicy


@dataclass(frozen=True, slots=True)
class Discard:
    """Writes the list of objects to remove; it is kept in the transaction that drops the row."""

    policy: UploadPolicy

    def all_of(self, media: Media, *, now: datetime) -> list[ObjectDeletion]:
        """Every object that `media` has or could still get."""
        public = media.published_keys(self.policy.thumbnail_sizes)
        return [
            *(ObjectDeletion(object_key=key, due_at=now) for key in public),
            self.incoming_of(media, now=now),
        ]

    def incoming_of(self, media: Media, *, now: datetime) -> ObjectDeletion:
        """The uploaded object, once no signed URL can bring it back.

        A URL signed a moment ago can be used until its time is over: removed any sooner, the
        object could be uploaded again and stay for ever.
        """
        last_use = timedelta(seconds=2 * self.policy.url_ttl_s)
        return ObjectDeletion(object_key=media.incoming_key, due_at=now + last_use)
