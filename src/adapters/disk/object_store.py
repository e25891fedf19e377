"""The object store on a local folder."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice

from mediaport.adapters.disk.folder import ObjectFolder, etag_of
from mediaport.adapters.disk.signing import UploadSigner
from mediaport.application.ports.object_store import (
    ListedObject,
    ObjectStore,
    SignedUpload,
    StoredObject,
    origin_of,
)
from mediaport.domain.keys import KeyPrefixes
from mediaport.domain.policy import ContentType

# As many files as are looked at in one turn of a thread.
LISTED_AT_ONCE = 1000
# The ending of a key says the type: keys are ours, and a signature binds the type to the key.
TYPES = {kind.extension: str(kind) for kind in ContentType}


def content_type_of(key: str) -> str:
    """The content type of an object, from its key."""
    return TYPES.get(key.rpartition(".")[2], "application/octet-stream")


class DiskObjectStore(ObjectStore):
    """Keeps objects as files; `server.py` serves and receives them over HTTP."""

    bucket = "local"

    def __init__(
        self,
        folder: ObjectFolder,
        signer: UploadSigner,
        *,
        upload_base_url: str,
        public_base_url: str,
        prefixes: KeyPrefixes,
    ) -> None:
        self.public_base_url = public_base_url
        self.upload_origin = origin_of(upload_base_url)
        self._folder = folder
        self._signer = signer
        self._upload_base_url = upload_base_url
        self._prefixes = prefixes

    def presign_put(
        self, key: str, *, content_type: str, size_bytes: int, expires_in_s: int, now: datetime
    ) -> SignedUpload:
        """A URL of `server.py` with a signature. Signing is arithmetic, no input or output."""
        if not self._prefixes.is_signable(key):
            raise ValueError(f"{key!r} is no key for uploads: it is not signed")
        if content_type != content_type_of(key):
            raise ValueError(f"{key!r} is no key for {content_type}")
        expires_at = (now + timedelta(seconds=expires_in_s)).replace(microsecond=0)
        query = self._signer.query(
            key, content_type=content_type, size_bytes=size_bytes, expires_at=expires_at
        )
        return SignedUpload(
            url=f"{self._upload_base_url}/{key}?{query}",
            headers={"Content-Type": content_type},
            expires_at=expires_at,
            expires_in_s=expires_in_s,
        )

    async def stat(self, key: str) -> StoredObject:
        """Size and ETag from the file system, the type from the key."""
        return _stored(key, await asyncio.to_thread(self._folder.stat, key))

    async def read(
        self, key: str, *, start: int = 0, length: int | None = None, etag: str | None = None
    ) -> bytes:
        """A part of a file."""
        return await asyncio.to_thread(
            self._folder.read, key, start=start, length=length, etag=etag
        )

    async def stat_and_read(self, key: str, *, length: int) -> tuple[StoredObject, bytes]:
        """Both of the same file."""
        status, body = await asyncio.to_thread(self._folder.stat_and_read, key, length)
        return _stored(key, status), body

    async def stage(self, incoming_key: str, staged_key: str) -> None:
        """A second key for the same file, where the file system can."""
        await asyncio.to_thread(self._folder.link, incoming_key, staged_key, etag=None)

    async def publish(
        self,
        staged_key: str,
        public_key: str,
        *,
        etag: str,
        content_type: str,  # noqa: ARG002 - the key's ending says it
    ) -> str:
        """A second key for the same file, where the file system can."""
        status = await asyncio.to_thread(self._folder.link, staged_key, public_key, etag=etag)
        return etag_of(status)

    async def put(
        self,
        public_key: str,
        body: bytes,
        *,
        content_type: str,  # noqa: ARG002 - the key's ending says it
    ) -> str:
        """A new file."""

        def write() -> str:
            upload = self._folder.begin(public_key)
            try:
                return etag_of(upload.finish(body))
            finally:
                upload.discard()

        return await asyncio.to_thread(write)

    async def delete(self, keys: Sequence[str]) -> None:
        """Remove files."""

        def remove() -> None:
            for key in keys:
                self._folder.delete(key)

        await asyncio.to_thread(remove)

    async def objects_under(self, prefix: str) -> AsyncIterator[ListedObject]:
        """The files that are there; what they hold came when they were last written."""
        files = self._folder.files_under(prefix)
        while chunk := await asyncio.to_thread(lambda: list(islice(files, LISTED_AT_ONCE))):
            for key, status in chunk:
                written_at = datetime.fromtimestamp(status.st_mtime, UTC)
                yield ListedObject(key=key, size_bytes=status.st_size, modified_at=written_at)

    async def check(self) -> None:
        """Write and remove a file."""
        await asyncio.to_thread(self._folder.check)


def _stored(key: str, status: os.stat_result) -> StoredObject:
    return StoredObject(
        size_bytes=status.st_size, content_type=content_type_of(key), etag=etag_of(status)
    )
