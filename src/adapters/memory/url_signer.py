"""Signed URLs of a bucket in a dictionary."""

from datetime import datetime, timedelta
from hashlib import sha256

from mediaport.adapters.memory.object_store import MemoryObjectStore
from mediaport.application.ports.clock import Clock
from mediaport.application.ports.url_signer import UrlSigner


class MemoryUrlSigner(UrlSigner):
    """Remembers what it has signed.

    Attributes:
        key_name: Who signs; set it to another, as a host does whose credentials are renewed.
        signed: How many URLs were signed, each time counted.
    """

    def __init__(self, store: MemoryObjectStore, clock: Clock) -> None:
        self.key_name = "first"
        self.signed = 0
        self._store, self._clock = store, clock
        self._until: dict[str, tuple[str, datetime]] = {}

    @property
    def signs_as(self) -> str:
        """The name that was set."""
        return self.key_name

    def presign_get(self, key: str, *, since: datetime, expires_in_s: int) -> str:
        """Permission for `get`."""
        self.signed += 1
        until = since + timedelta(seconds=expires_in_s)
        expires = f"{until.timestamp():.0f}"
        signature = sha256(f"{self.key_name} {key} {expires}".encode()).hexdigest()
        query = f"expires={expires}&signature={signature}"
        url = f"{self._store.public_base_url}/{key}?{query}"
        self._until[url] = key, until
        return url

    def get(self, url: str) -> tuple[int, bytes]:
        """A client's GET with S3's status: 200 and the bytes, or 403 and none."""
        key, until = self._until.get(url, ("", self._clock.now()))
        if self._clock.now() >= until:
            return 403, b""
        return 200, self._store.objects[key].body
