"""What every object store does. Subclass one of these classes once per adapter.

`ObjectStoreContract` is what it does for us, `SignedUploadContract` adds what a signed URL and a
pin bind, `HttpObjectStoreContract` what anyone can do with it over HTTP.
"""

import asyncio
import re
from abc import abstractmethod
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mediaport.application.ports.clock import Clock
from mediaport.application.ports.object_store import (
    ObjectChanged,
    ObjectMissing,
    ObjectStore,
    SignedUpload,
)

JPEG = "image/jpeg"
BODY = b"\xff\xd8\xff jpeg bytes"


def incoming() -> str:
    return f"incoming/1/2/{uuid4().hex}.jpg"


def public(ending: str = "jpg") -> str:
    return f"public/media/1/2/{uuid4().hex}.{ending}"


async def listed(store: ObjectStore, prefix: str) -> list[str]:
    return [each.key async for each in store.objects_under(prefix)]


class ObjectStoreContract:
    """What it does for us; `store`, `clock` and `put` come from the adapter's subclass."""

    @pytest.fixture
    @abstractmethod
    def store(self) -> ObjectStore: ...

    @pytest.fixture
    @abstractmethod
    def clock(self) -> Clock: ...

    @abstractmethod
    async def put(
        self, store: ObjectStore, upload: SignedUpload, body: bytes, **headers: str
    ) -> int:
        """A client's PUT: its status."""

    def sign(
        self,
        store: ObjectStore,
        clock: Clock,
        key: str,
        size_bytes: int = len(BODY),
        expires_in_s: int = 300,
    ) -> SignedUpload:
        return store.presign_put(
            key,
            content_type=JPEG,
            size_bytes=size_bytes,
            expires_in_s=expires_in_s,
            now=clock.now(),
        )

    def time_of_writing(self, now: datetime) -> datetime:
        """When the store says that something was written `now`, by the clock of the test."""
        return now

    async def uploaded(self, store: ObjectStore, clock: Clock, body: bytes = BODY) -> str:
        key = incoming()
        assert await self.put(store, self.sign(store, clock, key, len(body)), body) == 200
        return key

    async def test_a_signed_upload_is_stored(self, store: ObjectStore, clock: Clock) -> None:
        key = await self.uploaded(store, clock)

        stored = await store.stat(key)
        assert (stored.size_bytes, stored.content_type) == (len(BODY), JPEG)
        assert await store.read(key) == BODY

    async def test_the_permission_says_until_when(self, store: ObjectStore, clock: Clock) -> None:
        upload = self.sign(store, clock, incoming())

        assert upload.headers == {"Content-Type": JPEG}
        assert upload.expires_in_s == 300
        expected = clock.now() + timedelta(seconds=300)
        assert abs(upload.expires_at - expected) <= timedelta(seconds=1)

    async def test_a_page_can_be_told_where_uploads_go(
        self, store: ObjectStore, clock: Clock
    ) -> None:
        url = self.sign(store, clock, incoming()).url

        assert url.startswith(f"{store.upload_origin}/")
        assert store.upload_origin.count("/") == 2

    async def test_an_upload_can_be_repeated(self, store: ObjectStore, clock: Clock) -> None:
        key = incoming()
        upload = self.sign(store, clock, key)

        for body in (BODY, BODY[::-1]):
            assert await self.put(store, upload, body) == 200
            assert await store.read(key) == body

    @settings(suppress_health_check=list(HealthCheck), max_examples=50)
    @given(key=st.text(max_size=60))
    async def test_nothing_outside_incoming_is_ever_signed(
        self, store: ObjectStore, clock: Clock, key: str
    ) -> None:
        if not key.startswith("incoming/"):
            with pytest.raises(ValueError, match="not signed"):  # row 7
                self.sign(store, clock, key)

    @pytest.mark.parametrize("key", ["public/media/1/2/a.jpg", "", "incoming", "/incoming/a.jpg"])
    async def test_public_keys_are_never_signed(
        self, store: ObjectStore, clock: Clock, key: str
    ) -> None:
        with pytest.raises(ValueError, match="not signed"):  # row 7
            self.sign(store, clock, key)

    async def test_parts_are_read(self, store: ObjectStore, clock: Clock) -> None:
        key = await self.uploaded(store, clock, b"0123456789")
        etag = (await store.stat(key)).etag

        assert await store.read(key, start=2, length=3, etag=etag) == b"234"
        assert await store.read(key, start=8, length=9) == b"89"
        assert await store.read(key, start=10, length=9) == b""
        assert await store.read(key, start=3, length=0) == b""
        assert await store.read(key, start=7) == b"789"

    @pytest.mark.parametrize(("length", "head"), [(3, b"012"), (10, b"0123456789"), (99, None)])
    async def test_what_an_object_is_and_how_it_begins_is_told_at_once(
        self, store: ObjectStore, clock: Clock, length: int, head: bytes | None
    ) -> None:
        body = b"0123456789"
        key = await self.uploaded(store, clock, body)

        told = await store.stat_and_read(key, length=length)

        assert told == (await store.stat(key), head or body)

    async def test_an_empty_object_begins_with_nothing(self, store: ObjectStore) -> None:
        key = public()
        await store.put(key, b"", content_type=JPEG)

        assert await store.stat_and_read(key, length=9) == (await store.stat(key), b"")

    async def test_another_etag_is_noticed(self, store: ObjectStore, clock: Clock) -> None:
        key = incoming()
        upload = self.sign(store, clock, key)
        await self.put(store, upload, BODY)
        etag = (await store.stat(key)).etag
        await self.put(store, upload, BODY[::-1])

        with pytest.raises(ObjectChanged):
            await store.read(key, etag=etag)

    async def test_a_published_object_is_a_copy(self, store: ObjectStore, clock: Clock) -> None:
        source, target = incoming(), public()
        upload = self.sign(store, clock, source)
        await self.put(store, upload, BODY)
        stored = await store.stat(source)

        etag = await store.publish(source, target, etag=stored.etag, content_type=JPEG)
        await self.put(store, upload, BODY[::-1])  # row 3

        published = await store.stat(target)
        assert (published.etag, published.content_type) == (etag, JPEG)
        assert await store.read(target) == BODY
        await store.delete([source])
        assert await store.read(target) == BODY

    async def test_a_staged_object_is_out_of_reach_of_the_url(
        self, store: ObjectStore, clock: Clock
    ) -> None:
        source, staged = incoming(), f"incoming/staged/{uuid4().hex}.jpg"
        upload = self.sign(store, clock, source)
        await self.put(store, upload, BODY)

        await store.stage(source, staged)
        await self.put(store, upload, BODY[::-1])

        stored, body = await store.stat_and_read(staged, length=len(BODY))
        assert (stored.size_bytes, stored.content_type, body) == (len(BODY), JPEG, BODY)
        assert await store.read(staged, etag=stored.etag) == BODY
        with pytest.raises(ValueError, match="not signed"):  # row 7
            self.sign(store, clock, staged)
        with pytest.raises(ObjectMissing):
            await store.stage(incoming(), staged)

    async def test_publishing_again_changes_nothing(self, store: ObjectStore, clock: Clock) -> None:
        source, target = await self.uploaded(store, clock), public()
        etag = (await store.stat(source)).etag

        for _ in range(2):
            await store.publish(source, target, etag=etag, content_type=JPEG)

        assert await store.read(target) == BODY

    async def test_an_object_of_ours_is_written(self, store: ObjectStore) -> None:
        key = public("webp")

        etag = await store.put(key, b"first", content_type="image/webp")
        assert (await store.stat(key)).etag == etag
        await store.put(key, b"second", content_type="image/webp")

        assert await store.read(key) == b"second"
        assert (await store.stat(key)).content_type == "image/webp"

    async def test_what_is_deleted_is_gone_and_the_rest_stays(self, store: ObjectStore) -> None:
        one, other = public(), public()
        for key in (one, other):
            await store.put(key, BODY, content_type=JPEG)

        await store.delete([one, public()])
        await store.delete([one])
        await store.delete([])

        with pytest.raises(ObjectMissing):
            await store.read(one)
        assert await store.read(other) == BODY

    async def test_objects_are_listed_by_their_prefix(self, store: ObjectStore) -> None:
        folder = f"public/media/9/{uuid4().hex}"
        keys = [f"{folder}/a.webp", f"{folder}/b/c.webp"]
        for key in (*keys, public()):
            await store.put(key, BODY, content_type="image/webp")

        assert await listed(store, f"{folder}/") == keys
        assert await listed(store, f"{folder}/a") == [f"{folder}/a.webp"]
        assert await listed(store, f"{folder}/b/c") == [f"{folder}/b/c.webp"]
        assert await listed(store, f"{folder}/x") == []
        assert await listed(store, f"{folder}/x/") == []

    async def test_objects_are_listed_in_the_order_of_the_bytes_of_their_keys(
        self, store: ObjectStore
    ) -> None:
        folder = f"public/media/9/{uuid4().hex}"
        names = ["a-b", "a.jpg", "a/b.jpg", "a/b/c", "a0", "aB", "a_128.webp", "a_512.webp", "aa"]
        for name in reversed(names):
            await store.put(f"{folder}/{name}", BODY, content_type=JPEG)

        assert await listed(store, f"{folder}/") == [f"{folder}/{name}" for name in names]

    async def test_a_listing_says_how_large_an_object_is_and_when_it_came(
        self, store: ObjectStore, clock: Clock
    ) -> None:
        before = clock.now()
        key = public()
        await store.put(key, BODY, content_type=JPEG)

        (found,) = [each async for each in store.objects_under(key)]

        assert (found.key, found.size_bytes) == (key, len(BODY))
        assert found.modified_at.utcoffset() == timedelta(0)
        assert abs(found.modified_at - self.time_of_writing(before)) < timedelta(seconds=30)

    async def test_what_is_missing_is_missing_everywhere(self, store: ObjectStore) -> None:
        with pytest.raises(ObjectMissing):
            await store.stat(incoming())
        with pytest.raises(ObjectMissing):
            await store.read(incoming())
        with pytest.raises(ObjectMissing):
            await store.stat_and_read(incoming(), length=9)
        with pytest.raises(ObjectMissing):
            await store.publish(incoming(), public(), etag="x", content_type=JPEG)

    async def test_it_says_that_it_answers(self, store: ObjectStore) -> None:
        await store.check()


