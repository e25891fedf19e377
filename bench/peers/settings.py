"""What the peer and the floor are told, and how they both read a cursor."""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta

DATABASE_URL = os.environ["DATABASE_URL"]
JWT_SECRET = os.environ["JWT_SECRET"]
S3_ENDPOINT_URL = os.environ["S3_ENDPOINT_URL"]
S3_BUCKET = os.environ["S3_BUCKET"]
REGION = os.environ["AWS_REGION"]
ACCESS_KEY_ID = os.environ["AWS_ACCESS_KEY_ID"]
SECRET_ACCESS_KEY = os.environ["AWS_SECRET_ACCESS_KEY"]
PUBLIC_BASE_URL = f"{S3_ENDPOINT_URL}/{S3_BUCKET}"
AUDIENCE, URL_TTL_S, PENDING_TTL, PAGE = "mediaport", 300, timedelta(hours=1), 20
EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_cursor(created_at: datetime, number: int) -> str:
    """A place in the feed."""
    microseconds = (created_at - _EPOCH) // timedelta(microseconds=1)
    return urlsafe_b64encode(f"{microseconds}.{number}".encode()).decode().rstrip("=")


def from_cursor(cursor: str) -> tuple[datetime, int]:
    """The place that it stands for."""
    text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    microseconds, _, number = text.partition(".")
    return _EPOCH + timedelta(microseconds=int(microseconds)), int(number)
