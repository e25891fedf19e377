"""Can what is published be read, by those who are to read it and by nobody else?"""

from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from mediaport.application.ports.object_store import ObjectStore
from mediaport.application.ports.url_signer import UrlSigner
from mediaport.entrypoints.container import Container
from mediaport.entrypoints.doctor.answers import refused, shown
from mediaport.entrypoints.doctor.checks import Ailment, Check
from mediaport.entrypoints.doctor.visitor import BODY, PERMITTED_S, TYPE, Visitor, origin_of
from mediaport.entrypoints.parts import cache_control

SIGNED = "signed GET accepted"


def reading_checks(
    container: Container, visitor: Visitor, needs: tuple[str, ...]
) -> Sequence[Check]:
    """The checks that belong to MEDIA_ACCESS, of an object that was published as `accepted`."""
    headers = {
        "content-type": str(TYPE),
        "cache-control": cache_control(container.settings()),
    }
    if container.settings().is_signed:
        return SignedReading(visitor, container.url_signer(), headers).checks(needs)
    public = PublicReading(visitor, container.store(), headers)
    return [Check(name="published objects are public", run=public.serves, needs=needs)]


@dataclass(frozen=True, slots=True)
class PublicReading:
    """Anyone reads."""

    visitor: Visitor
    store: ObjectStore
    headers: dict[str, str]

    async def serves(self) -> str:
        """Without a signature."""
        url = f"{self.store.public_base_url}/{self.visitor.public('accepted')}"
        answer = await self.visitor.send("GET", url)
        if answer.content != BODY:
            raise Ailment(
                f"{shown(answer)} at {url}",
                mend="Run: mediaport provision. Behind a CDN, set S3_PUBLIC_BASE_URL to it. What "
                "SSE-KMS encrypts, AWS shows to nobody without a signature.",
            )
        _require_headers(answer, self.headers)
        return f"200 at {self.store.public_base_url}"


@dataclass(frozen=True, slots=True)
class SignedReading:
    """Whoever has a URL reads, for a time."""

    visitor: Visitor
    signer: UrlSigner
    headers: dict[str, str]

    def checks(self, needs: tuple[str, ...]) -> Sequence[Check]:
        """That it works with a signature, and that it does not without one that holds."""
        signed = (*needs, SIGNED)
        return [
            Check(name=SIGNED, run=self._serves, needs=needs),
            Check(name="unsigned GET refused", run=self._refuses_unsigned, needs=signed),
            Check(name="unsigned GET of the store refused", run=self._keeps, needs=signed),
            Check(name="expired GET refused", run=self._refuses_late, needs=signed),
        ]

    async def _serves(self) -> str:
        url = self.visitor.permitted("accepted", self.signer)
        answer = await self.visitor.send("GET", url)
        if answer.content != BODY:
            raise Ailment(
                f"{shown(answer)} at {origin_of(url)}",
                mend="The key that signs needs s3:GetObject: mediaport provision "
                "--print-iam-policy. CloudFront needs the key pair in a key group, and the right "
                "to read the bucket: docs/how-to/private-media.md",
            )
        _require_headers(answer, self.headers)
        return f"200 at {origin_of(url)}"

    async def _refuses_unsigned(self) -> str:
        url = self.visitor.permitted("accepted", self.signer).partition("?")[0]
        answer = await self.visitor.send("GET", url)
        mend = "Run: mediaport provision. Let CloudFront restrict viewers' access to its key group."
        return refused(answer, f"anyone can read {url}", mend)

    async def _keeps(self) -> str:
        url = f"{self.visitor.bucket_url()}/{self.visitor.public('accepted')}"
        answer = await self.visitor.send("GET", url)
        return refused(answer, f"anyone can read {url}", "Run: mediaport provision")

    async def _refuses_late(self) -> str:
        url = self.visitor.permitted("accepted", self.signer, begun_s_ago=PERMITTED_S + 60)
        answer = await self.visitor.send("GET", url)
        mend = "This store does not hold to signatures: do not use it."
        return refused(answer, "it showed what was signed for until a minute ago", mend)


def _require_headers(answer: httpx.Response, wanted: dict[str, str]) -> None:
    got = {name: answer.headers.get(name) for name in wanted}
    if got != wanted:
        mend = "Something on the way changes it: look at the CDN."
        raise Ailment(f"it is served as {got}", mend=mend)
