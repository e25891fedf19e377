"""The product over fakes: every use case, nothing real underneath."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from mediaport.adapters.memory.attachment_repository import MemoryAttachmentRepository
from mediaport.adapters.memory.belongings import MemoryBelongings
from mediaport.adapters.memory.clock import MemoryClock
from mediaport.adapters.memory.images import MemoryImages, picture
from mediaport.adapters.memory.inventory import MemoryInventory
from mediaport.adapters.memory.leases import MemoryLeases
from mediaport.adapters.memory.media_events import MemoryMediaEvents
from mediaport.adapters.memory.media_repository import MemoryMediaRepository
from mediaport.adapters.memory.object_store import MemoryObjectStore
from mediaport.adapters.memory.passwords import MemoryPasswords
from mediaport.adapters.memory.post_repository import MemoryPostRepository
from mediaport.adapters.memory.public_urls import MemoryPublicUrls
from mediaport.adapters.memory.rate_limiter import MemoryRateLimiter
from mediaport.adapters.memory.remake_repository import MemoryRemakeRepository
from mediaport.adapters.memory.tables import MemoryTables
from mediaport.adapters.memory.thumbnail_queue import MemoryThumbnailQueue
from mediaport.adapters.memory.tokens import MemoryTokens
from mediaport.adapters.memory.url_signer import MemoryUrlSigner
from mediaport.adapters.memory.user_repository import MemoryUserRepository
from mediaport.adapters.sql.database import Database
from mediaport.application.ports.images import ThumbnailSet
from mediaport.domain.media import Media, MediaId
from mediaport.domain.policy import POST_IMAGE, ContentType, Kind
from mediaport.domain.users import UserId
from mediaport.entrypoints.container import Container
from mediaport.entrypoints.settings import Settings


@dataclass
class World:
    """One product, its fakes, and the steps that tests start from.

    Attributes:
        database: A real one, to be used instead of `tables`; everything else stays a fake.
    """

    settings: Settings = field(
        default_factory=lambda: Settings(
            jwt_secret="x" * 32, media_max_pending=5, data_dir="/no-such-folder"
        )
    )
    clock: MemoryClock = field(default_factory=MemoryClock)
    tables: MemoryTables = field(default_factory=MemoryTables)
    queue: MemoryThumbnailQueue = field(default_factory=MemoryThumbnailQueue)
    events: MemoryMediaEvents = field(default_factory=MemoryMediaEvents)
    passwords: MemoryPasswords = field(default_factory=MemoryPasswords)
    images: MemoryImages = field(default_factory=MemoryImages)
    database: Database | None = None

    def __post_init__(self) -> None:
        self.store = MemoryObjectStore(self.clock)
        self.signer = MemoryUrlSigner(self.store, self.clock)
        self.media = MemoryMediaRepository(self.tables)
        self.use: Any = Container(settings=self.settings)
        self.use.clock.override(self.clock)
        self.use.store.override(self.store)
        self.use.url_signer.override(self.signer)
        self.use.queue.override(self.queue)
        self.use.own_queue.override(self.queue)
        self.use.media_events.override(self.events)
        self.use.images.override(self.images)
        self.rate_limiter = MemoryRateLimiter(self.clock)
        self.use.rate_limiter.override(self.rate_limiter)
        self.use.passwords.override(self.passwords)
        self.use.tokens.override(MemoryTokens())
        self.use.recent_users.override(self.use.users)  # those would outlive `empty`
        if self.database is None:
            self._keep_rows_in_memory()
        else:
            self.use.database.override(self.database)

    def _keep_rows_in_memory(self) -> None:
        self.use.media.override(self.media)
        self.use.leases.override(MemoryLeases(self.tables))
        self.use.inventory.override(MemoryInventory(self.tables))
        self.use.belongings.override(MemoryBelongings(self.tables))
        self.use.public_urls.override(MemoryPublicUrls(self.tables))
        self.use.users.override(MemoryUserRepository(self.tables))
        self.use.attachments.override(MemoryAttachmentRepository(self.tables))
        self.use.posts.override(MemoryPostRepository(self.tables))
        self.use.remakes.override(MemoryRemakeRepository(self.tables))

    def set_anew(self, **settings: object) -> "World":
        """The same database and store, used with other settings."""
        other = replace(self, settings=msgspec.structs.replace(self.settings, **settings))
        other.store = self.store
        other.use.store.override(self.store)
        return other

    def empty(self) -> None:
        """Forget everything, as if nothing had happened yet."""
        vars(self.tables).update(vars(MemoryTables()))
        vars(self.clock).update(vars(MemoryClock()))
        vars(self.queue).update(vars(MemoryThumbnailQueue()))
        vars(self.events).update(vars(MemoryMediaEvents()))
        vars(self.store).update(vars(MemoryObjectStore(self.clock)))
        vars(self.rate_limiter).update(vars(MemoryRateLimiter(self.clock)))

    async def user(self, name: str = "ada") -> UserId:
        """A registered user."""
        user, _ = await self.use.register_user()(username=name, password="correct horse")
        user_id: UserId = user.id
        return user_id

    async def uploaded(
        self, owner: UserId, kind: Kind = POST_IMAGE, body: bytes | None = None
    ) -> MediaId:
        """A pending media item whose bytes lie in the store."""
        body = picture() if body is None else body
        media, upload = await self.use.presign_upload()(
            kind=kind, content_type="image/jpeg", size_bytes=len(body), by=owner
        )
        assert self.store.receive(upload.url, body, content_type="image/jpeg") == 200
        media_id: MediaId = media.id
        return media_id

    async def ready(
        self, owner: UserId, kind: Kind = POST_IMAGE, body: bytes | None = None
    ) -> Media:
        """A ready media item."""
        media_id = await self.uploaded(owner, kind, body)
        media: Media = await self.use.complete_upload()(media_id, by=owner)
        return media

    async def work(self) -> None:
        """Make every thumbnail that was asked for."""
        while self.queue.waiting:
            self.queue.waiting.pop(0)
            await self.use.make_next_thumbnails()()

    def record_decodes(self) -> list[bytes]:
        """The originals whose thumbnails are made from here on, in that order."""
        begun: list[bytes] = []
        decode = self.images.make_thumbnails

        async def record(original: bytes, *, sizes: Sequence[int]) -> ThumbnailSet:
            begun.append(original)
            return await decode(original, sizes=sizes)

        self.images.make_thumbnails = record  # type: ignore[method-assign]
        return begun

    @property
    def public_keys(self) -> set[str]:
        """What anyone can read."""
        return {key for key in self.store.objects if key.startswith("public/")}


JPEG, PNG, WEBP = ContentType.JPEG, ContentType.PNG, ContentType.WEBP
