"""How a bucket is reached, and who we are there; boto3 is imported by what asks for it."""
# ruff: noqa: PLC0415 - it takes 34 MB and most of a second, and the API does without

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from mediaport.adapters.s3.address import Address, AddressingStyle, address_of
from mediaport.adapters.s3.credentials import (
    Credentials,
    FoundCredentials,
    GivenCredentials,
    NoCredentials,
)
from mediaport.adapters.s3.signing import Keys

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_s3 import S3Client


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
        pool_size: Calls, and so connections, at the same time.
        connect_timeout_s: Longest wait for a connection.
        read_timeout_s: Longest wait for the next bytes of an answer.
        max_attempts: Tries of one call, the first included.
        ca_bundle: A file of the authorities to trust; None for those that the host trusts.
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
    ca_bundle: str | None = None

    @property
    def longest_call_s(self) -> float:
        """After this long a call has failed, whatever the store does: a second for backing off."""
        return self.max_attempts * (self.connect_timeout_s + self.read_timeout_s + 1)

    def address(self) -> Address:
        """Where this process reaches the bucket.

        Raises:
            ValueError: The endpoint is no URL of a host.
        """
        return self._at(self.endpoint_url)

    def presign_address(self) -> Address:
        """Where browsers reach it.

        Raises:
            ValueError: The endpoint is no URL of a host.
        """
        return self._at(self.presign_endpoint_url or self.endpoint_url)

    def _at(self, endpoint_url: str | None) -> Address:
        return address_of(self.bucket, self.region, endpoint_url, self.addressing_style)

    def credentials(self) -> Credentials:
        """Those given here, or found where boto3 looks. May ask the instance.

        Raises:
            NoCredentials: There are none, or what the host says of them cannot be used.
        """
        if self.access_key_id and self.secret_access_key:
            return GivenCredentials(
                Keys(
                    access_key_id=self.access_key_id,
                    secret_access_key=self.secret_access_key,
                    session_token=self.session_token,
                )
            )
        from botocore.exceptions import BotoCoreError

        try:
            found = self._session.get_credentials()
        except BotoCoreError as error:
            raise NoCredentials(str(error)) from error
        if found is None:
            raise NoCredentials(f"there are no credentials for S3_BUCKET {self.bucket!r}")
        return FoundCredentials(found)

    def partition(self) -> str:
        """The part of AWS that the region is in, as ARNs name it; other stores say `aws`."""
        from botocore.exceptions import UnknownRegionError

        try:
            return self._session.get_partition_for_region(self.region)
        except UnknownRegionError:
            return "aws"

    def client(self) -> "S3Client":
        """boto3's client, for what is rare: preparing a bucket, and examining it."""
        from botocore.config import Config

        config = Config(
            signature_version="s3v4",
            s3={
                "addressing_style": self.addressing_style,
                "us_east_1_regional_endpoint": "regional",
            },
            connect_timeout=self.connect_timeout_s,
            read_timeout=self.read_timeout_s,
            retries={"mode": "standard", "total_max_attempts": self.max_attempts},
            # Many stores do not know the newer checksums.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        return self._session.client(
            "s3", endpoint_url=self.endpoint_url, config=config, verify=self.ca_bundle
        )

    @cached_property
    def _session(self) -> "boto3.Session":
        import boto3

        return boto3.Session(
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            aws_session_token=self.session_token,
            region_name=self.region,
        )
