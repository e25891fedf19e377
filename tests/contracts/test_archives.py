"""Every kind of archive keeps the contract; what strangers make of the real ones is refused."""

import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from mediaport.adapters.archive.reading import archive_in
from mediaport.adapters.archive.writing import archive_at
from mediaport.adapters.memory.archive import MemoryArchive
from mediaport.application.ports.archive import ArchiveReader, ArchiveUnfit, ArchiveWriter
from tests.contracts.archives import MEDIA, ArchiveContract
from tests.contracts.repositories import NOW


class TestMemoryArchive(ArchiveContract):
    @pytest.fixture(autouse=True)
    def _archive(self) -> None:
        self.archive = MemoryArchive()

    @contextmanager
    def written(self) -> Iterator[ArchiveWriter]:
        yield self.archive

    @contextmanager
    def read(self) -> Iterator[ArchiveReader]:
        yield self.archive

    def test_without_a_profile_it_is_none(self) -> None:
        with pytest.raises(ArchiveUnfit):
            self.archive.profile()


class FileArchiveContract(ArchiveContract):
    """Archives at a path."""

    name = "ada"

    @pytest.fixture(autouse=True)
    def _place(self, tmp_path: Path) -> None:
        self.path = tmp_path / self.name

    def written(self) -> AbstractContextManager[ArchiveWriter]:
        return archive_at(self.path, now=NOW)

    def read(self) -> AbstractContextManager[ArchiveReader]:
        return archive_in(self.path)

    def refusal(self) -> str:
        """What is said of what is there."""
        with pytest.raises(ArchiveUnfit) as refused:
            self.read_all()
        return str(refused.value)

    def read_all(self) -> None:
        with self.read() as archive:
            archive.profile()
            list(archive.media())
            list(archive.posts())

    async def test_its_owner_alone_reads_it(self) -> None:
        await self.write()

        assert self.path.stat().st_mode & 0o077 == 0

    async def test_nothing_is_overwritten(self) -> None:
        await self.write()
        before = self.path.stat()

        with pytest.raises(FileExistsError):
            await self.write()

        assert self.path.stat() == before

    async def test_what_was_not_finished_is_not_there(self, tmp_path: Path) -> None:
        with suppress(KeyError), self.written() as archive:
            await archive.keep(MEDIA, b"")
            raise KeyError

        assert list(tmp_path.iterdir()) == []

    async def test_an_original_of_no_known_type_is_told(self) -> None:
        await self.write()

        with self.read() as archive, pytest.raises(ArchiveUnfit, match="image/gif"):
            await archive.original(replace(MEDIA, content_type="image/gif"))


class TestFolderArchive(FileArchiveContract):
    def change(self, name: str, change: Callable[[bytes], bytes]) -> None:
        path = self.path / name
        path.write_bytes(change(path.read_bytes()))

    @pytest.mark.parametrize(
        ("name", "old", "new", "said"),
        [
            ("manifest.json", b"mediaport-export", b"other", "it is 'other' in version 1"),
            ("manifest.json", b'"version": 1', b'"version": 2', "in version 2"),
            ("manifest.json", b"{", b"", "manifest.json:"),
            ("manifest.json", b'"posts.jsonl": 2', b'"posts.jsonl": 3', "posts.jsonl has 2 lines"),
            ("manifest.json", b'"posts.jsonl": 2', b'"posts.jsonl": 1', "posts.jsonl has more"),
            ("manifest.json", b'"posts.jsonl": 2', b'"posts.jsonl": 9999999', "announces 9999999"),
            ("profile.json", b'"ada"', b"7", "profile.json:"),
            ("media.jsonl", b'"id":8', b'"id":"x"', "media.jsonl, line 2:"),
            ("posts.jsonl", b"\n", b"", "posts.jsonl, line 1:"),
            ("posts.jsonl", b"Hello", b"\xff", "posts.jsonl, line 2:"),
            ("posts.jsonl", b"Hello", b"x" * 70_000, "line 2 has more than 65536 bytes"),
        ],
    )
    async def test_lists_that_are_damaged_are_told_with_their_place(
        self, name: str, old: bytes, new: bytes, said: str
    ) -> None:
        await self.write()
        self.change(name, lambda text: text.replace(old, new, 1))

        assert said in self.refusal()

    async def test_a_list_that_is_missing_is_told(self) -> None:
        await self.write()
        (self.path / "posts.jsonl").unlink()

        assert self.refusal() == "posts.jsonl is missing"

    @pytest.mark.parametrize("name", ["media.jsonl", "originals/7.jpg", "originals"])
    async def test_a_link_is_not_followed(self, tmp_path: Path, name: str) -> None:
        await self.write()
        (self.path / name).rename(tmp_path / "elsewhere")
        (self.path / name).symlink_to(tmp_path / "elsewhere")

        if name == "media.jsonl":
            assert "is a link" in self.refusal()
        else:
            with self.read() as archive, pytest.raises(ArchiveUnfit, match="is a link"):
                await archive.original(MEDIA)

    async def test_a_folder_of_anything_is_no_archive(self) -> None:
        self.path.mkdir()

        assert self.refusal() == "manifest.json is missing"


