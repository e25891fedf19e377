"""An object store whose calls are measured, whatever store it is."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from time import perf_counter

from mediaport.adapters.telemetry import spans
from mediaport.adapters.telemetry.metrics import STORE_DURATION
from mediaport.adapters.telemetry.outcomes import outcome_of
from mediaport.application.ports.object_store import (
    ListedObject,
    ObjectStore,
    SignedUpload,
    StoredObject,
)


class MeasuredStore(ObjectStore):
    """Passes every call on. Those that ask the store something have a duration and a span."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self.bucket = store.bucket
        self.public_base_url = store.public_base_url
        self.upload_origin = store.upload_origin

    def presign_put(
        self, key: str, *, content_type: str, size_bytes: int, expires_in_s: int, now: datetime
    ) -> SignedUpload:
        """Permission to PUT; asks the store nothing."""
        return self._store.presign_put(
            key,
            content_type=content_type,
            size_bytes=size_bytes,
            expires_in_s=expires_in_s,
            now=now,
        )

    async def stat(self, key: str) -> StoredObject:
        """What the store knows of an object."""
        with _measured("stat"):
            return await self._store.stat(key)

    async def read(
        self, key: str, *, start: int = 0, length: int | None = None, etag: str | None = None
    ) -> bytes:
        """A part of an object."""
        with _measured("read"):
            return await self._store.read(key, start=start, length=length, etag=etag)

    async def stat_and_read(self, key: str, *, length: int) -> tuple[StoredObject, bytes]:
        """Both of the same moment."""
        with _measured("stat_and_read"):
            return await self._store.stat_and_read(key, length=length)

    async def stage(self, incoming_key: str, staged_key: str) -> None:
        """Copy an upload."""
        with _measured("stage"):
            await self._store.stage(incoming_key, staged_key)

    async def publish(
        self, staged_key: str, public_key: str, *, etag: str, content_type: str
    ) -> str:
        """Copy an object to where anyone can read it."""
        with _measured("publish"):
            return await self._store.publish(
                staged_key, public_key, etag=etag, content_type=content_type
            )

    async def put(self, public_key: str, body: bytes, *, content_type: str) -> str:
        """Write a public object."""
        with _measured("put"):
            return await self._store.put(public_key, body, content_type=content_type)

    async def delete(self, keys: Sequence[str]) -> None:
        """Remove objects."""
        with _measured("delete"):
            await self._store.delete(keys)

    def objects_under(self, prefix: str) -> AsyncIterator[ListedObject]:
        """List objects; whoever reads the list decides how long that takes."""
        return self._store.objects_under(prefix)

    async def check(self) -> None:
        """Return if the store answers."""
        with _measured("check"):
            await self._store.check()


@contextmanager
def _measured(operation: str) -> Iterator[None]:
    began = perf_counter()
    error: BaseException | None = None
    try:
        with spans.span(f"store.{operation}"):
            yield
    except BaseException as failed:
        error = failed
        raise
    finally:
        took_s = perf_counter() - began
        STORE_DURATION.labels(operation, outcome_of(error)).observe(took_s)
