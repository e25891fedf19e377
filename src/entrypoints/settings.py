"""Every setting: its name, type, default and meaning. The only place that reads the environment.

The name of a setting is its field's name in capitals. Values come from the environment, else from
the file `.env` in the working folder, else from the defaults here. An empty value is no value.
"""

import os
import re
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, get_type_hints
from urllib.parse import unquote, urlsplit

import msgspec
from dotenv import dotenv_values
from msgspec import Meta

from mediaport.application.media.complete_upload import WORK_TIMEOUT_S
from mediaport.application.ports.media_repository import COMPLETION_CLAIM_LASTS
from mediaport.application.ports.object_store import origin_of
from mediaport.domain.policy import AVATAR, KIND_PATTERN, POST_IMAGE, Kind, MetadataRule
from mediaport.domain.users import PASSWORD_MIN_LENGTH
from mediaport.entrypoints.fail_points import POINTS

Port = Annotated[int, Meta(ge=1, le=65535)]
Positive = Annotated[int, Meta(ge=1)]
MAX_BYTES = 2**31 - 1  # as the database holds them
Bytes = Annotated[int, Meta(ge=1, le=MAX_BYTES)]
Total = Annotated[int, Meta(ge=1, le=2**53 - 1)]  # as JavaScript can count
Seconds = Annotated[int, Meta(ge=1, le=100_000_000)]  # three years
Region = Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
SignedSeconds = Annotated[int, Meta(ge=1, le=604_800)]  # SigV4 signs for no longer
HalfSignedSeconds = Annotated[int, Meta(ge=1, le=302_400)]  # a URL is signed for two of them
MAX_WORKERS = 64
Workers = Annotated[int, Meta(ge=1, le=MAX_WORKERS)]
Square = Annotated[int, Meta(ge=16, le=4096)]
Pixels = Annotated[int, Meta(ge=1, le=400_000_000)]  # 1.6 GB, decoded
Quality = Annotated[int, Meta(ge=1, le=100)]
Prefix = Annotated[str, Meta(pattern=r"^([A-Za-z0-9_-][A-Za-z0-9._-]*/)+$")]
Url = Annotated[str, Meta(pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*[^\s/?#])?$")]
Origin = Annotated[str, Meta(pattern=r"^https?://[^\s/?#@]+$")]
# A call begun at the last moment of a completion ends before its claim.
LONGEST_CALL_S = int(COMPLETION_CLAIM_LASTS.total_seconds() - WORK_TIMEOUT_S)
STORE_URLS = ("s3_endpoint_url", "s3_presign_endpoint_url")
MIN_SECRET_LENGTH = 32  # what HS256 asks for: RFC 7518, 3.2
Secret = Annotated[str, Meta(min_length=MIN_SECRET_LENGTH)]
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]+$")]
Bucket = Annotated[str, Meta(pattern=r"^(?=.{3,63}$)[a-z0-9-]+(\.[a-z0-9-]+)*$")]
DatabaseUrl = Annotated[str, Meta(pattern=r"^(postgres|postgresql|postgresql\+asyncpg)://\S+$")]
RedisUrl = Annotated[str, Meta(pattern=r"^(rediss?|unix)://\S+$")]
Milliseconds = Annotated[int, Meta(ge=10, le=900)]  # a request is held up for less than a second
Attempts = Annotated[int, Meta(ge=1, le=10)]
Password = Annotated[str, Meta(min_length=16)]
Pool = Annotated[int, Meta(ge=1, le=1000)]
DatabasePool = Annotated[int, Meta(ge=2, le=1000)]  # one for transactions, one for hot statements
Patience = Annotated[int, Meta(ge=1, le=60)]
AddressingStyle = Literal["path", "virtual"]
Access = Literal["public", "signed"]
LogFormat = Literal["auto", "json", "console"]
# A part of what the library `limits` reads; it takes a tenth of a second to import.
RATE_PATTERN = (
    "^(?:off|([1-9][0-9]{0,8})(?:/| per )([1-9][0-9]{0,3})? ?(second|minute|hour|day)s?)$"
)
RateText = Annotated[str, Meta(pattern=RATE_PATTERN)]
PasswordLength = Annotated[int, Meta(ge=PASSWORD_MIN_LENGTH, le=64)]
KindText = Annotated[str, Meta(pattern=f"^{KIND_PATTERN}=[1-9][0-9]{{0,9}}$")]
LogLevel = Annotated[str, Meta(pattern="^(DEBUG|INFO|WARNING|ERROR)$")]


class SettingError(Exception):
    """Raised when a setting cannot be used; its message is one line that says what to do."""

    def __init__(self, name: str, problem: str, example: str | None = None) -> None:
        shown = f". Example: {name}={example}" if example else ""
        super().__init__(f"{name}: {problem}{shown}")


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings, checked and with their defaults filled in."""

    host: Annotated[str, Meta(description="Address to listen on", examples=["127.0.0.1"])] = (
        "127.0.0.1"
    )
    port: Annotated[Port, Meta(description="Port to listen on", examples=["8000"])] = 8000
    api_workers: Annotated[
        Workers,
        Meta(
            description="Processes that serve the API on this port: as many as there are cores for "
            "them; more than 1 need DATABASE_URL and REDIS_URL",
            examples=["2"],
        ),
    ] = 1
    base_url: Annotated[
        Url | None,
        Meta(
            description="Where browsers reach this server, as http(s)://... without a slash at the "
            "end; by default http://HOST:PORT",
            examples=["https://media.example.com"],
        ),
    ] = None
    data_dir: Annotated[
        str,
        Meta(description="Folder of the embedded database and object store", examples=["./var"]),
    ] = "./var"
    database_url: Annotated[
        DatabaseUrl | None,
        Meta(
            description="PostgreSQL, as postgresql://USER:PASSWORD@HOST:PORT/NAME; by default "
            "SQLite in DATA_DIR",
            examples=["postgresql://mediaport:PASSWORD@localhost:5432/mediaport"],
        ),
    ] = None
    database_pool_size: Annotated[
        DatabasePool,
        Meta(description="Connections to PostgreSQL that one process keeps", examples=["10"]),
    ] = 10
    database_connect_timeout_s: Annotated[
        Patience,
        Meta(
            description="Longest wait for a connection to PostgreSQL, new or from the pool, in s",
            examples=["3"],
        ),
    ] = 3
    database_statement_timeout_s: Annotated[
        Patience,
        Meta(
            description="Longest that one statement, or a wait for a lock, may take, in s",
            examples=["5"],
        ),
    ] = 5
    redis_url: Annotated[
        RedisUrl | None,
        Meta(
            description="Redis for the thumbnail queue, for counting requests and for events, as "
            "redis://HOST:PORT/NUMBER; `mediaport worker` makes thumbnails then; by default the "
            "server does all of it",
            examples=["redis://localhost:6379/0"],
        ),
    ] = None
    redis_timeout_ms: Annotated[
        Milliseconds,
        Meta(
            description="Longest that asking for thumbnails may hold up a request, in ms; what "
            "Redis does not take is made by the sweep",
            examples=["500"],
        ),
    ] = 500
    queue_name: Annotated[
        Name,
        Meta(
            description="What names begin with in Redis, for two installations that share one",
            examples=["mediaport"],
        ),
    ] = "mediaport"
    queue_web: Annotated[
        bool,
        Meta(
            description="Whether SAQ's pages about the queue are served at /saq/, for "
            "QUEUE_WEB_PASSWORD alone",
            examples=["true"],
        ),
    ] = False
    queue_web_password: Annotated[
        Password | None,
        Meta(
            description="Password of the pages at /saq/, 16 characters or more; any user name",
            examples=["<output of: openssl rand -hex 16>"],
        ),
    ] = None
    log_level: Annotated[
        LogLevel, Meta(description="DEBUG, INFO, WARNING or ERROR", examples=["INFO"])
    ] = "INFO"
    log_format: Annotated[
        LogFormat,
        Meta(
            description="json for one JSON object a line, console for lines to read; auto is "
            "console where standard error is a terminal",
            examples=["json"],
        ),
    ] = "auto"
    log_requests: Annotated[
        bool, Meta(description="Whether each request has a line of its own", examples=["true"])
    ] = False
    worker_metrics_port: Annotated[
        Port | None,
        Meta(
            description="Port on which `mediaport worker` answers to /metrics and /health/live, at "
            "HOST; by default none",
            examples=["9100"],
        ),
    ] = None
    otel_exporter_otlp_endpoint: Annotated[
        Url | None,
        Meta(
            description="Collector that takes OpenTelemetry traces by OTLP over HTTP; needs "
            "`pip install 'mediaport[otel]'`; other OTEL_ variables are its SDK's, from the "
            "environment alone",
            examples=["http://localhost:4318"],
        ),
    ] = None
    jwt_secret: Annotated[
        Secret | None,
        Meta(
            description="Signs access tokens and embedded upload URLs, 32 characters or more; "
            "by default a random one, kept in DATA_DIR; needed where DATABASE_URL is set",
            examples=["<output of: openssl rand -hex 32>"],
        ),
    ] = None
    jwt_ttl_s: Annotated[
        Seconds, Meta(description="How long an access token is valid, in s", examples=["86400"])
    ] = 86_400
    password_min_length: Annotated[
        PasswordLength,
        Meta(
            description="Shortest new password, in characters, 8 to 64; NIST SP 800-63B-4 asks for "
            "15 where the password is all that a user proves themselves by",
            examples=["15"],
        ),
    ] = PASSWORD_MIN_LENGTH
    rate_per_user: Annotated[
        RateText,
        Meta(
            description="Requests of one user, as NUMBER/second, minute, hour or day, such as "
            "100/10 seconds; the word off for no limit, here and below",
            examples=["6000/minute"],
        ),
    ] = "6000/minute"
    rate_per_address: Annotated[
        RateText,
        Meta(
            description="Requests from one address (IPv6: one /64), whoever makes them; behind a "
            "proxy, set TRUSTED_PROXIES",
            examples=["12000/minute"],
        ),
    ] = "12000/minute"
    rate_login_per_name: Annotated[
        RateText,
        Meta(description="Tries to log in under one name", examples=["10/minute"]),
    ] = "10/minute"
    rate_login_per_address: Annotated[
        RateText,
        Meta(description="Tries to log in from one address", examples=["60/minute"]),
    ] = "60/minute"
    rate_register_per_address: Annotated[
        RateText,
        Meta(description="Tries to open an account from one address", examples=["300/minute"]),
    ] = "300/minute"
    trusted_proxies: Annotated[
        tuple[str, ...],
        Meta(
            description="Addresses or networks of the proxies in front, separated by commas: whose "
            "X-Forwarded-For and X-Forwarded-Proto are believed; by default nobody's",
            examples=["10.0.0.5,172.16.0.0/12"],
        ),
    ] = ()
    cors_origins: Annotated[
        tuple[Origin, ...],
        Meta(
            description="Origins of pages that may call the API, as http(s)://host:port, "
            "separated by commas",
            examples=["http://localhost:5173,https://app.example.com"],
        ),
    ] = ("http://localhost:5173", "http://127.0.0.1:5173")
    s3_bucket: Annotated[
        Bucket | None,
        Meta(
            description="Bucket for the objects, 3 to 63 of a-z, 0-9, - and .; by default a folder "
            "in DATA_DIR",
            examples=["my-media"],
        ),
    ] = None
    aws_region: Annotated[
        Region | None,
        Meta(
            description="Region of the bucket; by default us-east-1 where S3_ENDPOINT_URL is set",
            examples=["eu-central-1"],
        ),
    ] = None
    aws_access_key_id: Annotated[
        str | None,
        Meta(
            description="Access key for the bucket; by default what boto3 finds, such as the role "
            "of the instance",
            examples=["AKIAIOSFODNN7EXAMPLE"],
        ),
    ] = None
    aws_secret_access_key: Annotated[
        str | None,
        Meta(description="Secret of AWS_ACCESS_KEY_ID", examples=["<from your provider>"]),
    ] = None
    aws_session_token: Annotated[
        str | None,
        Meta(
            description="Token of a temporary AWS_ACCESS_KEY_ID", examples=["<from your provider>"]
        ),
    ] = None
    aws_ca_bundle: Annotated[
        str | None,
        Meta(
            description="File of the authorities that the store's certificate may come from; by "
            "default those that this host trusts",
            examples=["/etc/ssl/private-ca.pem"],
        ),
    ] = None
    s3_endpoint_url: Annotated[
        Url | None,
        Meta(
            description="Where this server reaches an S3 store that is not AWS, such as MinIO",
            examples=["http://minio:9000"],
        ),
    ] = None
    s3_presign_endpoint_url: Annotated[
        Url | None,
        Meta(
            description="Where browsers reach that store, if not at S3_ENDPOINT_URL",
            examples=["https://uploads.example.com"],
        ),
    ] = None
    s3_addressing_style: Annotated[
        AddressingStyle | None,
        Meta(
            description="virtual for BUCKET.HOST/KEY, path for HOST/BUCKET/KEY; by default path "
            "where S3_ENDPOINT_URL is set, else virtual",
            examples=["virtual"],
        ),
    ] = None
    s3_pool_size: Annotated[
        Pool,
        Meta(description="Calls to the store that one process makes at once", examples=["32"]),
    ] = 32
    s3_connect_timeout_s: Annotated[
        Patience,
        Meta(description="Longest wait for a connection to the store, in s", examples=["2"]),
    ] = 2
    s3_read_timeout_s: Annotated[
        Patience,
        Meta(
            description="Longest wait for the next bytes of an answer of the store, in s",
            examples=["5"],
        ),
    ] = 5
    s3_max_attempts: Annotated[
        Attempts,
        Meta(description="Tries of one call to the store, the first included", examples=["2"]),
    ] = 2
    s3_public_base_url: Annotated[
        Url | None,
        Meta(
            description="What public object keys are appended to, as http(s)://... without a "
            "slash at the end; by default the bucket's own address, or BASE_URL/storage",
            examples=["https://cdn.example.com"],
        ),
    ] = None
    s3_public_prefix: Annotated[
        Prefix,
        Meta(
            description="Prefix of the keys of published objects, ending with a slash",
            examples=["public/"],
        ),
    ] = "public/"
    s3_incoming_prefix: Annotated[
        Prefix,
        Meta(
            description="Prefix of the keys of uploads, ending with a slash", examples=["incoming/"]
        ),
    ] = "incoming/"
    media_access: Annotated[
        Access,
        Meta(
            description="Who reads what is published: public for anyone, signed for whoever has a "
            "URL that the API has signed; after a change, run `mediaport provision`",
            examples=["signed"],
        ),
    ] = "public"
    media_signed_url_ttl_s: Annotated[
        HalfSignedSeconds,
        Meta(
            description="How long a signed URL can be used at least, in s; at most twice as long",
            examples=["3600"],
        ),
    ] = 3600
    cloudfront_key_pair_id: Annotated[
        Name | None,
        Meta(
            description="Id of the public key at CloudFront, which is at S3_PUBLIC_BASE_URL then "
            "and verifies the URLs; by default the bucket does",
            examples=["K2JCJMDEHXQW5F"],
        ),
    ] = None
    cloudfront_private_key_file: Annotated[
        str | None,
        Meta(
            description="File of the private key that belongs to it: RSA in PEM, no password",
            examples=["/run/secrets/cloudfront.pem"],
        ),
    ] = None
    media_max_bytes_post: Annotated[
        Bytes, Meta(description="Largest image of a post, in bytes", examples=["5242880"])
    ] = 5_242_880
    media_max_bytes_avatar: Annotated[
        Bytes, Meta(description="Largest avatar, in bytes", examples=["2097152"])
    ] = 2_097_152
    media_kinds: Annotated[
        tuple[KindText, ...],
        Meta(
            description="Kinds beside post_image and avatar, as NAME=MAX_BYTES, separated by "
            "commas; a name is 1 to 20 of a-z, 0-9 and _; the app that Mediaport is built into "
            "shows media of them",
            examples=["banner=4194304,cover=8388608"],
        ),
    ] = ()
    media_max_pixels: Annotated[
        Pixels,
        Meta(description="Largest width x height that is decoded", examples=["40000000"]),
    ] = 40_000_000
    media_metadata: Annotated[
        MetadataRule,
        Meta(
            description="What becomes of a photo's metadata: strip_location publishes all but the "
            "place; strip_all nothing but colour profile and orientation; keep all of it, the "
            "place, too",
            examples=["strip_location"],
        ),
    ] = MetadataRule.STRIP_LOCATION
    media_max_pending: Annotated[
        Positive,
        Meta(description="Uploads that one user may have pending at once", examples=["100"]),
    ] = 100
    media_max_pending_bytes: Annotated[
        Total,
        Meta(
            description="Bytes that the pending uploads of one user may declare, together",
            examples=["536870912"],
        ),
    ] = 536_870_912
    media_max_stored_bytes: Annotated[
        Total,
        Meta(
            description="Bytes of originals that one user may store, with what is pending",
            examples=["10737418240"],
        ),
    ] = 10_737_418_240
    media_upload_url_ttl_s: Annotated[
        SignedSeconds,
        Meta(description="How long a signed upload URL can be used, in s", examples=["300"]),
    ] = 300
    media_pending_ttl_s: Annotated[
        Seconds,
        Meta(description="How long a pending upload can be completed, in s", examples=["3600"]),
    ] = 3600
    media_unattached_ttl: Annotated[
        Seconds,
        Meta(
            description="How long ready media is kept that nothing shows, in s",
            examples=["86400"],
        ),
    ] = 86_400
    media_sweep_interval_s: Annotated[
        Seconds, Meta(description="How often the sweep runs, in s", examples=["5"])
    ] = 5
    media_thumbnail_sizes: Annotated[
        tuple[Square, ...],
        Meta(
            description="Squares that thumbnails fit in, in px: 1 to 8 of them, 16 to 4096 each, "
            "separated by commas; after a change, run `mediaport thumbnails remake`",
            examples=["128,512,1024"],
            min_length=1,
            max_length=8,
        ),
    ] = (128, 512, 1024)
    media_thumbnail_quality: Annotated[
        Quality,
        Meta(
            description="WebP quality of thumbnails, 1 to 100; after a change, run `mediaport "
            "thumbnails remake --all`",
            examples=["80"],
        ),
    ] = 80
    thumbnail_workers: Annotated[
        Workers,
        Meta(description="Images decoded at the same time", examples=["2"]),
    ] = 2
    fail_point: Annotated[
        str | None,
        Meta(
            description="For tests alone: the process kills itself after this step, such as "
            "complete.store.publish",
            examples=["complete.store.publish"],
        ),
    ] = None

    def __post_init__(self) -> None:
        public, incoming = self.s3_public_prefix, self.s3_incoming_prefix
        if public.startswith(incoming) or incoming.startswith(public):
            raise SettingError(
                "S3_INCOMING_PREFIX",
                f"{incoming!r} and S3_PUBLIC_PREFIX {public!r} overlap: uploads would be public",
                "incoming/ with S3_PUBLIC_PREFIX=public/",
            )
        if self.media_upload_url_ttl_s > self.media_pending_ttl_s:
            raise SettingError(
                "MEDIA_UPLOAD_URL_TTL_S",
                f"{self.media_upload_url_ttl_s} s is longer than MEDIA_PENDING_TTL_S, "
                f"{self.media_pending_ttl_s} s: uploads would come too late",
                "300",
            )
        sizes = self.media_thumbnail_sizes
        doubled = next((size for size in sizes if sizes.count(size) > 1), None)
        if doubled:
            problem = f"{','.join(map(str, sizes))} names {doubled} twice"
            raise SettingError("MEDIA_THUMBNAIL_SIZES", problem, "128,512,1024")
        if self.fail_point not in {None, *POINTS}:
            problem = f"{self.fail_point!r} is no step. There are: {', '.join(POINTS)}"
            raise SettingError("FAIL_POINT", problem)
        self._check_kinds()
        self._check_workers()
        self._check_ports()
        self._check_proxies()
        self._check_store()
        self._check_access()
        if self.queue_web and not (self.redis_url and self.queue_web_password):
            missing = "QUEUE_WEB_PASSWORD" if self.redis_url else "REDIS_URL"
            raise SettingError("QUEUE_WEB", f"it is true, but {missing} is not set", "false")

    def _check_kinds(self) -> None:
        shown, example = ",".join(self.media_kinds), "banner=4194304,cover=8388608"
        names = [POST_IMAGE, AVATAR, *(text.partition("=")[0] for text in self.media_kinds)]
        doubled = next((name for name in names if names.count(name) > 1), None)
        if doubled in {POST_IMAGE, AVATAR}:
            setting = f"MEDIA_MAX_BYTES_{'POST' if doubled == POST_IMAGE else 'AVATAR'}"
            problem = f"{shown} names {doubled}, which is there: its size is {setting}"
            raise SettingError("MEDIA_KINDS", problem, example)
        if doubled:
            raise SettingError("MEDIA_KINDS", f"{shown} names {doubled} twice", example)
        too_large = [kind for kind, size in self.extra_kinds.items() if size > MAX_BYTES]
        if too_large:
            problem = f"{shown}: {too_large[0]} may have at most {MAX_BYTES} bytes"
            raise SettingError("MEDIA_KINDS", problem, example)

    def _check_workers(self) -> None:
        """What the embedded parts hold in memory, a second process would not see."""
        if self.api_workers == 1:
            return
        needs = {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}
        missing = [name for name, value in needs.items() if not value]
        if missing:
            problem = (
                f"{self.api_workers} processes share a database, counts of requests and events; "
                f"set {' and '.join(missing)}, or serve by one process"
            )
            raise SettingError("API_WORKERS", problem, "1")
        if not hasattr(os, "fork"):
            problem = f"this system cannot fork {self.api_workers} processes: start them one by one"
            raise SettingError("API_WORKERS", problem, "1")

    def _check_ports(self) -> None:
        urls = ("base_url", "database_url", "redis_url", *STORE_URLS, "s3_public_base_url")
        for name in (*urls, "otel_exporter_otlp_endpoint"):
            try:
                _ = urlsplit(getattr(self, name) or "").port
            except ValueError as error:  # its words could show a part of a password
                problem = "its host or port does not fit; a port is 0 to 65535"
                raise SettingError(name.upper(), problem) from error

    def _check_proxies(self) -> None:
        for proxy in self.trusted_proxies:
            try:  # what uvicorn cannot read it would take for a name, and trust nobody
                _ = ip_network(proxy) if "/" in proxy else ip_address(proxy)
            except ValueError as error:
                example = "10.0.0.5,172.16.0.0/12"
                raise SettingError("TRUSTED_PROXIES", str(error), example) from error

    def _check_store(self) -> None:
        if not self.s3_bucket:
            for name in STORE_URLS:
                if getattr(self, name):
                    raise SettingError("S3_BUCKET", f"{name.upper()} is set, it is not", "my-media")
            return
        if bool(self.aws_access_key_id) != bool(self.aws_secret_access_key):
            raise SettingError(
                "AWS_ACCESS_KEY_ID", "set it together with AWS_SECRET_ACCESS_KEY, or neither"
            )
        if self.aws_session_token and not self.aws_access_key_id:
            raise SettingError("AWS_SESSION_TOKEN", "it belongs to an AWS_ACCESS_KEY_ID: set that")
        patience_s = self.s3_connect_timeout_s + self.s3_read_timeout_s + 1
        if self.s3_max_attempts * patience_s > LONGEST_CALL_S:
            raise SettingError(
                "S3_READ_TIMEOUT_S",
                f"{self.s3_max_attempts} attempts of {patience_s} s are longer than "
                f"{LONGEST_CALL_S} s: a completion would be over before them",
                "5 with S3_CONNECT_TIMEOUT_S=2 and S3_MAX_ATTEMPTS=2",
            )
        if not self.s3_endpoint_url and not self.aws_region:
            raise SettingError(
                "AWS_REGION", f"it is needed for S3_BUCKET {self.s3_bucket!r}", "eu-central-1"
            )

    def _check_access(self) -> None:
        pair, key = self.cloudfront_key_pair_id, self.cloudfront_private_key_file
        if bool(pair) != bool(key):
            name, other = "CLOUDFRONT_KEY_PAIR_ID", "CLOUDFRONT_PRIVATE_KEY_FILE"
            raise SettingError(name, f"set it together with {other}, or neither")
        needs = {
            "MEDIA_ACCESS=signed": self.is_signed,
            "S3_BUCKET": self.s3_bucket,
            "S3_PUBLIC_BASE_URL": self.s3_public_base_url,
        }
        missing = [name for name, value in needs.items() if not value]
        if pair and missing:
            problem = f"it belongs to a private bucket behind CloudFront; set {', '.join(missing)}"
            raise SettingError("CLOUDFRONT_KEY_PAIR_ID", problem)
        if self.is_signed and self.s3_public_base_url and not pair:
            problem = (
                "with MEDIA_ACCESS=signed it is CloudFront's, with CLOUDFRONT_KEY_PAIR_ID and "
                "CLOUDFRONT_PRIVATE_KEY_FILE; leave it out, and URLs lead to the store itself"
            )
            raise SettingError("S3_PUBLIC_BASE_URL", problem)

    @property
    def is_signed(self) -> bool:
        """Whether what is published can be read under signed URLs alone."""
        return self.media_access == "signed"

    @property
    def extra_kinds(self) -> dict[Kind, int]:
        """The largest image of each kind of MEDIA_KINDS, in bytes."""
        parts = (text.partition("=") for text in self.media_kinds)
        return {Kind(name): int(max_bytes) for name, _, max_bytes in parts}

    @property
    def address(self) -> str:
        """The URL of this server on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - compared, not bound
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def reached_at(self) -> str:
        """Where browsers reach this server."""
        return self.base_url or self.address

    @property
    def upload_base_url(self) -> str:
        """Where the embedded object store is reached."""
        return f"{self.reached_at}/storage"

    @property
    def page_origins(self) -> tuple[str, ...]:
        """Origins of the pages that upload: those that are set, and this server's own."""
        return tuple(dict.fromkeys((*self.cors_origins, self.own_origins[0])))

    @property
    def own_origins(self) -> tuple[str, ...]:
        """Origins that this server's own pages may have."""
        local = (f"http://localhost:{self.port}", f"http://127.0.0.1:{self.port}")
        return (origin_of(self.reached_at), *local)

    @property
    def trusted_peers(self) -> list[str]:
        """TRUSTED_PROXIES, IPv4 as a socket for both shows it as well: `::ffff:10.0.0.5`."""
        networks = [ip_network(proxy) for proxy in self.trusted_proxies]
        mapped = [
            f"::ffff:{network.network_address}/{96 + network.prefixlen}"
            for network in networks
            if network.version == 4
        ]
        return [*self.trusted_proxies, *mapped]

    @property
    def data_path(self) -> Path:
        """The data folder."""
        return Path(self.data_dir).expanduser().absolute()

    @property
    def database_setting(self) -> str:
        """The setting that says where the database is."""
        return "DATABASE_URL" if self.database_url else "DATA_DIR"

    @property
    def database_place(self) -> str:
        """Where the database is, as it can be shown."""
        return without_password(self.database_url) if self.database_url else str(self.database_path)

    @property
    def database_path(self) -> Path:
        """The embedded database."""
        return self.data_path / "mediaport.db"


DESCRIPTIONS: Mapping[str, Meta] = MappingProxyType(
    {
        name: next(part for part in reversed(hint.__metadata__) if part.description)
        for name, hint in get_type_hints(Settings, include_extras=True).items()
    }
)
SECRETS = frozenset(
    {"jwt_secret", "queue_web_password", "aws_secret_access_key", "aws_session_token"}
)
# They may hold a password, between the user's name and the host.
_USER = re.compile(r"(?<=://)[^/@\s]*@")  # such a URL is refused: its password is not repeated
URLS_WITH_PASSWORDS = frozenset({"database_url", "redis_url"})


def load(
    environment: Mapping[str, str] = MappingProxyType(os.environ), *, env_file: Path = Path(".env")
) -> tuple[Settings, dict[str, str]]:
    """The settings, and for each one where it came from: environment, the file's name, or default.

    Raises:
        SettingError: A value cannot be used. One line, with the name and an example.
    """
    places = _places(environment, env_file)
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for field in msgspec.structs.fields(Settings):
        name = field.name.upper()
        sources[name] = "default"
        for place, source in places.items():
            raw = source.get(name, "").strip()
            if raw:
                values[field.name] = _value(field, raw)
                sources[name] = place
                break
    return Settings(**values), sources


def _places(environment: Mapping[str, str], env_file: Path) -> dict[str, Mapping[str, str]]:
    """Where values come from, by name; the first one that has a value counts."""
    return {
        "environment": environment,
        str(env_file): _read(env_file) if env_file.is_file() else {},
    }


def _read(env_file: Path) -> dict[str, str]:
    try:
        lines = dotenv_values(env_file, interpolate=False, encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SettingError(str(env_file), f"it is no UTF-8 text: {error}") from error
    for name, value in lines.items():
        if value is None:
            raise SettingError(f"{env_file}, {name}", "there is no = after the name")
    return {name: value for name, value in lines.items() if value is not None}


def _value(field: msgspec.structs.FieldInfo, raw: str) -> Any:
    name = field.name.upper()
    parsed: object = raw
    if isinstance(field.default, tuple):
        parsed = [part.strip() for part in raw.split(",") if part.strip()]
    try:
        return msgspec.convert(parsed, field.type, strict=False)
    except msgspec.ValidationError as error:
        is_secret = field.name in SECRETS | URLS_WITH_PASSWORDS
        shown = "its value" if is_secret else repr(_USER.sub("", raw))
        meta = DESCRIPTIONS[field.name]
        # A regex, an "array" or an "enum" tells nobody anything: say what it is instead.
        is_form = any(word in str(error) for word in ("regex", "array", "enum"))
        problem = f"Wanted: {meta.description}" if is_form else _in_words(str(error))
        example = str((meta.examples or [""])[0])
        raise SettingError(name, f"{shown} does not fit. {problem}", example) from error


def _in_words(error: str) -> str:
    without_path = error.partition(" - at `$")[0]
    return without_path.replace("Expected `int`, got `str`", "Wanted: a whole number")


def redis_url_of(settings: Settings) -> str:
    """Redis' address.

    Raises:
        SettingError: It is not set.
    """
    if settings.redis_url is None:
        problem = "it is not set: without Redis the server makes thumbnails itself"
        raise SettingError("REDIS_URL", problem, "redis://localhost:6379/0")
    return settings.redis_url


def without_password(url: str) -> str:
    """A URL that can be shown: its password is masked, wherever and however it is written."""
    masked = re.sub(r"(://[^:]*):.*@", r"\1:********@", url)
    return re.sub(r"(?<=[?&])([^=&]*)=[^&]*", _without_value, masked)


def _without_value(parameter: re.Match[str]) -> str:
    return f"{parameter[1]}=********" if "pass" in unquote(parameter[1]) else parameter[0]
