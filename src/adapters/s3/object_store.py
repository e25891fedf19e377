"""The object store in a bucket: uploads go to presigned URLs, all else is done by calls."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from mediaport.adapters.s3.connection import S3Connection
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

T = TypeVar("T")

DELETED_AT_ONCE = 1000  # the most that S3 takes in one call


class S3ObjectStore(ObjectStore):
    """Keeps objects in a bucket.

    boto3 blocks: its calls run in threads of their own, as many as there are connections, so that
    a store that hangs keeps nothing else waiting.
    """

    def __init__(
        self, connection: S3Connection, prefixes: KeyPrefixes, *, public_base_url: str | None = None
    ) -> None:
        self.bucket = connection.bucket
        self._prefixes = prefixes
        self._client = connection.client()
        self._presign_client = connection.presign_client()
        self._longest_call_s = connection.longest_call_s
        self._threads = ThreadPoolExecutor(connection.pool_size, thread_name_prefix="s3")
        address = self._address()
        self.public_base_url = public_base_url or address
        self.upload_origin = origin_of(address)

    def presign_put(
        self,
        key: str,
        *,
        content_type: str,
        size_bytes: int,
        expires_in_s: int,
        now: datetime,  # noqa: ARG002 - boto3 signs by the host's clock
    ) -> SignedUpload:
        """A SigV4 URL that binds method, key, Content-Type and Content-Length.

        Signing is arithmetic, no network: no thread. (Only an instance's own credentials are asked
        for now and then, and may not be there.)
        """
        if not self._prefixes.is_signable(key):
            raise ValueError(f"{key!r} is no key for uploads: it is not signed")
        with _told(key):
            url = self._presign_client.generate_presigned_url(
                "put_object",
                Params={
                    "Bucket": self.bucket,
                    "Key": key,
                    "ContentType": content_type,
                    "ContentLength": size_bytes,
                },
                ExpiresIn=expires_in_s,
            )
        return SignedUpload(
            url=url,
            headers={"Content-Type": content_type},
            expires_at=_expiry(url),
            expires_in_s=expires_in_s,
        )

    async def stat(self, key: str) -> StoredObject:
        """Size, type and ETag by a HEAD."""
        try:
            with _told(key):
                found = await self._call(
                    partial(self._client.head_object, Bucket=self.bucket, Key=key)
                )
        except ObjectMissing:
            await self.check()  # A HEAD does not say whether it is the bucket that is missing.
            raise
        return StoredObject(
            size_bytes=found["ContentLength"],
            content_type=found["ContentType"],
            etag=_bare(found["ETag"]),
        )

    async def read(
        self, key: str, *, start: int = 0, length: int | None = None, etag: str | None = None
    ) -> bytes:
        """A part of an object by a ranged GET."""
        if length == 0:
            return b""
        end = "" if length is None else str(start + length - 1)
        options = {"IfMatch": f'"{etag}"'} if etag is not None else {}
        if start or end:
            options["Range"] = f"bytes={start}-{end}"

        def get() -> bytes:
            answer = self._client.get_object(Bucket=self.bucket, Key=key, **options)  # type: ignore[arg-type]  # the stubs know no optional arguments
            with answer["Body"] as body:
                return body.read()

        try:
            with _told(key, etag=etag):
                return await self._call(get)
        except _PastTheEnd:
            return b""

    async def stage(self, incoming_key: str, staged_key: str, *, etag: str) -> str:
        """A copy inside the store."""
        return await self._copy(incoming_key, staged_key, etag)

    async def publish(
        self, staged_key: str, public_key: str, *, etag: str, content_type: str
    ) -> str:
        """A copy inside the store."""
        return await self._copy(
            staged_key, public_key, etag, ContentType=content_type, CacheControl=CACHE_CONTROL
        )

    async def _copy(self, source: str, target: str, etag: str, **headers: str) -> str:
        """The copy's ETag. What the client sent besides the bytes stays behind."""
        with _told(source, etag=etag):
            copied = await self._call(
                partial(
                    self._client.copy_object,
                    Bucket=self.bucket,
                    Key=target,
                    CopySource={"Bucket": self.bucket, "Key": source},
                    CopySourceIfMatch=f'"{etag}"',
                    MetadataDirective="REPLACE",
                    TaggingDirective="REPLACE",
                    **headers,  # type: ignore[arg-type]  # the stubs know no optional arguments
                )
            )
        return _bare(copied["CopyObjectResult"]["ETag"])

    async def put(self, public_key: str, body: bytes, *, content_type: str) -> str:
        """A PUT of our own."""
        with _told(public_key):
            stored = await self._call(
                partial(
                    self._client.put_object,
                    Bucket=self.bucket,
                    Key=public_key,
                    Body=body,
                    ContentType=content_type,
                    CacheControl=CACHE_CONTROL,
                )
            )
        return _bare(stored["ETag"])

    async def delete(self, keys: Sequence[str]) -> None:
        """Deletions of up to a thousand objects by one call each."""
        for start in range(0, len(keys), DELETED_AT_ONCE):
            chunk = keys[start : start + DELETED_AT_ONCE]
            with _told(chunk[0]):
                answer = await self._call(
                    partial(
                        self._client.delete_objects,
                        Bucket=self.bucket,
                        Delete={"Objects": [{"Key": key} for key in chunk], "Quiet": True},
                    )
                )
            if refused := answer.get("Errors"):
                cause = f"{refused[0].get('Key')} was not deleted: {refused[0].get('Message')}"
                raise PartUnavailable("object_store", cause)

    async def objects_under(self, prefix: str) -> AsyncIterator[ListedObject]:
        """Pages of a thousand objects, in the order that S3 keeps them in."""
        place: dict[str, str] = {}
        while True:
            with _told(prefix):
                page = await self._call(
                    partial(
                        self._client.list_objects_v2,
                        Bucket=self.bucket,
                        Prefix=prefix,
                        **place,  # type: ignore[arg-type]  # the stubs know no optional arguments
                    )
                )
            for found in page.get("Contents", ()):
                yield ListedObject(
                    key=found["Key"],
                    size_bytes=found["Size"],
                    modified_at=found["LastModified"].astimezone(UTC),
                )
            if not page["IsTruncated"]:
                return
            place = {"ContinuationToken": page["NextContinuationToken"]}

    async def check(self) -> None:
        """A HEAD of the bucket."""
        try:
            with _told(self.bucket):
                await self._call(partial(self._client.head_bucket, Bucket=self.bucket))
        except ObjectMissing as error:
            cause = f"there is no bucket {self.bucket!r}"
            raise PartUnavailable("object_store", cause) from error

    def close(self) -> None:
        """Close every connection; calls that are under way come to nothing."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._client.close()

    async def _call(self, call: Callable[[], T]) -> T:
        # A thread that hangs longer than boto3's own limits would be a defect of boto3's.
        async with asyncio.timeout(self._longest_call_s):
            return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    def _address(self) -> str:
        """Where anyone can read the bucket: the address that is signed for browsers."""
        url = self._presign_client.generate_presigned_url(
            "get_object", Params={"Bucket": self.bucket, "Key": "key"}
        )
        return url.partition("?")[0].removesuffix("/key")


class _PastTheEnd(Exception):
    """Raised when a range starts where the object has ended."""


@contextmanager
def _told(key: str, *, etag: str | None = None) -> Iterator[None]:
    """S3's errors as the port's."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in {"NoSuchKey", "404"}:
            raise ObjectMissing(key) from error
        if code in {"PreconditionFailed", "412"} and etag is not None:
            raise ObjectChanged(key, pinned=etag) from error
        if code in {"InvalidRange", "416"}:
            raise _PastTheEnd from error
        raise PartUnavailable("object_store", str(error)) from error
    except (BotoCoreError, TimeoutError) as error:
        cause = str(error) or "it took too long"
        raise PartUnavailable("object_store", cause) from error


def _bare(etag: str) -> str:
    return etag.strip('"')


def _expiry(url: str) -> datetime:
    """Until when a presigned URL can be used, as it says itself."""
    query = parse_qs(urlsplit(url).query)
    signed_at = datetime.strptime(query["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return signed_at + timedelta(seconds=int(query["X-Amz-Expires"][0]))