class TestZipArchive(FileArchiveContract):
    name = "ada.zip"

    def again(self, **changes: bytes) -> None:
        """The same archive with other files in it, packed as small as may be."""
        with zipfile.ZipFile(self.path) as old:
            files = {name: old.read(name) for name in old.namelist()}
        with zipfile.ZipFile(self.path, "w", zipfile.ZIP_DEFLATED) as new:
            for name, body in (files | changes).items():
                new.writestr(name, body)

    async def test_a_file_that_is_no_zip_is_told(self) -> None:
        self.path.write_bytes(b"GIF89a")

        assert "it is no ZIP file" in self.refusal()

    async def test_a_torn_file_is_told(self) -> None:
        await self.write()
        self.path.write_bytes(self.path.read_bytes()[:-30])

        assert "it is no ZIP file" in self.refusal()

    async def test_a_byte_that_changed_is_told(self) -> None:
        await self.write()
        body = bytearray(self.path.read_bytes())
        body[body.index(b"a picture")] ^= 1
        self.path.write_bytes(body)

        with self.read() as archive, pytest.raises(ArchiveUnfit, match="Bad CRC-32"):
            await archive.original(MEDIA)

    @pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "originals\\..\\x"])
    async def test_a_name_that_leads_out_of_it_is_refused(self, name: str) -> None:
        await self.write()
        self.again(**{name: b"root"})

        assert "leads out of it" in self.refusal()

    @pytest.mark.filterwarnings("ignore:Duplicate name")
    async def test_two_files_of_one_name_are_refused(self) -> None:
        await self.write()
        with zipfile.ZipFile(self.path, "a") as more:
            more.writestr("profile.json", b"{}")

        assert "two files of one name" in self.refusal()

    async def test_a_bomb_is_not_unpacked(self) -> None:
        """Neither one that says how large it is, nor a line without end."""
        await self.write()
        self.again(**{"originals/7.jpg": bytes(50_000_000), "posts.jsonl": bytes(50_000_000)})
        tracemalloc.start()

        with self.read() as archive, pytest.raises(ArchiveUnfit, match="has 50000000 bytes"):
            await archive.original(MEDIA)
        assert "line 1 has more than 65536 bytes" in self.refusal()

        assert tracemalloc.get_traced_memory()[1] < 2_000_000
        tracemalloc.stop()

    async def test_more_lines_than_were_announced_are_not_read(self) -> None:
        await self.write()
        line = b'{"id":1,"body":"x","created_at":"2026-01-01T00:00:00Z","media":null}\n'
        self.again(**{"posts.jsonl": line * 500_000})

        with self.read() as archive:
            posts = archive.posts()
            assert [next(posts).id, next(posts).id] == [1, 1]
            with pytest.raises(ArchiveUnfit, match="has more lines"):
                next(posts)
