"""Which objects of a media item must go when it goes, and when."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mediaport.application.ports.media_repository import (
    COMPLETION_CLAIM_LASTS,
    THUMBNAILS_CLAIM_LASTS,
    ObjectDeletion,
)
from mediaport.domain.media import Media
from mediaport.domain.policy import UploadPolicy

# The longest that a store lets one upload take.
UPLOAD_LASTS = timedelta(minutes=10)
# Whoever is at work on a media item right now may write its objects until then, and hold deletions.
WORK_LASTS = 2 * THUMBNAILS_CLAIM_LASTS
# A page that is open goes on showing what it was told of.
SHOWN_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class DeletionPlan:
    """Says what to write down in the transaction that drops the row."""

    policy: UploadPolicy

    def all_of(self, media: Media, *, now: datetime) -> list[ObjectDeletion]:
        """Every object that `media` has or could still get."""
        public = media.published_keys(self.policy.thumbnail_sizes)
        due_at = now + WORK_LASTS
        return [
            *(ObjectDeletion(object_key=key, due_at=due_at) for key in public),
            self.incoming_of(media, now=now),
        ]

    def dropped_at(self, *, now: datetime) -> datetime:
        """When a thumbnail goes whose size is no longer made."""
        return now + SHOWN_FOR

    def beside_remakes(self, *, now: datetime) -> datetime:
        """When an object goes whose key may just be made anew, by a run that holds deletions."""
        return now + WORK_LASTS

    def staged(self, key: str, *, claimed_until: datetime) -> ObjectDeletion:
        """What one completion stages, once nobody can stage it any more."""
        return ObjectDeletion(object_key=key, due_at=claimed_until + COMPLETION_CLAIM_LASTS)

    def incoming_of(self, media: Media, *, now: datetime) -> ObjectDeletion:
        """The uploaded object, once no signed URL can bring it back.

        An upload can begin until a URL signed a moment ago is over, and takes its time then:
        removed any sooner, the object could be there again and stay for ever.
        """
        last_use = timedelta(seconds=self.policy.url_ttl_s) + UPLOAD_LASTS
        return ObjectDeletion(object_key=media.incoming_key, due_at=now + last_use)
