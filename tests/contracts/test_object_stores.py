"""Every object store keeps the contract; the disk store serves as S3 does, besides."""

import errno
import os
import shutil
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from mediaport.adapters.disk import object_store
from mediaport.adapters.disk.folder import ObjectFolder
from mediaport.adapters.disk.object_store import DiskObjectStore
from mediaport.adapters.disk.server import DiskStoreServer
from mediaport.adapters.disk.signing import UploadSigner
from mediaport.adapters.memory.clock import MemoryClock
from mediaport.adapters.memory.object_store import MemoryObjectStore
from mediaport.adapters.telemetry.object_store import MeasuredStore
from mediaport.application.ports.clock import Clock
from mediaport.application.ports.object_store import (
    ObjectChanged,
    ObjectStore,
    SignedUpload,
)
from mediaport.application.ports.unavailable import PartFull, PartUnavailable
from mediaport.domain.keys import KeyPrefixes
from tests.contracts.object_store import (
    BODY,
    JPEG,
    HttpObjectStoreContract,
    SignedUploadContract,
    incoming,
    listed,
    public,
)
from tests.serving import free_socket, serving


class TestMemoryObjectStore(SignedUploadContract):
    @pytest.fixture
    def clock(self) -> MemoryClock:
        return MemoryClock()

    @pytest.fixture
    def store(self, clock: MemoryClock) -> MemoryObjectStore:
        return MemoryObjectStore(clock)

    async def put(
        self, store: ObjectStore, upload: SignedUpload, body: bytes, **headers: str
    ) -> int:
        assert isinstance(store, MemoryObjectStore)
        sent = {**upload.headers, **headers}
        return store.receive(upload.url, body, content_type=sent["Content-Type"])

    async def test_an_expired_or_unsigned_upload_is_refused(
        self, store: MemoryObjectStore, clock: MemoryClock
    ) -> None:
        upload = self.sign(store, clock, incoming())
        clock.advance(seconds=300)

        assert store.receive(upload.url, BODY, content_type=JPEG) == 403  # row 5
        assert store.receive("memory://other", BODY, content_type=JPEG) == 403

    async def test_a_store_that_is_down_says_so(self, store: MemoryObjectStore) -> None:
        store.is_down = True

        with pytest.raises(PartUnavailable):
            await store.check()


class TestMeasuredStore(SignedUploadContract):
    @pytest.fixture
    def clock(self) -> MemoryClock:
        return MemoryClock()

    @pytest.fixture
    def measured(self, clock: MemoryClock) -> MemoryObjectStore:
        return MemoryObjectStore(clock)

    @pytest.fixture
    def store(self, measured: MemoryObjectStore) -> MeasuredStore:
        return MeasuredStore(measured)

    async def put(
        self, store: ObjectStore, upload: SignedUpload, body: bytes, **headers: str
    ) -> int:
        assert isinstance(store, MeasuredStore)
        assert isinstance(store._store, MemoryObjectStore)
        sent = {**upload.headers, **headers}
        return store._store.receive(upload.url, body, content_type=sent["Content-Type"])

    async def test_a_store_that_is_down_says_so(
        self, store: MeasuredStore, measured: MemoryObjectStore
    ) -> None:
        measured.is_down = True

        with pytest.raises(PartUnavailable):
            await store.check()

    async def test_it_is_where_the_measured_one_is(
        self, store: MeasuredStore, measured: MemoryObjectStore
    ) -> None:
        assert store.public_base_url == measured.public_base_url
        assert (store.bucket, store.upload_origin) == (measured.bucket, measured.upload_origin)


