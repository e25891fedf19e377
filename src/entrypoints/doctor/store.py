"""Does the object store keep its promises to us, to browsers, and to strangers?"""

import asyncio
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import httpx

from mediaport.application.ports.object_store import (
    ObjectChanged,
    ObjectMissing,
    ObjectStore,
)
from mediaport.application.ports.unavailable import PartUnavailable
from mediaport.entrypoints.container import Container
from mediaport.entrypoints.doctor.answers import refused, shown
from mediaport.entrypoints.doctor.checks import Ailment, Check
from mediaport.entrypoints.doctor.reading import reading_checks
from mediaport.entrypoints.doctor.s3 import CLOCK, S3Examination
from mediaport.entrypoints.doctor.visitor import BODY, TYPE, Visitor, origin_of
from mediaport.entrypoints.settings import Settings

PATIENCE_S = 10
EXPIRES_S = 1

TAKES_ALL = "it took what was not signed"
NOT_THIS_STORE = "This store does not hold to signatures: do not use it."
_CORS = ("origin", "methods", "headers")

ACCEPTED = "presigned PUT accepted"
PUBLISHED = "publish"


class StoreExamination:
    """Uploads, publishes and reads under names of its own, and removes all of it at the end."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._settings: Settings = container.settings()
        self._store: ObjectStore = container.store()
        public_half = f"{container.prefixes().public}* public, nothing else"
        self._may_be_public = "nothing public" if self._settings.is_signed else public_half
        self._http = httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False)
        self._visitor = Visitor(container, self._http)
        self._s3 = S3Examination(container, self._http) if self._settings.s3_bucket else None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._visitor.has_brought:
                await self._visitor.remove_all()
        except PartUnavailable:
            pass  # a check has said so
        finally:
            await self._http.aclose()

    @property
    def checks(self) -> Sequence[Check]:
        """The checks of the object store, in an order in which one stands on the other."""
        reached = self._s3.checks if self._s3 else [Check(name="store answers", run=self._answers)]
        needs = tuple(check.name for check in reached if check.name != CLOCK)
        uploaded, published = (*needs, ACCEPTED), (*needs, ACCEPTED, PUBLISHED)
        return [
            *reached,
            Check(name=ACCEPTED, run=self._accepts, needs=needs),
            Check(name="wrong length refused", run=self._refuses_length, needs=uploaded),
            Check(name="wrong type refused", run=self._refuses_type, needs=uploaded),
            Check(name="tampered URL refused", run=self._refuses_tampering, needs=uploaded),
            Check(name="expired URL refused", run=self._refuses_late, needs=uploaded),
            *(
                Check(
                    name=f"CORS from {origin}",
                    run=lambda origin=origin: self._preflight(origin),  # type: ignore[misc]  # mypy cannot infer a default's type
                    needs=uploaded,
                )
                for origin in self._settings.page_origins
            ),
            Check(name=PUBLISHED, run=self._publishes, needs=uploaded),
            Check(name="publish is pinned to an ETag", run=self._pins, needs=published),
            *reading_checks(self._container, self._visitor, published),
            Check(name="uploads are private", run=self._keeps_private, needs=uploaded),
            Check(name="nobody lists", run=self._lists_for_nobody, needs=uploaded),
            Check(name="nobody else writes", run=self._takes_from_nobody, needs=uploaded),
            Check(name="clean-up", run=self._clean_up, needs=needs),
        ]

    async def _answers(self) -> str:
        url = f"{self._settings.reached_at}/health/live"
        try:
            answer = await self._http.get(url)
        except httpx.TransportError as error:
            seen, mend = f"{url}: {error}", "Start the server: mediaport serve"
            raise Ailment(seen, mend=mend) from error
        if answer.status_code != httpx.codes.OK:
            seen = f"{url} answers {answer.status_code}"
            raise Ailment(seen, mend="Something else runs there: look at BASE_URL and PORT.")
        return f"{url} answers"

    async def _accepts(self) -> str:
        upload = self._visitor.sign("accepted", expires_in_s=self._settings.media_upload_url_ttl_s)
        started = time.perf_counter()
        answer = await self._visitor.put(upload)
        took_ms = 1000 * (time.perf_counter() - started)
        if answer.is_redirect:
            raise Ailment(
                f"{answer.status_code} to {answer.headers.get('location')}",
                mend="A browser does not follow it: set AWS_REGION to the bucket's region, or "
                "S3_PRESIGN_ENDPOINT_URL to where it leads.",
            )
        if answer.status_code != httpx.codes.OK:
            raise Ailment(
                shown(answer),
                mend="SignatureDoesNotMatch: a proxy on the way changes Host or headers. "
                "AccessDenied: the key lacks s3:PutObject, see mediaport provision "
                "--print-iam-policy",
            )
        return f"200 in {took_ms:.0f} ms at {origin_of(upload.url)}"

    async def _refuses_length(self) -> str:
        upload = self._visitor.sign("wrong-length")
        return refused(await self._visitor.put(upload, BODY + b"!"), TAKES_ALL, NOT_THIS_STORE)

    async def _refuses_type(self) -> str:
        upload = self._visitor.sign("wrong-type")
        answer = await self._visitor.put(upload, headers={"Content-Type": "text/html"})
        return refused(answer, TAKES_ALL, NOT_THIS_STORE)

    async def _refuses_tampering(self) -> str:
        upload = self._visitor.sign("tampered")
        other = upload.url.replace("tampered.jpg", "tampered-with.jpg", 1)
        return refused(await self._visitor.put(upload, url=other), TAKES_ALL, NOT_THIS_STORE)

    async def _refuses_late(self) -> str:
        upload = self._visitor.sign("expired", expires_in_s=EXPIRES_S)
        await asyncio.sleep(EXPIRES_S + 2)  # servers count whole seconds, and clocks differ
        return refused(await self._visitor.put(upload), TAKES_ALL, NOT_THIS_STORE)

    async def _preflight(self, origin: str) -> str:
        url = self._visitor.sign("accepted").url
        answer = await self._visitor.send(
            "OPTIONS",
            url,
            headers={
                "Origin": origin,
                "Access-Control-Request-Method": "PUT",
                "Access-Control-Request-Headers": "content-type",
            },
        )
        granted = {name: answer.headers.get(f"access-control-allow-{name}", "") for name in _CORS}
        listed = {name: _listed(value) for name, value in granted.items()}
        if (
            not answer.is_success
            or granted["origin"] not in {origin, "*"}
            or not listed["methods"] & {"put", "*"}
            or not listed["headers"] & {"content-type", "*"}
        ):
            allowed = ", ".join(f"{name} {value or 'none'}" for name, value in granted.items())
            raise Ailment(
                f"{answer.status_code}; allowed: {allowed}",
                mend="Run: mediaport provision. MinIO has one setting for all buckets: "
                f"MINIO_API_CORS_ALLOW_ORIGIN={','.join(self._settings.page_origins)}",
            )
        return f"PUT with content-type allowed for {granted['origin']}"

    async def _publishes(self) -> str:
        try:
            incoming = self._visitor.incoming("accepted")
            stored, body = await self._store.stat_and_read(incoming, length=len(BODY))
        except ObjectMissing as error:
            raise Ailment(
                "what a browser uploaded is not where the server looks",
                mend="S3_PRESIGN_ENDPOINT_URL leads to another store than S3_ENDPOINT_URL.",
            ) from error
        if (body, stored.size_bytes) != (BODY, len(BODY)):
            raise Ailment(
                f"of the {len(BODY)} bytes uploaded, {stored.size_bytes} are there, and other ones",
                mend="Something between the server and the store changes what it reads.",
            )
        await self._store.put(self._visitor.public("written"), body, content_type=TYPE)
        await self._publish("accepted", stored.etag)
        return "read and written, as small pictures are; copied inside the store, as large ones are"

    async def _pins(self) -> str:
        verified = await self._visitor.put(self._visitor.sign("pinned"))
        outdated = (await self._store.stat(self._visitor.incoming("pinned"))).etag
        replaced = await self._visitor.put(self._visitor.sign("pinned"), BODY[::-1])
        if not (verified.is_success and replaced.is_success):
            seen = f"uploads were answered {verified.status_code} and {replaced.status_code}"
            raise Ailment(seen, mend="Try again: the store took an upload a moment ago.")
        try:
            await self._publish("pinned", outdated)
        except ObjectChanged:
            return "an object that was replaced after it was verified is not published"
        raise Ailment(
            "an object that was replaced after it was verified was published",
            mend="This store ignores x-amz-copy-source-if-match: do not use it.",
        )

    async def _publish(self, name: str, etag: str) -> None:
        source, target = self._visitor.incoming(name), self._visitor.public(name)
        await self._store.publish(source, target, etag=etag, content_type=TYPE)

    async def _keeps_private(self) -> str:
        url = self._visitor.sign("accepted").url.partition("?")[0]
        answer = await self._visitor.send("GET", url)
        return refused(
            answer,
            f"anyone can read {url}",
            f"Let the bucket's policy make {self._may_be_public}.",
        )

    async def _lists_for_nobody(self) -> str:
        answer = await self._visitor.send("GET", f"{self._visitor.bucket_url()}/?list-type=2")
        mend = "Take s3:ListBucket for everyone out of the bucket's policy."
        return refused(answer, "anyone can list the bucket", mend)

    async def _takes_from_nobody(self) -> str:
        url = f"{self._visitor.bucket_url()}/{self._visitor.public('from-nobody')}"
        answer = await self._visitor.send("PUT", url, BODY)
        mend = "Take s3:PutObject for everyone out of the bucket's policy."
        return refused(answer, "anyone can write without a signature", mend)

    async def _clean_up(self) -> str:
        keys = await self._visitor.remove_all()
        if left := await self._visitor.own_keys():
            raise Ailment(
                f"{len(left)} objects stay, such as {left[0]}",
                mend="The key needs s3:DeleteObject: mediaport provision --print-iam-policy",
            )
        return f"{len(keys)} objects removed"


def _listed(value: str) -> set[str]:
    return {part.strip().lower() for part in value.split(",")}
