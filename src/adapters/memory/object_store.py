"""A bucket in a dictionary, with uploads that obey the signed protocol."""

import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mediaport.application.ports.clock import Clock
from mediaport.application.ports.object_store import (
    ListedObject,
    ObjectChanged,
    ObjectMissing,
    ObjectStore,
    SignedUpload,
    StoredObject,
)
from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.domain.keys import KeyPrefixes

PREFIXES = KeyPrefixes(incoming="incoming/", public="public/")


@dataclass(frozen=True, slots=True)
class _Object:
    body: bytes
    content_type: str
    modified_at: datetime

    @property
    def etag(self) -> str:
        return hashlib.md5(self.body, usedforsecurity=False).hexdigest()


class MemoryObjectStore(ObjectStore):
    """Keeps objects in memory.

    Attributes:
        objects: What is stored, by key.
        is_down: Set it, and every call fails as an unreachable store does.
        written: How many times we have written an object, by key.
    """

    def __init__(self, clock: Clock) -> None:
        self.bucket = "memory"
        self.public_base_url = "memory://public"
        self.upload_origin = "memory://upload"
        self.objects: dict[str, _Object] = {}
        self.is_down = False
        self.written: Counter[str] = Counter()
        self._clock = clock
        self._signed: dict[str, tuple[str, str, int, datetime]] = {}

    def presign_put(
        self, key: str, *, content_type: str, size_bytes: int, expires_in_s: int, now: datetime
    ) -> SignedUpload:
        """Permission for `receive`."""
        if not PREFIXES.is_signable(key):
            raise ValueError(f"{key!r} is no key for uploads: it is not signed")
        expires_at = now + timedelta(seconds=expires_in_s)
        url = f"memory://upload/{len(self._signed) + 1}"
        self._signed[url] = (key, content_type, size_bytes, expires_at)
        return SignedUpload(
            url=url,
            headers={"Content-Type": content_type},
            expires_at=expires_at,
            expires_in_s=expires_in_s,
        )

    def receive(self, url: str, body: bytes, *, content_type: str) -> int:
        """A client's PUT to a signed URL, with S3's status: 200, or 403 and nothing stored."""
        key, signed_type, size_bytes, expires_at = self._signed.get(
            url, ("", "", 0, self._clock.now())
        )
        if (content_type, len(body)) != (signed_type, size_bytes):
            return 403
        if self._clock.now() >= expires_at:
            return 403
        self.objects[key] = _Object(body, content_type, self._clock.now())
        return 200

    async def stat(self, key: str) -> StoredObject:
        """Size, type and ETag of an object."""
        found = self._get(key)
        return StoredObject(
            size_bytes=len(found.body), content_type=found.content_type, etag=found.etag
        )

    async def read(
        self, key: str, *, start: int = 0, length: int | None = None, etag: str | None = None
    ) -> bytes:
        """A part of an object."""
        found = self._get(key, etag)
        return found.body[start : None if length is None else start + length]

    async def stat_and_read(self, key: str, *, length: int) -> tuple[StoredObject, bytes]:
        """Both at once: nothing happens in between."""
        return await self.stat(key), await self.read(key, length=length)

    async def stage(self, incoming_key: str, staged_key: str) -> None:
        """A copy of the object."""
        found = self._get(incoming_key)
        await self.put(staged_key, found.body, content_type=found.content_type)

    async def publish(
        self, staged_key: str, public_key: str, *, etag: str, content_type: str
    ) -> str:
        """A copy of the object."""
        found = self._get(staged_key, etag)
        return await self.put(public_key, found.body, content_type=content_type)

    async def put(self, public_key: str, body: bytes, *, content_type: str) -> str:
        """A new object."""
        self._answer()
        self.written[public_key] += 1
        self.objects[public_key] = _Object(body, content_type, self._clock.now())
        return self.objects[public_key].etag

    async def delete(self, keys: Sequence[str]) -> None:
        """Remove objects."""
        self._answer()
        for key in keys:
            self.objects.pop(key, None)

    async def objects_under(self, prefix: str) -> AsyncIterator[ListedObject]:
        """What is stored, as it is when the listing begins."""
        self._answer()
        for key, found in sorted(self.objects.items()):
            if key.startswith(prefix):
                yield ListedObject(
                    key=key, size_bytes=len(found.body), modified_at=found.modified_at
                )

    async def check(self) -> None:
        """Fail if the store was taken down."""
        self._answer()

    def _get(self, key: str, etag: str | None = None) -> _Object:
        self._answer()
        if key not in self.objects:
            raise ObjectMissing(key)
        found = self.objects[key]
        if etag is not None and found.etag != etag:
            raise ObjectChanged(key, pinned=etag)
        return found

    def _answer(self) -> None:
        if self.is_down:
            raise PartUnavailable("object_store", "it was taken down")
