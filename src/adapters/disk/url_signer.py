"""Signed URLs of the embedded object store."""

from datetime import datetime, timedelta

from mediaport.adapters.disk.signing import ReadSigner
from mediaport.application.ports.url_signer import UrlSigner


class DiskUrlSigner(UrlSigner):
    """Signs what `server.py` serves."""

    signs_as = "disk"

    def __init__(self, signer: ReadSigner, *, base_url: str) -> None:
        self._signer, self._base_url = signer, base_url

    def presign_get(self, key: str, *, since: datetime, expires_in_s: int) -> str:
        """A URL of `server.py` with a signature."""
        query = self._signer.query(key, expires_at=since + timedelta(seconds=expires_in_s))
        return f"{self._base_url}/{key}?{query}"
