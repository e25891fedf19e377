"""Permission to upload, as an expiring signature in the URL.

What SigV4 does for S3: method, key, Content-Type and Content-Length are signed, so a URL is good
for one PUT of exactly the declared type and size.
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
        signature = self._signature(key, content_type, str(size_bytes), expires)
        return urlencode({"expires": expires, "signature": signature}, quote_via=quote)

    def permits(
        self, key: str, *, content_type: str, content_length: str, expires: str, signature: str
    ) -> bool:
        """Whether the signature was made for exactly this upload. Says nothing of its time."""
        expected = self._signature(key, content_type, content_length, expires)
        return hmac.compare_digest(expected.encode(), signature.encode())

    def _signature(self, *signed: str) -> str:
        message = "\n".join(("PUT", *signed)).encode()
        return hmac.new(self.secret, message, hashlib.sha256).hexdigest()
