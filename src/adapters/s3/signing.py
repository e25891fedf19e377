"""Signature Version 4, as AWS describes it: of a URL, or of the headers of a call."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from urllib.parse import quote

from mediaport.adapters.s3.address import Address

ALGORITHM = "AWS4-HMAC-SHA256"
_EPOCH, _SECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(seconds=1)
NOT_HASHED = "UNSIGNED-PAYLOAD"  # whoever gets the URL brings the bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Who we are, and how we show it; `session_token` belongs to temporary keys."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs for the S3 of one region. It makes no call, and has no clock."""

    region: str

    def presigned(
        self,
        keys: Keys,
        method: str,
        address: Address,
        key: str = "",
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        expires_in_s: int,
        now: datetime,
    ) -> str:
        """A URL that permits one method on one key, with exactly these headers."""
        stamp = _stamp(now)
        lines, names = _canonical({**(headers or {}), "host": address.host})
        signed = {
            **(query or {}),
            "X-Amz-Algorithm": ALGORITHM,
            "X-Amz-Credential": f"{keys.access_key_id}/{self._scope(stamp)}",
            "X-Amz-Date": stamp,
            "X-Amz-Expires": str(expires_in_s),
            "X-Amz-SignedHeaders": names,
        }
        if keys.session_token:
            signed["X-Amz-Security-Token"] = keys.session_token
        path, asked = address.path_of(key), query_of(signed)
        request = f"{method}\n{path}\n{asked}\n{lines}\n{names}\n{NOT_HASHED}"
        signature = self._signature(keys, stamp, request)
        return f"{address.origin}{path}?{asked}&X-Amz-Signature={signature}"

    def signed(
        self,
        keys: Keys,
        method: str,
        address: Address,
        key: str = "",
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        now: datetime,
    ) -> dict[str, str]:
        """The headers of a call, and those that prove who makes it. The host's is left out."""
        stamp, content = _stamp(now), sha256(body).hexdigest()
        sent = {**(headers or {}), "X-Amz-Content-SHA256": content, "X-Amz-Date": stamp}
        if keys.session_token:
            sent["X-Amz-Security-Token"] = keys.session_token
        lines, names = _canonical({**sent, "host": address.host})
        path, asked = address.path_of(key), query_of(query or {})
        request = f"{method}\n{path}\n{asked}\n{lines}\n{names}\n{content}"
        sent["Authorization"] = (
            f"{ALGORITHM} Credential={keys.access_key_id}/{self._scope(stamp)}, "
            f"SignedHeaders={names}, Signature={self._signature(keys, stamp, request)}"
        )
        return sent

    def _scope(self, stamp: str) -> str:
        return f"{stamp[:8]}/{self.region}/s3/aws4_request"

    def _signature(self, keys: Keys, stamp: str, request: str) -> str:
        hashed = sha256(request.encode()).hexdigest()
        text = f"{ALGORITHM}\n{stamp}\n{self._scope(stamp)}\n{hashed}"
        return _digest(_key_of(keys.secret_access_key, stamp[:8], self.region), text).hex()


def query_of(parameters: Mapping[str, str]) -> str:
    """A query in the form that is signed: escaped, and in order."""
    return _query_of(tuple(sorted(parameters.items())))


@lru_cache(maxsize=64)  # a busy server signs many URLs in one second, which have the same
def _query_of(pairs: tuple[tuple[str, str], ...]) -> str:
    return "&".join(f"{_part(name)}={_part(value)}" for name, value in pairs)


@lru_cache(maxsize=8)  # one is good for a day
def _key_of(secret: str, day: str, region: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for text in (day, region, "s3", "aws4_request"):
        key = _digest(key, text)
    return key


def _canonical(headers: Mapping[str, str]) -> tuple[str, str]:
    """Headers in the form that is signed, and their names."""
    ordered = sorted([(name.lower(), " ".join(value.split())) for name, value in headers.items()])
    lines = "".join([f"{name}:{value}\n" for name, value in ordered])
    return lines, ";".join([name for name, _ in ordered])


def _digest(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def _part(text: str) -> str:
    return quote(text, safe="~")


def _stamp(now: datetime) -> str:
    return _stamp_of((now - _EPOCH) // _SECOND)


@lru_cache(maxsize=8)
def _stamp_of(second: int) -> str:
    return (_EPOCH + second * _SECOND).strftime("%Y%m%dT%H%M%SZ")
