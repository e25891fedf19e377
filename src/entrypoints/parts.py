"""How each part is made from the settings: the embedded one, or the real one that they name.

What only the real parts need is imported when it is asked for: SAQ alone takes a good part of a
second, and the embedded product does without.
"""
# ruff: noqa: PLC0415 - for that reason

import hashlib
import hmac
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import URL

from mediaport import __version__
from mediaport.adapters.disk.folder import ObjectFolder
from mediaport.adapters.disk.object_store import DiskObjectStore
from mediaport.adapters.disk.signing import ReadSigner, UploadSigner
from mediaport.adapters.disk.url_signer import DiskUrlSigner
from mediaport.adapters.security.tokens import JwtTokens
from mediaport.adapters.sql.database import Database
from mediaport.adapters.sql.postgresql import postgresql_url
from mediaport.adapters.telemetry import spans
from mediaport.application.media.make_next_thumbnails import MakeNextThumbnails
from mediaport.application.ports.clock import Clock
from mediaport.application.ports.media_events import MediaEvents
from mediaport.application.ports.object_store import CACHE_CONTROL, private_cache_control
from mediaport.application.ports.rate_limiter import RateLimiter
from mediaport.domain.keys import KeyPrefixes
from mediaport.domain.policy import AVATAR, POST_IMAGE, UploadPolicy
from mediaport.entrypoints.settings import SettingError, Settings, redis_url_of

if TYPE_CHECKING:
    from mediaport.adapters.cloudfront.url_signer import CloudFrontUrlSigner
    from mediaport.adapters.disk.server import DiskStoreServer
    from mediaport.adapters.redis.media_events import RedisMediaEvents
    from mediaport.adapters.redis.rate_limiter import RedisRateLimiter
    from mediaport.adapters.s3.bucket_plan import BucketPlan
    from mediaport.adapters.s3.connection import S3Connection
    from mediaport.adapters.s3.object_store import S3ObjectStore
    from mediaport.adapters.s3.url_signer import S3UrlSigner
    from mediaport.adapters.saq.pages import QueuePages
    from mediaport.adapters.saq.thumbnail_queue import SaqThumbnailQueue
    from mediaport.adapters.saq.worker import SaqWorker


def which(setting: str | None) -> Literal["own", "real"]:
    """Which of two parts stands behind a port: the real one where its setting is set."""
    return "real" if setting else "own"


def late(module: str, name: str) -> Callable[..., Any]:
    """A class that is imported when the first one is made."""

    def make(*parts: Any) -> Any:
        return getattr(import_module(module), name)(*parts)

    return make


def upload_policy(settings: Settings) -> UploadPolicy:
    """The limits that the settings give."""
    return UploadPolicy(
        max_bytes={
            POST_IMAGE: settings.media_max_bytes_post,
            AVATAR: settings.media_max_bytes_avatar,
            **settings.extra_kinds,
        },
        max_pixels=settings.media_max_pixels,
        max_pending=settings.media_max_pending,
        max_pending_bytes=settings.media_max_pending_bytes,
        max_stored_bytes=settings.media_max_stored_bytes,
        url_ttl_s=settings.media_upload_url_ttl_s,
        pending_ttl_s=settings.media_pending_ttl_s,
        unattached_ttl_s=settings.media_unattached_ttl,
        thumbnail_sizes=tuple(sorted(settings.media_thumbnail_sizes)),
    )


def thumbnail_recipe(settings: Settings) -> str:
    """What thumbnails are made with, in words: where it differs, they have to be made anew."""
    sizes = ", ".join(str(size) for size in sorted(settings.media_thumbnail_sizes))
    return f"{sizes} px at quality {settings.media_thumbnail_quality}"


def key_prefixes(settings: Settings) -> KeyPrefixes:
    """The halves of the bucket that the settings give."""
    return KeyPrefixes(incoming=settings.s3_incoming_prefix, public=settings.s3_public_prefix)


def jwt_tokens(settings: Settings, secret: str) -> JwtTokens:
    """Tokens that live as long as the settings say."""
    return JwtTokens(secret, expires_in_s=settings.jwt_ttl_s)


def database_url(settings: Settings) -> URL:
    """The database, as SQLAlchemy names it.

    Raises:
        SettingError: The URL has a part that the driver does not know.
    """
    if settings.database_url is None:
        return URL.create("sqlite+aiosqlite", database=str(settings.database_path))
    try:
        return postgresql_url(settings.database_url)
    except ValueError as error:
        example = "postgresql://mediaport:PASSWORD@localhost:5432/mediaport"
        raise SettingError("DATABASE_URL", str(error), example) from error


def database(settings: Settings) -> Database:
    """The database, with connections as many and as patient as the settings say."""
    return Database(
        database_url(settings),
        pool_size=settings.database_pool_size,
        connect_timeout_s=settings.database_connect_timeout_s,
        statement_timeout_s=settings.database_statement_timeout_s,
    )


