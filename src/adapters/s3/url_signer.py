"""Signed URLs of a bucket, by Signature Version 4."""

from datetime import datetime

from mediaport.adapters.s3.connection import S3Connection
from mediaport.adapters.s3.credentials import NoCredentials
from mediaport.adapters.s3.signing import Keys, Signer
from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.application.ports.url_signer import UrlSigner


class S3UrlSigner(UrlSigner):
    """Signs as whoever this process is at the bucket, who must have the right to read it.

    What temporary credentials have signed ends with them, whatever the URL says.

    Raises:
        ValueError: The connection's endpoint is no URL of a host.
        NoCredentials: There are none for the bucket.
    """

    def __init__(self, connection: S3Connection) -> None:
        self._credentials = connection.credentials()
        self._signer = Signer(connection.region)
        self._address = connection.presign_address()

    @property
    def signs_as(self) -> str:
        """The id of the access key."""
        return self._keys().access_key_id

    def presign_get(self, key: str, *, since: datetime, expires_in_s: int) -> str:
        """A presigned GET, as boto3 would make it at that moment."""
        keys = self._keys()
        return self._signer.presigned(
            keys, "GET", self._address, key, expires_in_s=expires_in_s, now=since
        )

    def _keys(self) -> Keys:
        try:
            return self._credentials.keys()
        except NoCredentials as error:
            raise PartUnavailable("object_store", str(error)) from error