class SignedUploadContract(ObjectStoreContract):
    """What a signed URL binds, and a pin."""

    async def test_another_etag_is_not_published(self, store: ObjectStore, clock: Clock) -> None:
        source, target = incoming(), public()
        upload = self.sign(store, clock, source)
        await self.put(store, upload, BODY)
        etag = (await store.stat(source)).etag
        await self.put(store, upload, BODY[::-1])

        with pytest.raises(ObjectChanged):  # row 4
            await store.publish(source, target, etag=etag, content_type=JPEG)
        with pytest.raises(ObjectMissing):
            await store.stat(target)

    @pytest.mark.parametrize("body", [BODY + b"x", BODY[:-1], b""])
    async def test_another_length_is_refused(
        self, store: ObjectStore, clock: Clock, body: bytes
    ) -> None:
        key = incoming()

        assert await self.put(store, self.sign(store, clock, key), body) == 403  # row 1
        with pytest.raises(ObjectMissing):
            await store.stat(key)

    async def test_another_type_is_refused(self, store: ObjectStore, clock: Clock) -> None:
        key = incoming()
        upload = self.sign(store, clock, key)

        status = await self.put(store, upload, BODY, **{"Content-Type": "text/html"})

        assert status == 403  # row 2
        with pytest.raises(ObjectMissing):
            await store.stat(key)


