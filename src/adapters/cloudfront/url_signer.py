"""Signed URLs of CloudFront: it verifies them, and fetches from the private bucket itself.

What it needs is installed by `pip install mediaport[cloudfront]`.
"""

from datetime import datetime, timedelta

from botocore.signers import CloudFrontSigner
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from mediaport.application.ports.url_signer import UrlSigner


class CloudFrontUrlSigner(UrlSigner):
    """Signs a canned policy: one URL until one moment, and nothing of who asks.

    Raises:
        ValueError: The key is no RSA key in PEM without a password.
    """

    def __init__(self, *, key_pair_id: str, private_key: bytes, base_url: str) -> None:
        self._private_key = _rsa_key(private_key)
        self._signer = CloudFrontSigner(key_pair_id, self._sign)
        self._base_url = base_url
        self._key_pair_id = key_pair_id

    @property
    def signs_as(self) -> str:
        """The id under which CloudFront has the public key."""
        return self._key_pair_id

    def presign_get(self, key: str, *, since: datetime, expires_in_s: int) -> str:
        """The object's URL at the distribution with Expires, Signature and Key-Pair-Id."""
        expires_at = since + timedelta(seconds=expires_in_s)
        url: str = self._signer.generate_presigned_url(
            f"{self._base_url}/{key}", date_less_than=expires_at
        )
        return url

    def _sign(self, policy: bytes) -> bytes:
        return self._private_key.sign(policy, PKCS1v15(), SHA1())  # noqa: S303 - CloudFront's choice


def _rsa_key(pem: bytes) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(pem, password=None)
    except (TypeError, UnsupportedAlgorithm) as error:  # a password is wanted, or it is unheard of
        raise ValueError(str(error)) from error
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("it is no RSA key")  # noqa: TRY004 - its value is what does not fit
    return key
