"""Permission to upload, or to read, as an expiring signature in the URL.

What SigV4 does for S3: method and key are signed and, of an upload, Content-Type and
Content-Length, so a URL is good for one PUT of exactly the declared type and size.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode


@dataclass(frozen=True, slots=True)
class UploadSigner:
    """Signs and checks uploads with one secret key of 32 bytes or more."""

    secret: bytes

    def query(self, key: str, *, content_type: str, size_bytes: int, expires_at: datetime) -> str:
        """The query string that permits this upload until `expires_at`."""
        expires = str(int(expires_at.timestamp()))
        signature = _signature(self.secret, "PUT", key, content_type, str(size_bytes), expires)
        return _query(expires, signature)

    def permits(
        self, key: str, *, content_type: str, content_length: str, expires: str, signature: str
    ) -> bool:
        """Whether the signature was made for exactly this upload. Says nothing of its time."""
        expected = _signature(self.secret, "PUT", key, content_type, content_length, expires)
        return hmac.compare_digest(expected.encode(), signature.encode())


@dataclass(frozen=True, slots=True)
class ReadSigner:
    """Signs and checks GETs with the same key: no upload has a message like theirs."""

    secret: bytes

    def query(self, key: str, *, expires_at: datetime) -> str:
        """The query string that permits to read the object until `expires_at`."""
        expires = str(int(expires_at.timestamp()))
        return _query(expires, _signature(self.secret, "GET", key, expires))

    def permits(self, method: str, key: str, *, expires: str, signature: str) -> bool:
        """Whether the signature was made for this object. Says nothing of its time."""
        expected = _signature(self.secret, method, key, expires)
        return hmac.compare_digest(expected.encode(), signature.encode())


def _query(expires: str, signature: str) -> str:
    return urlencode({"expires": expires, "signature": signature}, quote_via=quote)


def _signature(secret: bytes, *signed: str) -> str:
    return hmac.new(secret, "\n".join(signed).encode(), hashlib.sha256).hexdigest()
