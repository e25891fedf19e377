"""The floor: an ASGI app by hand, a statement per call, no framework. Nothing does with less."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from time import time
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

import asyncpg
import msgspec

from bench.peers import settings, statements
from bench.peers.sigv4 import presigned_put

SECRET = settings.JWT_SECRET.encode()
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
pool: Any = None


class Claims(msgspec.Struct):
    """What a token says."""

    sub: str
    aud: str
    exp: int


class Upload(msgspec.Struct):
    """What is going to be uploaded."""

    kind: str
    content_type: str
    size_bytes: int


class Text(msgspec.Struct):
    """A new post."""

    body: str


_claims = msgspec.json.Decoder(Claims)
_upload, _text = msgspec.json.Decoder(Upload), msgspec.json.Decoder(Text)


async def no_reset(_: Any) -> None:
    """A single statement leaves nothing behind."""


async def lifespan(receive: Receive, send: Send) -> None:
    """Open the pool, and close it."""
    global pool  # noqa: PLW0603 - one process, one pool
    await receive()
    pool = await asyncpg.create_pool(settings.DATABASE_URL, min_size=1, max_size=10, reset=no_reset)
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await pool.close()
    await send({"type": "lifespan.shutdown.complete"})


def caller(headers: list[tuple[bytes, bytes]]) -> int:
    """Whose token it is."""
    token = next(value for name, value in headers if name == b"authorization")[7:]
    signed, _, signature = token.rpartition(b".")
    known = urlsafe_b64encode(hmac.digest(SECRET, signed, sha256)).rstrip(b"=")
    if not hmac.compare_digest(known, signature):
        raise PermissionError
    payload = signed.partition(b".")[2]
    claims = _claims.decode(urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)))
    if claims.aud != settings.AUDIENCE or claims.exp <= time():
        raise PermissionError
    return int(claims.sub)


async def presign(user: int, body: bytes) -> bytes:
    """Keep a pending media item and sign a URL."""
    upload, now = _upload.decode(body), datetime.now(UTC)
    path = f"{user}/{uuid4().hex}.{settings.EXTENSIONS[upload.content_type]}"
    incoming, key = f"incoming/{path}", f"public/media/{path}"
    public_url = f"{settings.PUBLIC_BASE_URL}/{key}"
    names = settings.S3_BUCKET, incoming, key, public_url
    times = now, now + settings.PENDING_TTL
    media_id = await pool.fetchval(
        statements.PRESIGN,
        user,
        upload.kind,
        *names,
        upload.content_type,
        upload.size_bytes,
        *times,
    )
    url = presigned_put(incoming, upload.content_type, upload.size_bytes, now)
    return msgspec.json.encode(
        {
            "media_id": media_id,
            "status": "pending",
            "kind": upload.kind,
            "upload_url": url,
            "public_url": public_url,
            "upload": {
                "method": "PUT",
                "url": url,
                "headers": {"Content-Type": upload.content_type},
                "expires_at": now + timedelta(seconds=settings.URL_TTL_S),
                "expires_in": settings.URL_TTL_S,
            },
        }
    )


async def feed(user: int, query: bytes) -> bytes:
    """Everyone's posts, newest first."""
    if cursor := parse_qs(query).get(b"cursor"):
        place = settings.from_cursor(cursor[0].decode())
        rows = await pool.fetch(statements.OLDER, user, *place)
    else:
        rows = await pool.fetch(statements.NEWEST, user)
    following = settings.to_cursor(rows[-1][1], rows[-1][2])
    items = ",".join([row[0] for row in rows])
    return f'{{"items":[{items}],"next_cursor":"{following}"}}'.encode()


async def answer(scope: dict[str, Any], receive: Receive) -> tuple[int, bytes]:
    """Status and body."""
    user, path = caller(scope["headers"]), scope["path"]
    if scope["method"] == "POST":
        body: bytes = (await receive())["body"]
        if path == "/media/presign":
            return 201, await presign(user, body)
        text, now = _text.decode(body).body, datetime.now(UTC)
        return 201, (await pool.fetchval(statements.PUBLISH, user, text, now)).encode()
    if path == "/posts/":
        return 200, await feed(user, scope["query_string"])
    return 200, (await pool.fetchval(statements.PROFILE, path.removeprefix("/users/"))).encode()


async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Answer."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    status, body = await answer(scope, receive)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
