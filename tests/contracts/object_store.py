"""What every object store does. Subclass it once per adapter."""

from abc import abstractmethod
from datetime import timedelta
from uuid import uuid4

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


class ObjectStoreContract:
    """The tests; `store`, `clock` and `put` come from the adapter's subclass."""

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
        self, store: ObjectStore, clock: Clock, key: str, size_bytes: int = len(BODY)
    ) -> SignedUpload:
        return store.presign_put(
            key, content_type=JPEG, size_bytes=size_bytes, expires_in_s=300, now=clock.now()
        )

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

    async def test_another_etag_is_noticed(self, store: ObjectStore, clock: Clock) -> None:
        key = incoming()
        upload = self.sign(store, clock, key)
        await self.put(store, upload, BODY)
        etag = (await store.stat(key)).etag
        await self.put(store, upload, BODY[::-1])

        with pytest.raises(ObjectChanged):
            await store.read(key, etag=etag)
        with pytest.raises(ObjectChanged):  # row 4
            await store.publish(key, public(), etag=etag, content_type=JPEG)

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

    async def test_what_is_missing_is_missing_everywhere(self, store: ObjectStore) -> None:
        with pytest.raises(ObjectMissing):
            await store.stat(incoming())
        with pytest.raises(ObjectMissing):
            await store.read(incoming())
        with pytest.raises(ObjectMissing):
            await store.publish(incoming(), public(), etag="x", content_type=JPEG)

    async def test_it_says_that_it_answers(self, store: ObjectStore) -> None:
        await store.check()
