"""Someone who uploads and reads by HTTP alone, as browsers and strangers do."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import uuid4

import httpx

from mediaport.application.ports.clock import Clock
from mediaport.application.ports.object_store import ObjectStore, SignedUpload
from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.application.ports.url_signer import UrlSigner
from mediaport.domain.policy import ContentType
from mediaport.entrypoints.container import Container
from mediaport.entrypoints.doctor.checks import Ailment

BODY = b"What the doctor brings, the doctor takes away."
TYPE = ContentType.JPEG
PERMITTED_S = 60


class Visitor:
    """Goes by names of its own, so that it can take away all that it has brought.

    Attributes:
        has_brought: Whether there may be something to take away.
    """

    def __init__(self, container: Container, http: httpx.AsyncClient) -> None:
        self._store: ObjectStore = container.store()
        self._clock: Clock = container.clock()
        self._host_clock: Clock = container.host_clock()
        self._prefixes = container.prefixes()
        self._own = f"doctor/{uuid4().hex}"
        self._http = http
        self.has_brought = False

    def sign(self, name: str, *, expires_in_s: int = 60) -> SignedUpload:
        """Permission to upload the body under one of its names."""
        return self._store.presign_put(
            self.incoming(name),
            content_type=TYPE,
            size_bytes=len(BODY),
            expires_in_s=expires_in_s,
            now=self._now(),
        )

    def _now(self) -> datetime:
        """The server's time; this host's, where the database does not tell it."""
        try:
            return self._clock.now()
        except PartUnavailable:
            return self._host_clock.now()

    def incoming(self, name: str) -> str:
        """The key of an upload."""
        return f"{self._prefixes.incoming}{self._own}/{name}.{TYPE.extension}"

    def public(self, name: str) -> str:
        """The key of what is published."""
        return f"{self._prefixes.public}{self._own}/{name}.{TYPE.extension}"

    def permitted(self, name: str, signer: UrlSigner, *, begun_s_ago: int = 0) -> str:
        """The URL under which it may read what is published, for a minute from then on."""
        since = self._now() - timedelta(seconds=begun_s_ago)
        return signer.presign_get(self.public(name), since=since, expires_in_s=PERMITTED_S)

    def bucket_url(self) -> str:
        """Where browsers reach the bucket, whatever CDN is in front of what is public."""
        key = self.incoming("accepted")
        return self.sign("accepted").url.partition("?")[0].removesuffix(f"/{key}")

    async def put(
        self,
        upload: SignedUpload,
        body: bytes = BODY,
        *,
        url: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """An upload, by default exactly as it was permitted."""
        self.has_brought = True
        return await self.send(
            "PUT", url or upload.url, body, {**upload.headers, **(headers or {})}
        )

    async def send(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """What the store answers to anyone.

        Raises:
            Ailment: It does not answer.
        """
        try:
            return await self._http.request(method, url, content=body, headers=headers)
        except httpx.TransportError as error:
            seen = f"{origin_of(url)} does not answer: {error!r}"
            mend = "Browsers must reach it: set S3_PRESIGN_ENDPOINT_URL, or S3_PUBLIC_BASE_URL."
            raise Ailment(seen, mend=mend) from error

    async def own_keys(self) -> list[str]:
        """What it has brought and not taken away."""
        halves = (self._prefixes.incoming, self._prefixes.public)
        return [
            each.key
            for half in halves
            async for each in self._store.objects_under(f"{half}{self._own}/")
        ]

    async def remove_all(self) -> list[str]:
        """Take away what it has brought."""
        keys = await self.own_keys()
        await self._store.delete(keys)
        self.has_brought = False
        return keys


def origin_of(url: str) -> str:
    """Scheme, host and port."""
    return "/".join(url.split("/")[:3])
