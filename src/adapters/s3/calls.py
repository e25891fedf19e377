"""Calls to a bucket, by aiohttp: signed, bounded in time and size, and made again if need be."""

import asyncio
import logging
import random
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL

from mediaport.adapters.s3.connection import S3Connection
from mediaport.adapters.s3.credentials import Credentials
from mediaport.adapters.s3.documents import Unreadable, fault_in
from mediaport.adapters.s3.signing import Signer, query_of

log = logging.getLogger(__name__)

LONGEST_DOCUMENT = 8_000_000  # a page of a thousand keys of a thousand bytes, each escaped
# What may go well a moment later, besides all from 500 on.
PASSING = frozenset({"InternalError", "SlowDown", "RequestTimeout", "ServiceUnavailable", "429"})


class Refused(Exception):
    """Raised when the store answers that it does not do it; `code` is S3's, or the status."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.may_pass = status >= 500 or code in PASSING


class Silent(Exception):
    """Raised when the store is not reached, or does not answer."""

    may_pass = True


@dataclass(frozen=True, slots=True)
class Answer:
    """What the store says when all is well."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def header(self, name: str) -> str:
        """One that must be there.

        Raises:
            Unreadable: It is not.
        """
        try:
            return self.headers[name]
        except KeyError:
            raise Unreadable(f"it has no {name}") from None


class S3Calls:
    """Keeps connections for as many calls at once as it may make; further ones wait.

    The connections belong to the event loop of the first call.

    Raises:
        ValueError: The endpoint is no URL of a host.
        OSError: The file of authorities cannot be used.
    """

    def __init__(self, connection: S3Connection, credentials: Credentials) -> None:
        self._connection = connection
        self._credentials = credentials
        self._address = connection.address()
        self._signer = Signer(connection.region)
        self._proxy = _proxy_to(self._address.origin)
        self._trusted = _trusted(connection.ca_bundle, self._address.origin, self._proxy)
        self._session: aiohttp.ClientSession | None = None
        # aiohttp gives a free connection to whoever comes next, not to who waits for one longest.
        self._turns = asyncio.Semaphore(connection.pool_size)

    async def send(
        self,
        method: str,
        key: str = "",
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        longest: int | None = LONGEST_DOCUMENT,
    ) -> Answer:
        """The answer to a call on a key, or on the bucket. All our calls can be repeated.

        Raises:
            Refused: The store does not do it.
            Silent: It does not answer, or not in time.
            Unreadable: It answers what S3 does not answer, or more than the `longest` answer.
            NoCredentials: Nothing can be signed.
        """
        path, asked = self._address.path_of(key), query_of(query or {})
        url = URL(f"{self._address.origin}{path}{asked and '?'}{asked}", encoded=True)
        attempts = self._connection.max_attempts
        async with asyncio.timeout(self._connection.longest_call_s):
            while True:
                attempts -= 1
                signed = self._signer.signed(
                    await self._credentials.keys_for_call(),
                    method,
                    self._address,
                    key,
                    query=query,
                    headers=headers,
                    body=body,
                    now=datetime.now(UTC),
                )
                try:
                    return await self._try(method, url, signed, body, longest)
                except (Silent, Refused) as error:
                    if not (attempts and error.may_pass):
                        raise
                    log.debug("%s %s is tried again. %s", method, path, error)
                await asyncio.sleep(random.uniform(0.05, 0.5))  # noqa: S311 - so that not all come back at once

    async def close(self) -> None:
        """Close every connection; calls that are under way come to nothing."""
        if self._session:
            await self._session.close()

    async def _try(
        self, method: str, url: URL, headers: Mapping[str, str], body: bytes, longest: int | None
    ) -> Answer:
        self._session = self._session or self._opened()
        try:
            async with (
                self._turns,
                self._session.request(
                    method, url, headers=headers, data=body or None, allow_redirects=False
                ) as got,
            ):
                is_done = got.status < 300
                content = await _read(got.content, longest if is_done else LONGEST_DOCUMENT)
        except aiohttp.ClientConnectorError as error:
            raise Silent(f"Could not connect to {self._address.origin}: {error}") from error
        except TimeoutError as error:
            raise Silent(f"{self._address.origin}: timeout") from error
        except aiohttp.ClientError as error:
            raise Silent(f"{self._address.origin}: {error!r}") from error
        # Of a copy and of deletions, S3 may say after a 200 that they came to nothing.
        fault = fault_in(content) if method in {"PUT", "POST"} or not is_done else None
        if fault or not is_done:
            code = fault.code if fault else str(got.status)
            raise Refused(got.status, code, fault.message if fault else str(got.reason))
        return Answer(got.status, got.headers, content)

    def _opened(self) -> aiohttp.ClientSession:
        known = self._connection
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=known.pool_size, ssl=self._trusted),
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=known.connect_timeout_s, sock_read=known.read_timeout_s
            ),
            headers={"Accept-Encoding": "identity"},
            skip_auto_headers=["Content-Type"],  # what is not signed is not sent
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            proxy=self._proxy,
        )


async def _read(content: aiohttp.StreamReader, longest: int | None) -> bytes:
    if longest is None:
        return await content.read()
    chunks, size = [], 0
    async for chunk in content.iter_any():
        chunks.append(chunk)
        size += len(chunk)
        if size > longest:
            raise Unreadable(f"it is longer than {longest} bytes")
    return b"".join(chunks)


def _trusted(bundle: str | None, *urls: str | None) -> ssl.SSLContext | bool:
    """Whom to trust: who is in the bundle, or those of the host, read where there is TLS at all."""
    if bundle or any(url and urlsplit(url).scheme == "https" for url in urls):
        return ssl.create_default_context(cafile=bundle)
    return True


def _proxy_to(origin: str) -> str | None:
    """The proxy that the host's environment names, as boto3 takes it: HTTPS_PROXY, NO_PROXY."""
    to = urlsplit(origin)
    return None if proxy_bypass(to.netloc) else getproxies().get(to.scheme)