def object_folder(settings: Settings) -> ObjectFolder:
    """The folder of the embedded object store."""
    return ObjectFolder(settings.data_path / "objects")


def upload_signer(secret: str) -> UploadSigner:
    """A signer whose key is derived, so that no upload signature says anything of the tokens'."""
    return UploadSigner(hmac.digest(secret.encode(), b"mediaport embedded uploads", hashlib.sha256))


def disk_store(
    settings: Settings, folder: ObjectFolder, signer: UploadSigner, prefixes: KeyPrefixes
) -> DiskObjectStore:
    """The embedded object store."""
    return DiskObjectStore(
        folder,
        signer,
        upload_base_url=settings.upload_base_url,
        public_base_url=settings.s3_public_base_url or settings.upload_base_url,
        prefixes=prefixes,
    )


def disk_store_server(
    settings: Settings,
    folder: ObjectFolder,
    signer: UploadSigner,
    clock: Clock,
    prefixes: KeyPrefixes,
) -> "DiskStoreServer":
    """What serves the embedded object store, and takes uploads for it."""
    from mediaport.adapters.disk.server import DiskStoreServer

    return DiskStoreServer(
        folder,
        signer,
        clock,
        prefixes,
        reader=ReadSigner(signer.secret) if settings.is_signed else None,
        cache_control=cache_control(settings),
    )


def cache_control(settings: Settings) -> str:
    """What caches are told of published objects."""
    if settings.is_signed:
        return private_cache_control(ttl_s=settings.media_signed_url_ttl_s)
    return CACHE_CONTROL


def who_verifies(settings: Settings) -> Literal["disk", "s3", "cloudfront"]:
    """Where signed URLs lead, and are verified."""
    if settings.cloudfront_key_pair_id:
        return "cloudfront"
    return "s3" if settings.s3_bucket else "disk"


def disk_url_signer(settings: Settings, signer: UploadSigner) -> DiskUrlSigner:
    """Signs URLs of the embedded object store."""
    return DiskUrlSigner(ReadSigner(signer.secret), base_url=settings.upload_base_url)


def s3_url_signer(connection: "S3Connection") -> "S3UrlSigner":
    """Signs URLs of the bucket.

    Raises:
        SettingError: There are no credentials for it.
    """
    from mediaport.adapters.s3.url_signer import S3UrlSigner

    require_credentials(connection)
    return S3UrlSigner(connection)


def cloudfront_url_signer(settings: Settings) -> "CloudFrontUrlSigner":
    """Signs URLs of CloudFront, which stands in front of the bucket.

    Raises:
        SettingError: The key cannot be used.
    """
    name, file = "CLOUDFRONT_PRIVATE_KEY_FILE", settings.cloudfront_private_key_file or ""
    try:
        from mediaport.adapters.cloudfront.url_signer import CloudFrontUrlSigner

        return CloudFrontUrlSigner(
            key_pair_id=settings.cloudfront_key_pair_id or "",
            private_key=Path(file).read_bytes(),
            base_url=settings.s3_public_base_url or "",
        )
    except ImportError as error:
        problem = "it needs cryptography: pip install 'mediaport[cloudfront]'"
        raise SettingError(name, problem) from error
    except OSError as error:
        raise SettingError(name, f"{file}: {error.strerror}") from error
    except ValueError as error:  # its own words for a key are long, and tell nobody what to do
        problem = f"{file} is no RSA key in PEM without a password"
        raise SettingError(name, problem) from error


def s3_connection(settings: Settings) -> "S3Connection":
    """How the bucket of the settings is reached.

    Raises:
        SettingError: No bucket is set.
    """
    from mediaport.adapters.s3.connection import S3Connection

    if settings.s3_bucket is None:
        raise SettingError("S3_BUCKET", "it is not set: there is no bucket", "my-media")
    endpoint = settings.s3_endpoint_url
    return S3Connection(
        bucket=settings.s3_bucket,
        region=settings.aws_region or "us-east-1",
        endpoint_url=endpoint,
        presign_endpoint_url=settings.s3_presign_endpoint_url,
        addressing_style=settings.s3_addressing_style or ("path" if endpoint else "virtual"),
        access_key_id=settings.aws_access_key_id,
        secret_access_key=settings.aws_secret_access_key,
        session_token=settings.aws_session_token,
        pool_size=settings.s3_pool_size,
        connect_timeout_s=settings.s3_connect_timeout_s,
        read_timeout_s=settings.s3_read_timeout_s,
        max_attempts=settings.s3_max_attempts,
        ca_bundle=settings.aws_ca_bundle,
    )


