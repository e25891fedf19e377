"""The object store in a bucket: uploads go to presigned URLs, all else is done by calls."""

from base64 import b64encode
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import md5

from mediaport.adapters.s3.address import escaped
from mediaport.adapters.s3.calls import Refused, S3Calls, Silent
from mediaport.adapters.s3.connection import S3Connection
from mediaport.adapters.s3.credentials import NoCredentials
from mediaport.adapters.s3.documents import (
    Unreadable,
    deletion_of,
    etag_of_copy,
    not_deleted,
    page_of,
    size_in,
)
from mediaport.adapters.s3.signing import Signer
from mediaport.application.ports.object_store import (
    CACHE_CONTROL,
    ListedObject,
    ObjectChanged,
    ObjectMissing,
    ObjectStore,
    SignedUpload,
    StoredObject,
    origin_of,
)
from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.domain.keys import KeyPrefixes

DELETED_AT_ONCE = 1000  # the most that S3 takes in one call


class S3ObjectStore(ObjectStore):
    """Keeps objects in a bucket.

    Raises:
        ValueError: The connection's endpoint is no URL of a host.
        OSError: Its file of authorities cannot be used.
        NoCredentials: There are none for the bucket.
    """

    def __init__(
        self,
        connection: S3Connection,
        prefixes: KeyPrefixes,
        *,
        public_base_url: str | None = None,
        cache_control: str = CACHE_CONTROL,
    ) -> None:
        self.bucket = connection.bucket
        self._prefixes = prefixes
        self._cache_control = cache_control
        self._credentials = connection.credentials()
        self._calls = S3Calls(connection, self._credentials)
        self._signer = Signer(connection.region)
        self._address = connection.presign_address()
        self.public_base_url = public_base_url or self._address.url
        self.upload_origin = origin_of(self._address.url)

    def presign_put(
        self, key: str, *, content_type: str, size_bytes: int, expires_in_s: int, now: datetime
    ) -> SignedUpload:
        """A SigV4 URL that binds method, key, Content-Type and Content-Length.

        Signing is arithmetic, no network. (Only an instance's own credentials are asked for now and
        then, and may not be there.)
        """
        if not self._prefixes.is_signable(key):
            raise ValueError(f"{key!r} is no key for uploads: it is not signed")
        headers = {"Content-Type": content_type}
        with _told(key):
            url = self._signer.presigned(
                self._credentials.keys(),
                "PUT",
                self._address,
                key,
                headers={**headers, "Content-Length": str(size_bytes)},
                expires_in_s=expires_in_s,
                now=now,
            )
        return SignedUpload(
            url=url,
            headers=headers,
            expires_at=now.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=expires_in_s),
            expires_in_s=expires_in_s,
        )

    async def stat(self, key: str) -> StoredObject:
        """Size, type and ETag by a HEAD."""
        try:
            with _told(key):
                found = await self._calls.send("HEAD", key)
                return StoredObject(
                    size_bytes=int(found.header("Content-Length")),
                    content_type=found.header("Content-Type"),
                    etag=_bare(found.header("ETag")),
                )
        except ObjectMissing:
            await self.check()  # A HEAD does not say whether it is the bucket that is missing.
            raise

    async def read(
        self, key: str, *, start: int = 0, length: int | None = None, etag: str | None = None
    ) -> bytes:
        """A part of an object by a ranged GET."""
        if length == 0:
            return b""
        headers = {} if etag is None else {"If-Match": f'"{etag}"'}
        is_part = bool(start) or length is not None
        if is_part:
            headers["Range"] = f"bytes={start}-{'' if length is None else start + length - 1}"
        try:
            with _told(key, etag=etag):
                answer = await self._calls.send("GET", key, headers=headers, longest=length)
                if is_part and answer.status != 206:
                    raise Unreadable("it is not the part that was asked for")
        except _PastTheEnd:
            return b""
        return answer.body

    async def stat_and_read(self, key: str, *, length: int) -> tuple[StoredObject, bytes]:
        """A ranged GET, which says all that a HEAD says."""
        try:
            with _told(key):
                part = {"Range": f"bytes=0-{length - 1}"}
                answer = await self._calls.send("GET", key, headers=part, longest=length)
                stored = StoredObject(
                    size_bytes=size_in(answer.header("Content-Range")),
                    content_type=answer.header("Content-Type"),
                    etag=_bare(answer.header("ETag")),
                )
                if len(answer.body) != min(length, stored.size_bytes):
                    raise Unreadable("it is not the part that was asked for")
        except _PastTheEnd:  # there is not even a first byte
            return replace(await self.stat(key), size_bytes=0), b""
        return stored, answer.body

    async def stage(self, incoming_key: str, staged_key: str) -> None:
        """A copy inside the store. Its type is the one that the client told the store."""
        await self._copy(incoming_key, staged_key, {})

    async def publish(
        self, staged_key: str, public_key: str, *, etag: str, content_type: str
    ) -> str:
        """A copy inside the store. What the client sent besides the bytes stays behind."""
        headers = {
            **self._served_as(content_type),
            "x-amz-metadata-directive": "REPLACE",
            "x-amz-copy-source-if-match": f'"{etag}"',
        }
        return await self._copy(staged_key, public_key, headers, etag=etag)

    async def _copy(
        self, source: str, target: str, headers: dict[str, str], *, etag: str | None = None
    ) -> str:
        """The copy's ETag."""
        copied_from = {
            "x-amz-copy-source": escaped(f"{self.bucket}/{source}"),
            "x-amz-tagging-directive": "REPLACE",
        }
        with _told(source, etag=etag):
            copied = await self._calls.send("PUT", target, headers={**headers, **copied_from})
            return _bare(etag_of_copy(copied.body))

    async def put(self, public_key: str, body: bytes, *, content_type: str) -> str:
        """A PUT of our own."""
        with _told(public_key):
            stored = await self._calls.send(
                "PUT", public_key, headers=self._served_as(content_type), body=body
            )
            return _bare(stored.header("ETag"))

    async def delete(self, keys: Sequence[str]) -> None:
        """Deletions of up to a thousand objects by one call each."""
        for start in range(0, len(keys), DELETED_AT_ONCE):
            chunk = keys[start : start + DELETED_AT_ONCE]
            body = deletion_of(chunk)
            # S3 wants a checksum of this call, and every store knows this one.
            checksum = b64encode(md5(body, usedforsecurity=False).digest()).decode()
            headers = {"Content-MD5": checksum, "Content-Type": "application/xml"}
            with _told(chunk[0]):
                answer = await self._calls.send(
                    "POST", query={"delete": ""}, headers=headers, body=body
                )
                refused = not_deleted(answer.body)
            if refused:
                cause = f"{refused.key} was not deleted: {refused.message}"
                raise PartUnavailable("object_store", cause)

    async def objects_under(self, prefix: str) -> AsyncIterator[ListedObject]:
        """Pages of a thousand objects, in the order that S3 keeps them in."""
        query = {"list-type": "2", "prefix": prefix, "encoding-type": "url"}
        while True:
            with _told(prefix):
                page = page_of((await self._calls.send("GET", query=query)).body)
            for found in page.objects:
                yield found
            if page.next_token is None:
                return
            query["continuation-token"] = page.next_token

    async def check(self) -> None:
        """A HEAD of the bucket."""
        try:
            with _told(self.bucket):
                await self._calls.send("HEAD")
        except ObjectMissing as error:
            cause = f"there is no bucket {self.bucket!r}"
            raise PartUnavailable("object_store", cause) from error

    def _served_as(self, content_type: str) -> dict[str, str]:
        return {"Content-Type": content_type, "Cache-Control": self._cache_control}

    async def close(self) -> None:
        """Close every connection; calls that are under way come to nothing."""
        await self._calls.close()


class _PastTheEnd(Exception):
    """Raised when a range starts where the object has ended."""


@contextmanager
def _told(key: str, *, etag: str | None = None) -> Iterator[None]:
    """S3's errors as the port's."""
    try:
        yield
    except Refused as error:
        if error.code in {"NoSuchKey", "404"}:
            raise ObjectMissing(key) from error
        if error.code in {"PreconditionFailed", "412"} and etag is not None:
            raise ObjectChanged(key, pinned=etag) from error
        if error.code in {"InvalidRange", "416"}:
            raise _PastTheEnd from error
        raise PartUnavailable("object_store", str(error)) from error
    except (Silent, Unreadable, NoCredentials) as error:
        raise PartUnavailable("object_store", str(error)) from error
    except TimeoutError as error:
        raise PartUnavailable("object_store", "it took too long") from error


def _bare(etag: str) -> str:
    return etag.strip('"')
