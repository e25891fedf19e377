"""Media that were uploaded and wait to be completed."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import TYPE_CHECKING
from uuid import uuid4

import asyncpg
import boto3
from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from botocore.config import Config
from PIL import Image

from bench.api.contenders import BUCKET
from tests.servers.s3 import S3Server

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

AT_ONCE = 8
ADD = """
    INSERT INTO media (owner_id, kind, status, thumbnails_status, bucket, incoming_key, object_key,
        public_url, content_type, size_bytes, created_at, expires_at)
    SELECT owner, 'post_image', 'pending', 'pending', $1, 'incoming/' || path,
        'public/media/' || path, 'https://cdn.example.com/public/media/' || path, 'image/jpeg',
        $2, $3, $4
    FROM (SELECT owner, owner || '/' || name || '.jpg' AS path
        FROM unnest($5::bigint[], $6::text[]) AS wanted (owner, name)) AS placed
    RETURNING id, owner_id, incoming_key
"""


def photo() -> bytes:
    """A JPEG of 1024 x 768, some 340 kB."""
    noise = Image.effect_noise((1024, 768), 60).convert("RGB")
    body = BytesIO()
    noise.save(body, "JPEG", quality=60)
    return body.getvalue()


def make(s3: S3Server, database_url: str, owners: Sequence[int]) -> dict[int, int]:
    """Rows as presign keeps them, with their objects; owners by media."""
    return asyncio.run(_make(s3, database_url, owners))


async def _make(s3: S3Server, database_url: str, owners: Sequence[int]) -> dict[int, int]:
    body, now, names = photo(), datetime.now(UTC), [uuid4().hex for _ in owners]
    connection = await asyncpg.connect(database_url)
    try:
        expiry = now + timedelta(hours=1)
        rows = await connection.fetch(ADD, BUCKET, len(body), now, expiry, owners, names)
    finally:
        await connection.close()
    await put(s3, [row["incoming_key"] for row in rows], body)
    return {row["id"]: row["owner_id"] for row in rows}


async def put(s3: S3Server, keys: Sequence[str], body: bytes) -> None:
    """The same picture under each of these keys."""
    client = client_of(s3)

    def put_one(key: str) -> None:
        client.put_object(Bucket=BUCKET, Key=key, Body=body, ContentType="image/jpeg")

    threads = CapacityLimiter(AT_ONCE)
    async with asyncio.TaskGroup() as group:
        for key in keys:
            group.create_task(run_sync(put_one, key, limiter=threads))


def client_of(s3: S3Server) -> "S3Client":
    """boto3's client of the store."""
    return boto3.client(
        "s3",
        endpoint_url=s3.endpoint_url,
        aws_access_key_id=s3.access_key_id,
        aws_secret_access_key=s3.secret_access_key,
        region_name=s3.settings["AWS_REGION"],
        config=Config(signature_version="s3v4"),
    )