class TestDiskObjectStore(HttpObjectStoreContract):
    @pytest.fixture
    def clock(self) -> MemoryClock:
        return MemoryClock()

    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        return tmp_path / "objects"

    @pytest.fixture
    async def store(self, root: Path, clock: MemoryClock) -> AsyncIterator[DiskObjectStore]:
        listening = free_socket()
        base = f"http://127.0.0.1:{listening.getsockname()[1]}"
        folder, signer = ObjectFolder(root), UploadSigner(b"k" * 32)
        prefixes = KeyPrefixes(incoming="incoming/", public="public/")
        store = DiskObjectStore(
            folder, signer, upload_base_url=base, public_base_url=base, prefixes=prefixes
        )
        async with serving(DiskStoreServer(folder, signer, clock, prefixes).app, listening):
            yield store

    async def wait_until_expired(self, clock: Clock, upload: SignedUpload) -> None:
        assert isinstance(clock, MemoryClock)
        clock.advance(seconds=upload.expires_in_s)

    def time_of_writing(self, now: datetime) -> datetime:
        return datetime.now(UTC)

    async def test_nothing_is_listed_but_what_a_key_can_name(
        self, store: DiskObjectStore, root: Path
    ) -> None:
        await store.put("public/media/1/2/a.jpg", BODY, content_type=JPEG)
        for name in (".hidden", "two words.jpg", ".tmp/half"):
            path = root / "public/media/1/2" / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"")
        (root / "public/media/1/3").mkdir()

        assert await listed(store, "public/") == ["public/media/1/2/a.jpg"]
        assert await listed(store, "") == ["public/media/1/2/a.jpg"]

    async def test_what_is_removed_while_it_is_listed_does_no_harm(
        self, store: DiskObjectStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(object_store, "LISTED_AT_ONCE", 1)
        keys = [f"public/media/1/{number}/a.jpg" for number in range(4)]
        for key in [*keys, "public/media/1/0/b.jpg"]:
            await store.put(key, BODY, content_type=JPEG)

        seen = []
        async for each in store.objects_under("public/media/"):
            seen.append(each.key)
            await store.delete(["public/media/1/0/b.jpg", *keys[1:3]])

        assert seen == [keys[0], keys[3]]

    async def test_a_folder_that_cannot_be_read_is_a_store_that_is_down(
        self, store: DiskObjectStore, root: Path
    ) -> None:
        root.mkdir(exist_ok=True)
        (root / "public").write_text("a file where a folder was")

        with pytest.raises(PartUnavailable):
            await listed(store, "public/")

    async def test_public_objects_are_never_run(self, store: DiskObjectStore) -> None:
        answer = await self.answer("GET", await self.published(store))

        assert answer.headers["x-content-type-options"] == "nosniff"  # row 21
        assert "sandbox" in answer.headers["content-security-policy"]

    async def test_a_truncated_upload_leaves_no_file(
        self, store: DiskObjectStore, clock: MemoryClock, root: Path
    ) -> None:
        await self.test_a_truncated_upload_leaves_nothing_and_can_be_repeated(store, clock)

        assert list((root / ".tmp").glob("*")) == []

    @pytest.mark.parametrize(
        "path",
        [
            "public/../incoming/1/2/a.jpg",
            "public/%2e%2e/incoming/1/2/a.jpg",
            "public/..%2fincoming%2f1%2f2%2fa.jpg",
            "public/media/%00",
            "public/" + "a" * 5000,
            "public//etc/passwd",
            "public/media",
            "public/.tmp/x",
            "public/media/1/2/none.jpg",
        ],
    )
    async def test_no_path_leads_out_of_public(
        self, store: DiskObjectStore, root: Path, path: str
    ) -> None:
        (root / "incoming/1/2").mkdir(parents=True)
        (root / "incoming/1/2/a.jpg").write_bytes(b"private")
        (root / "public/media/1/2").mkdir(parents=True)
        url = httpx.URL(store.public_base_url).copy_with(raw_path=f"/{path}".encode())

        async with httpx.AsyncClient() as client:
            answer = await client.send(httpx.Request("GET", url))

        assert answer.status_code in {403, 404}
        assert b"private" not in answer.content

    async def test_a_key_of_another_type_is_never_signed(
        self, store: DiskObjectStore, clock: MemoryClock
    ) -> None:
        with pytest.raises(ValueError, match="no key for image/jpeg"):
            self.sign(store, clock, incoming().replace(".jpg", ".png"))

    async def test_a_file_system_without_links_is_copied_on(
        self, store: DiskObjectStore, clock: MemoryClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object) -> None:
            raise OSError(errno.EPERM, "no links here")

        monkeypatch.setattr(Path, "hardlink_to", refuse)
        key, target = await self.uploaded(store, clock), public()
        etag = (await store.stat(key)).etag

        assert await store.publish(key, target, etag=etag, content_type=JPEG)

        assert await store.read(target) == BODY
        with pytest.raises(ObjectChanged):
            await store.publish(key, target, etag="other", content_type=JPEG)

    async def test_folders_left_empty_go_too(self, store: DiskObjectStore, root: Path) -> None:
        key = public()
        await store.put(key, BODY, content_type=JPEG)

        await store.delete([key])

        assert not (root / "public").exists()
        assert root.exists()

    async def test_what_a_link_leads_to_is_no_object(
        self, store: DiskObjectStore, root: Path, tmp_path: Path
    ) -> None:
        key = public()
        await store.put(key, BODY, content_type=JPEG)
        outside = tmp_path / "outside"
        outside.mkdir()
        (outside / "precious.jpg").write_bytes(BODY)
        (root / "public/alias").symlink_to(root / key.rpartition("/")[0])
        (root / "public/away").symlink_to(outside)
        (root / "public/loop").symlink_to(root / "public")
        (root / "public/folder.jpg").mkdir()

        listed = [each.key async for each in store.objects_under("public/")]
        await store.delete(
            [
                f"public/alias/{key.rpartition('/')[2]}",
                "public/away/precious.jpg",
                "public/folder.jpg",
            ]
        )

        assert listed == [key]
        assert await store.read(key) == BODY
        assert (outside / "precious.jpg").exists()

    async def test_a_full_disk_is_told_from_a_broken_one(
        self,
        store: DiskObjectStore,
        clock: MemoryClock,
        root: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        real = os.fsync

        def fail_with(number: int) -> None:
            def fail(_: int) -> None:
                raise OSError(number, os.strerror(number))

            monkeypatch.setattr(os, "fsync", fail)

        upload = self.sign(store, clock, incoming())
        fail_with(errno.ENOSPC)
        with pytest.raises(PartFull):  # row 57
            await store.put(public(), BODY, content_type=JPEG)
        assert await self.put(store, upload, BODY) == 507
        fail_with(errno.EIO)
        with pytest.raises(PartUnavailable):
            await store.put(public(), BODY, content_type=JPEG)
        assert await self.put(store, upload, BODY) == 503
        monkeypatch.setattr(os, "fsync", real)

        assert [path for path in root.rglob("*") if path.is_file()] == []
        assert await self.put(store, upload, BODY) == 200

    async def test_a_check_that_fails_leaves_nothing(
        self, store: DiskObjectStore, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def write_nothing(path: Path, _: bytes) -> None:
            path.touch()
            raise OSError(errno.ENOSPC, "full")

        monkeypatch.setattr(Path, "write_bytes", write_nothing)
        with pytest.raises(PartFull):
            await store.check()

        assert list((root / ".tmp").iterdir()) == []

    async def test_a_folder_that_is_gone_is_a_store_that_is_down(
        self, store: DiskObjectStore, root: Path
    ) -> None:
        root.mkdir(exist_ok=True)
        shutil.rmtree(root)
        root.write_text("a file where the folder was")

        with pytest.raises(PartUnavailable):  # row 57
            await store.check()

    async def test_what_was_cut_off_long_ago_is_removed(
        self, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = ObjectFolder(root)
        half_written = folder.begin(incoming())
        os.utime(half_written.path, (0, 0))

        folder.remove_half_written()
        assert half_written.path.exists()

        in_two_hours = time.time() + 7200
        monkeypatch.setattr(time, "time", lambda: in_two_hours)
        folder.remove_half_written()
        assert not half_written.path.exists()
        half_written.discard()
