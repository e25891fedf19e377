"""The peer's S3 module: boto3, its calls in threads."""

from functools import partial
from io import BytesIO

import boto3
from anyio.to_thread import run_sync
from botocore.config import Config
from PIL import Image

from bench.peers import settings

HEADER_BYTES = 65_536
client = boto3.client(
    "s3",
    endpoint_url=settings.S3_ENDPOINT_URL,
    region_name=settings.REGION,
    aws_access_key_id=settings.ACCESS_KEY_ID,
    aws_secret_access_key=settings.SECRET_ACCESS_KEY,
    config=Config(
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        max_pool_connections=40,  # as many as there are threads
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    ),
)


def create_presigned_put_url(key: str, content_type: str, size_bytes: int) -> str:
    """Permission for one PUT of this type and length."""
    return client.generate_presigned_url(
        "put_object",
        Params={
            "Bucket": settings.S3_BUCKET,
            "Key": key,
            "ContentType": content_type,
            "ContentLength": size_bytes,
        },
        ExpiresIn=settings.URL_TTL_S,
    )


async def head(key: str) -> tuple[int, str, str]:
    """Length, type and ETag."""
    found = await run_sync(partial(client.head_object, Bucket=settings.S3_BUCKET, Key=key))
    return found["ContentLength"], found["ContentType"], found["ETag"]


async def picture_size(key: str) -> tuple[str, int, int]:
    """Type, width and height, as the picture's own first bytes say."""

    def read() -> tuple[str, int, int]:
        part = f"bytes=0-{HEADER_BYTES - 1}"
        answer = client.get_object(Bucket=settings.S3_BUCKET, Key=key, Range=part)
        with Image.open(BytesIO(answer["Body"].read()), formats=["JPEG", "PNG", "WEBP"]) as image:
            return Image.MIME[image.format or ""], image.width, image.height

    return await run_sync(read)


async def copy(source: str, target: str, *, etag: str, content_type: str) -> str:
    """A copy inside the store, of what was looked at; its ETag."""
    call = partial(
        client.copy_object,
        Bucket=settings.S3_BUCKET,
        Key=target,
        CopySource={"Bucket": settings.S3_BUCKET, "Key": source},
        CopySourceIfMatch=etag,
        ContentType=content_type,
        CacheControl="public, max-age=31536000, immutable",
        MetadataDirective="REPLACE",
    )
    copied = await run_sync(call)
    return copied["CopyObjectResult"]["ETag"]


async def remove(*keys: str) -> None:
    """One call for all of them."""
    await run_sync(
        partial(
            client.delete_objects,
            Bucket=settings.S3_BUCKET,
            Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True},
        )
    )
