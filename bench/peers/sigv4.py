"""Presigned PUTs by SigV4, with as little work as there can be: a key for each day, one hash."""

import hmac
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from urllib.parse import quote, urlsplit

from bench.peers import settings

HOST = urlsplit(settings.S3_ENDPOINT_URL).netloc
SIGNED = "content-length;content-type;host"


@lru_cache(2)
def _day_key(day: str) -> bytes:
    key = f"AWS4{settings.SECRET_ACCESS_KEY}".encode()
    for part in (day, settings.REGION, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), sha256)
    return key


def presigned_put(key: str, content_type: str, size_bytes: int, now: datetime) -> str:
    """A URL for one PUT of this type and length; `key` needs no quoting."""
    at = f"{now:%Y%m%dT%H%M%SZ}"
    scope = f"{at[:8]}/{settings.REGION}/s3/aws4_request"
    query = (
        "X-Amz-Algorithm=AWS4-HMAC-SHA256"
        f"&X-Amz-Credential={quote(f'{settings.ACCESS_KEY_ID}/{scope}', safe='')}"
        f"&X-Amz-Date={at}&X-Amz-Expires={settings.URL_TTL_S}"
        f"&X-Amz-SignedHeaders={SIGNED.replace(';', '%3B')}"
    )
    path = f"/{settings.S3_BUCKET}/{key}"
    request = (
        f"PUT\n{path}\n{query}\ncontent-length:{size_bytes}\ncontent-type:{content_type}\n"
        f"host:{HOST}\n\n{SIGNED}\nUNSIGNED-PAYLOAD"
    )
    text = f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{sha256(request.encode()).hexdigest()}"
    signature = hmac.digest(_day_key(at[:8]), text.encode(), sha256).hex()
    return f"{settings.S3_ENDPOINT_URL}{path}?{query}&X-Amz-Signature={signature}"
