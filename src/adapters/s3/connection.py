"""How a bucket is reached: boto3's clients, with short timeouts and modern signatures."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, UnknownRegionError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

AddressingStyle = Literal["path", "virtual"]


@dataclass(frozen=True, kw_only=True)  # no slots: the session is made once and kept
class S3Connection:
    """Where a bucket is, who we are there, and how patient we are.

    Attributes:
        bucket: Its name.
        region: For example `eu-central-1`.
        endpoint_url: How this process reaches the store; None for AWS itself.
        presign_endpoint_url: How browsers reach it, where that is another address.
        addressing_style: `virtual` for `bucket.host/key`, `path` for `host/bucket/key`.
        access_key_id: None for what boto3 finds: an instance's role, a profile.
        secret_access_key: Belongs to the access key.
        session_token: Belongs to temporary access keys.
        pool_size: Calls, and so connections and threads, at the same time.
        connect_timeout_s: Longest wait for a connection.
        read_timeout_s: Longest wait for the next bytes of an answer.
        max_attempts: Tries of one call, the first included.
    """

    bucket: str
    region: str
    endpoint_url: str | None = None
    presign_endpoint_url: str | None = None
    addressing_style: AddressingStyle = "virtual"
    access_key_id: str | None = None
    secret_access_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    pool_size: int = 16
    connect_timeout_s: float = 2
    read_timeout_s: float = 5
    max_attempts: int = 2

    @property
    def longest_call_s(self) -> float:
        """After this long a call has failed, whatever the store does: a second for backing off."""
        return self.max_attempts * (self.connect_timeout_s + self.read_timeout_s + 1)

    def client(self) -> "S3Client":
        """A client for calls."""
        return self._client(self.endpoint_url)

    def presign_client(self) -> "S3Client":
        """A client that signs for the address that browsers use. It makes no calls."""
        return self._client(self.presign_endpoint_url or self.endpoint_url)

    def has_credentials(self) -> bool:
        """Whether there are any, from here or from where boto3 looks. May ask the instance.

        Raises:
            ValueError: What the host says of them cannot be used.
        """
        try:
            return self._session.get_credentials() is not None
        except BotoCoreError as error:
            raise ValueError(str(error)) from error

    def partition(self) -> str:
        """The part of AWS that the region is in, as ARNs name it; other stores say `aws`."""
        try:
            return self._session.get_partition_for_region(self.region)
        except UnknownRegionError:
            return "aws"

    @cached_property
    def _session(self) -> boto3.Session:
        return boto3.Session(
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            aws_session_token=self.session_token,
            region_name=self.region,
        )

    def _client(self, endpoint_url: str | None) -> "S3Client":
        config = Config(
            # By default boto3 presigns with SigV2, which binds neither length nor type.
            signature_version="s3v4",
            # The global endpoint redirects to the bucket's region, and so breaks CORS.
            s3={
                "addressing_style": self.addressing_style,
                "us_east_1_regional_endpoint": "regional",
            },
            connect_timeout=self.connect_timeout_s,
            read_timeout=self.read_timeout_s,
            retries={"mode": "standard", "total_max_attempts": self.max_attempts},
            max_pool_connections=self.pool_size,
            # ETags are checked already; many stores do not know the newer checksums.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        return self._session.client("s3", endpoint_url=endpoint_url, config=config)