def require_credentials(connection: "S3Connection") -> None:
    """Let pass who has credentials for the bucket, from the settings or from where boto3 looks.

    Raises:
        SettingError: There are none.
    """
    from mediaport.adapters.s3.credentials import NoCredentials

    try:
        connection.credentials()
    except NoCredentials as error:
        raise SettingError("AWS_ACCESS_KEY_ID", str(error), "AKIAIOSFODNN7EXAMPLE") from error


def bucket_plan(settings: Settings, connection: "S3Connection") -> "BucketPlan":
    """What the bucket of the settings is to be."""
    from mediaport.adapters.s3.bucket_plan import BucketPlan

    return BucketPlan(
        bucket=connection.bucket,
        region=connection.region,
        partition=connection.partition(),
        prefixes=key_prefixes(settings),
        origins=settings.page_origins,
        incoming_lasts_s=settings.media_pending_ttl_s + settings.media_upload_url_ttl_s,
        is_public=not settings.is_signed,
        signs_gets=settings.is_signed and who_verifies(settings) == "s3",
    )


def s3_store(
    settings: Settings, connection: "S3Connection", prefixes: KeyPrefixes
) -> "S3ObjectStore":
    """The object store in the bucket.

    Raises:
        SettingError: There are no credentials for it, or a setting does not fit.
    """
    from mediaport.adapters.s3.object_store import S3ObjectStore

    require_credentials(connection)
    try:
        return S3ObjectStore(
            connection,
            prefixes,
            public_base_url=settings.s3_public_base_url,
            cache_control=cache_control(settings),
        )
    except ValueError as error:  # its own word for an endpoint that is none
        raise SettingError("S3_ENDPOINT_URL", str(error), "http://minio:9000") from error
    except OSError as error:
        raise SettingError("AWS_CA_BUNDLE", str(error), "/etc/ssl/private-ca.pem") from error


def redis_queue(settings: Settings) -> "SaqThumbnailQueue":
    """The queue in Redis."""
    from mediaport.adapters.saq.thumbnail_queue import SaqThumbnailQueue

    with _redis_url(settings) as url:
        return SaqThumbnailQueue(
            url, name=settings.queue_name, timeout_s=settings.redis_timeout_ms / 1000
        )


def redis_rate_limiter(settings: Settings, spare: RateLimiter) -> "RedisRateLimiter":
    """What counts requests in Redis; `spare` does while that is down."""
    from mediaport.adapters.redis.rate_limiter import RedisRateLimiter

    with _redis_url(settings) as url:
        return RedisRateLimiter(url, name=settings.queue_name, spare=spare)


def redis_media_events(settings: Settings, local: MediaEvents) -> "RedisMediaEvents":
    """What passes events on by Redis; `local` has the subscriptions of this process."""
    from mediaport.adapters.redis.media_events import RedisMediaEvents

    with _redis_url(settings) as url:
        return RedisMediaEvents(
            url,
            name=settings.queue_name,
            local=local,
            timeout_s=settings.redis_timeout_ms / 1000,
        )


def start_tracing(settings: Settings) -> None:
    """Record spans in this process, where a collector is set.

    Raises:
        SettingError: What that takes is not installed.
    """
    endpoint = settings.otel_exporter_otlp_endpoint
    if endpoint is None:
        return
    try:
        from mediaport.adapters.telemetry.otel import OtelTracer, exporting
    except ImportError as error:
        problem = f"it is set, but {error.name} is missing: pip install 'mediaport[otel]'"
        raise SettingError("OTEL_EXPORTER_OTLP_ENDPOINT", problem) from error
    spans.use(OtelTracer(exporting(endpoint), service="mediaport", version=__version__))


def turns_at_once(settings: Settings) -> int:
    """How many media items a worker has in hand.

    More than it decodes at once: an original is fetched, and thumbnails are put, meanwhile.
    """
    return settings.thumbnail_workers + ceil(settings.thumbnail_workers / 2)


def redis_worker(settings: Settings, make_next: MakeNextThumbnails) -> "SaqWorker":
    """A worker on the queue in Redis."""
    from mediaport.adapters.saq.worker import SaqWorker

    with _redis_url(settings) as url:
        return SaqWorker(
            url,
            name=settings.queue_name,
            make_next=make_next,
            concurrency=turns_at_once(settings),
        )


def queue_pages(settings: Settings, queue: "SaqThumbnailQueue") -> "QueuePages":
    """SAQ's pages behind their password."""
    from mediaport.adapters.saq.pages import QueuePages

    return QueuePages(queue.jobs, password=settings.queue_web_password or "")


@contextmanager
def _redis_url(settings: Settings) -> Iterator[str]:
    """Redis' address, while something is made of it that may find it unfit."""
    try:
        yield redis_url_of(settings)
    except (ValueError, TypeError) as error:  # their words could show the password
        problem = "its value does not fit: look at its port, its number and its parameters"
        raise SettingError("REDIS_URL", problem, "redis://localhost:6379/0") from error
