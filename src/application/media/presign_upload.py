"""A browser asks for permission to upload one image."""

from dataclasses import dataclass
from uuid import uuid4

from mediaport.application.ports.clock import Clock
from mediaport.application.ports.media_repository import MediaRepository
from mediaport.application.ports.object_store import ObjectStore, SignedUpload
from mediaport.domain.keys import KeyPrefixes
from mediaport.domain.media import Media, MediaId
from mediaport.domain.policy import Kind, UploadPolicy
from mediaport.domain.users import UserId


@dataclass(frozen=True, slots=True)
class PresignUpload:
    """Keeps a pending media item and signs the URL for its bytes. Makes no call to the store."""

    media: MediaRepository
    store: ObjectStore
    clock: Clock
    policy: UploadPolicy
    prefixes: KeyPrefixes

    async def __call__(
        self, *, kind: Kind, content_type: str, size_bytes: int, by: UserId
    ) -> tuple[Media, SignedUpload]:
        """The pending media item and the permission to upload it.

        Raises:
            KindUnknown: There is no such kind.
            ContentTypeNotAllowed: The type is not on the allow-list.
            SizeNotPositive: Less than one byte is declared.
            SizeTooLarge: More bytes are declared than the kind may have.
            TooManyPendingUploads: Too many others are pending.
            TooManyPendingBytes: They would declare too many bytes, together.
            StorageQuotaExceeded: The user would store too many bytes.
        """
        self.policy.check(kind=kind, content_type=content_type, size_bytes=size_bytes)
        now = self.clock.now()

        def request(media_id: MediaId) -> Media:
            return Media.request(
                id=media_id,
                owner_id=by,
                kind=kind,
                content_type=content_type,
                size_bytes=size_bytes,
                policy=self.policy,
                prefixes=self.prefixes,
                name=uuid4().hex,
                bucket=self.store.bucket,
                public_base_url=self.store.public_base_url,
                now=now,
            )

        media = await self.media.add(request, owner_id=by, policy=self.policy, now=now)
        return media, self._sign(media)

    async def again(self, media_id: MediaId, *, by: UserId) -> tuple[Media, SignedUpload]:
        """A fresh permission for a pending media item whose first one ran out.

        Raises:
            MediaNotFound: There is no such media of theirs.
            MediaAlreadyReady: It was completed.
            UploadExpired: Its time is over.
        """
        media = await self.media.get(media_id)
        media.require_owner(by)
        media.require_uploadable(self.clock.now())
        return media, self._sign(media)

    def _sign(self, media: Media) -> SignedUpload:
        return self.store.presign_put(
            media.incoming_key,
            content_type=media.content_type,
            size_bytes=media.size_bytes,
            expires_in_s=self.policy.url_ttl_s,
            now=self.clock.now(),
        )
