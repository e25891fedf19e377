"""Where the bytes are: a bucket with a private incoming half and a public half."""

from abc import abstractmethod
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

# What is published never changes under its key.
CACHE_CONTROL = "public, max-age=31536000, immutable"


def private_cache_control(*, ttl_s: int) -> str:
    """The same where URLs are signed: for browsers alone, for as long as a URL can be used."""
    return f"private, max-age={2 * ttl_s}, immutable"


class ObjectMissing(Exception):
    """Raised when there is no object under the key."""

    def __init__(self, key: str) -> None:
        super().__init__(f"There is no object {key!r}.")


class ObjectChanged(Exception):
    """Raised when the object is not the one whose ETag was pinned."""

    def __init__(self, key: str, *, pinned: str) -> None:
        super().__init__(f"Object {key!r} is no longer the one with ETag {pinned}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """What the store knows of an object without reading it."""

    size_bytes: int
    content_type: str
    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedObject:
    """What a listing says of an object. `modified_at` is when its bytes came, in UTC."""

    key: str
    size_bytes: int
    modified_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedUpload:
    """Permission for one PUT: send the file's bytes to `url` with exactly these `headers`.

    Content-Length is bound by the signature too; HTTP clients send it by themselves.
    """

    url: str
    headers: dict[str, str]
    expires_at: datetime
    expires_in_s: int


def origin_of(url: str) -> str:
    """scheme://host:port of a URL."""
    return "/".join(url.split("/")[:3])


@runtime_checkable  # HTTP handlers ask for it by its type
class ObjectStore(Protocol):
    """Objects under keys. All writes are atomic: an object is there whole, or not at all.

    Every method raises `PartUnavailable` when the store does not answer; `presign_put`, which asks
    it nothing, when this host has no credentials.
    """

    bucket: str
    public_base_url: str
    """What a public key is appended to, with a slash between, to get its URL."""
    upload_origin: str
    """Where signed URLs lead, as scheme://host:port: a page's content policy has to allow it."""

    @abstractmethod
    def presign_put(
        self, key: str, *, content_type: str, size_bytes: int, expires_in_s: int, now: datetime
    ) -> SignedUpload:
        """Permission to PUT one object of exactly that type and size. Makes no call.

        Raises:
            ValueError: The key is none for uploads: nothing else is ever signed.
        """
        ...

    @abstractmethod
    async def stat(self, key: str) -> StoredObject:
        """Size, type and ETag of an object.

        Raises:
            ObjectMissing: There is none.
        """
        ...

    @abstractmethod
    async def read(
        self, key: str, *, start: int = 0, length: int | None = None, etag: str | None = None
    ) -> bytes:
        """`length` bytes from `start`, or less where the object ends; all of it by default.

        Raises:
            ObjectMissing: There is none.
            ObjectChanged: An `etag` was given and the object has another one.
        """
        ...

    @abstractmethod
    async def stat_and_read(self, key: str, *, length: int) -> tuple[StoredObject, bytes]:
        """What `stat` says of an object, and its first `length` bytes: both of the same moment.

        Raises:
            ObjectMissing: There is none.
        """
        ...

    @abstractmethod
    async def stage(self, incoming_key: str, staged_key: str) -> None:
        """Copy an upload, as it is now, out of reach of its signed URL.

        An ETag is an MD5 in most stores, which an attacker can make two files have: so what is
        looked at must be what is published, not only tagged alike.

        Raises:
            ObjectMissing: There is none under `incoming_key`.
        """
        ...

    @abstractmethod
    async def publish(
        self, staged_key: str, public_key: str, *, etag: str, content_type: str
    ) -> str:
        """Copy an object inside the store, if it still has that ETag; answer the copy's ETag.

        The copy is served as `content_type`, to be cached for as long as its URL stays.

        Raises:
            ObjectMissing: There is none under `staged_key`.
            ObjectChanged: It has another ETag.
        """
        ...

    @abstractmethod
    async def put(self, public_key: str, body: bytes, *, content_type: str) -> str:
        """Write a public object that we made; answer its ETag.

        It is served as `content_type`, to be cached for as long as its URL stays.
        """
        ...

    @abstractmethod
    async def delete(self, keys: Sequence[str]) -> None:
        """Remove objects. Those that are not there are no error."""
        ...

    @abstractmethod
    def objects_under(self, prefix: str) -> AsyncIterator[ListedObject]:
        """The objects whose key starts with `prefix`, in the order of the bytes of their keys.

        Listed bit by bit: what comes or goes meanwhile may be listed or not.
        """
        ...

    @abstractmethod
    async def check(self) -> None:
        """Return if the store answers."""
        ...