TAMPERINGS: list[Callable[[str], str]] = [
    lambda url: re.sub(r"(?<=xpires=)\d+", "9999999", url),
    lambda url: re.sub(r"(?<=ignature=)\w", lambda found: "01"[found[0] == "0"], url),
    lambda url: url.replace("/1/2/", "/1/3/", 1),
    lambda url: url.replace("incoming/", "public/", 1),
    lambda url: url.partition("?")[0],
]


def is_refused(method: str, answer: httpx.Response) -> bool:
    """Whether the answer is a refusal; of methods that a store does not know, any."""
    known = method in {"GET", "HEAD", "PUT", "DELETE"}
    return answer.status_code == 403 if known else answer.is_error


class HttpObjectStoreContract(SignedUploadContract):
    """What anyone can do with it over HTTP, and what not."""

    @abstractmethod
    async def wait_until_expired(self, clock: Clock, upload: SignedUpload) -> None: ...

    async def put(
        self, store: ObjectStore, upload: SignedUpload, body: bytes, **headers: str
    ) -> int:
        sent = {**upload.headers, **headers}
        return (await self.answer("PUT", upload.url, body, sent)).status_code

    async def answer(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        async with httpx.AsyncClient() as client:
            return await client.request(method, url, content=body, headers=headers)

    async def published(self, store: ObjectStore, body: bytes = BODY) -> str:
        key = public()
        await store.put(key, body, content_type=JPEG)
        return f"{store.public_base_url}/{key}"

    async def test_an_expired_upload_is_refused(self, store: ObjectStore, clock: Clock) -> None:
        key = incoming()
        upload = self.sign(store, clock, key, expires_in_s=1)
        await self.wait_until_expired(clock, upload)

        answer = await self.answer("PUT", upload.url, BODY, upload.headers)  # row 5

        assert answer.status_code == 403
        assert "<Code>AccessDenied</Code>" in answer.text
        assert "expired" in answer.text
        with pytest.raises(ObjectMissing):
            await store.stat(key)

    @pytest.mark.parametrize("tamper", TAMPERINGS)
    async def test_a_tampered_url_is_refused(
        self, store: ObjectStore, clock: Clock, tamper: Callable[[str], str]
    ) -> None:
        upload = self.sign(store, clock, incoming())
        tampered = tamper(upload.url)
        assert tampered != upload.url

        answer = await self.answer("PUT", tampered, BODY, upload.headers)

        assert answer.status_code in {400, 403}  # row 5
        assert await listed(store, "incoming/") == []
        assert await listed(store, "public/") == []

    @pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE", "PATCH"])
    async def test_an_upload_url_permits_nothing_but_its_put(
        self, store: ObjectStore, clock: Clock, method: str
    ) -> None:
        key = incoming()
        upload = self.sign(store, clock, key)
        await self.put(store, upload, BODY)

        answer = await self.answer(method, upload.url, headers=upload.headers)

        assert is_refused(method, answer)  # row 5
        assert BODY not in answer.content
        assert await store.read(key) == BODY

    @pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "POST", "DELETE"])
    async def test_without_a_signature_incoming_objects_are_out_of_reach(
        self, store: ObjectStore, clock: Clock, method: str
    ) -> None:
        key = incoming()
        upload = self.sign(store, clock, key)
        await self.put(store, upload, BODY)

        answer = await self.answer(method, upload.url.partition("?")[0], headers=upload.headers)

        assert is_refused(method, answer)  # row 9
        assert BODY not in answer.content
        assert await store.read(key) == BODY

    @pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
    async def test_without_a_signature_public_objects_are_only_read(
        self, store: ObjectStore, method: str
    ) -> None:
        url = await self.published(store)

        answer = await self.answer(method, url, None if method == "DELETE" else b"other")

        assert is_refused(method, answer)  # row 9
        assert (await self.answer("GET", url)).content == BODY

    async def test_nobody_lists(self, store: ObjectStore) -> None:
        await self.published(store)

        for query in ("", "?list-type=2", "?prefix=public/", "?uploads", "?policy"):
            answer = await self.answer("GET", f"{store.public_base_url}/{query}")
            assert answer.status_code == 403, query  # row 9

    async def test_headers_that_were_not_signed_have_no_effect(
        self, store: ObjectStore, clock: Clock
    ) -> None:
        for header, value in (
            ("x-amz-acl", "public-read"),
            ("x-amz-website-redirect-location", "https://evil.example/"),
            ("x-amz-tagging", "a=b"),
        ):
            source, target = incoming(), public()
            upload = self.sign(store, clock, source)
            status = await self.put(store, upload, BODY, **{header: value})
            if 400 <= status < 500:  # row 6
                continue
            assert status == 200
            etag = (await store.stat(source)).etag
            await store.publish(source, target, etag=etag, content_type=JPEG)
            served = await self.answer("GET", f"{store.public_base_url}/{target}")
            assert (served.status_code, served.content) == (200, BODY)
            assert not {header, f"{header}-count"} & set(served.headers)
            assert (await self.answer("GET", upload.url.partition("?")[0])).status_code == 403

    async def test_a_body_without_a_length_is_refused(
        self, store: ObjectStore, clock: Clock
    ) -> None:
        upload = self.sign(store, clock, incoming())

        async def chunks() -> AsyncIterator[bytes]:
            yield BODY

        async with httpx.AsyncClient() as client:
            answer = await client.put(upload.url, content=chunks(), headers=upload.headers)

        assert answer.status_code in {403, 411}  # row 1

    async def test_a_truncated_upload_leaves_nothing_and_can_be_repeated(
        self, store: ObjectStore, clock: Clock
    ) -> None:
        key, body = incoming(), b"x" * 500_000
        upload = self.sign(store, clock, key, len(body))
        url = httpx.URL(upload.url)
        _, writer = await asyncio.open_connection(url.host, url.port)
        head = (
            f"PUT {url.raw_path.decode()} HTTP/1.1\r\nHost: {url.netloc.decode()}\r\n"
            f"Content-Type: {JPEG}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body[:400_000])
        await writer.drain()
        await asyncio.sleep(0.1)
        writer.close()
        await writer.wait_closed()
        await asyncio.sleep(0.1)

        with pytest.raises(ObjectMissing):  # row 8
            await store.stat(key)
        assert await self.put(store, upload, body) == 200
        assert await store.read(key) == body

    async def test_a_public_object_is_served_to_be_cached_for_ever(
        self, store: ObjectStore, clock: Clock
    ) -> None:
        source, target = await self.uploaded(store, clock), public()
        etag = (await store.stat(source)).etag
        await store.publish(source, target, etag=etag, content_type=JPEG)

        for url in (f"{store.public_base_url}/{target}", await self.published(store)):
            answer = await self.answer("GET", url)
            head = await self.answer("HEAD", url)

            assert (answer.status_code, answer.content) == (200, BODY)
            assert (head.status_code, head.content) == (200, b"")
            for headers in (answer.headers, head.headers):
                assert headers["content-type"] == JPEG
                assert headers["content-length"] == str(len(BODY))
                assert headers["cache-control"] == "public, max-age=31536000, immutable"
                assert headers["etag"].startswith('"')

    async def test_a_known_object_is_not_sent_again(self, store: ObjectStore) -> None:
        url = await self.published(store)
        etag = (await self.answer("GET", url)).headers["etag"]

        known = await self.answer("GET", url, headers={"If-None-Match": etag})
        other = await self.answer("GET", url, headers={"If-None-Match": '"other"'})

        assert (known.status_code, known.content) == (304, b"")
        assert known.headers["etag"] == etag
        assert other.status_code == 200

    @pytest.mark.parametrize(
        ("asked", "status", "content"),
        [
            ("bytes=2-4", 206, b"234"),
            ("bytes=7-", 206, b"789"),
            ("bytes=-2", 206, b"89"),
            ("bytes=10-", 416, None),
        ],
    )
    async def test_ranges_are_served(
        self, store: ObjectStore, asked: str, status: int, content: bytes | None
    ) -> None:
        url = await self.published(store, b"0123456789")

        answer = await self.answer("GET", url, headers={"Range": asked})

        assert answer.status_code == status
        if content is not None:
            assert answer.content == content
            assert answer.headers["content-range"].endswith("/10")
