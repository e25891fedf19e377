"""An operator's commands beside a running server: URLs, archives, and a user who goes."""

import asyncio
import json
import sqlite3
import threading
import zipfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from subprocess import CompletedProcess

import httpx
import pytest

from mediaport.adapters.archive.writing import archive_at
from mediaport.application.ports.archive import ExportedMedia, ExportedPost, ExportedProfile
from tests import pictures
from tests.integration.server import Server, User, run
from tests.integration.test_doctor import keys_in
from tests.servers.postgresql import rows_of

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
PICTURE = pictures.picture()


@pytest.fixture
def server(own_server: Server) -> Server:
    """A server of a test's own: what is done to it is seen by nobody else."""
    own_server.start()
    return own_server


def command(server: Server, *arguments: str, **settings: str) -> CompletedProcess[str]:
    return run(*arguments, cwd=server.folder, **{**server.settings, **settings})


def posted(user: User, body: str = "Look") -> int:
    """The media item of a new post."""
    media_id = user.upload(PICTURE)
    user.complete(media_id).raise_for_status()
    user.http.post("/posts/", json={"body": body, "media_id": media_id}).raise_for_status()
    return media_id


def test_stored_urls_follow_the_base_and_running_servers_show_it(server: Server) -> None:
    ada = User(server.url, "ada")
    media = ada.settled(posted(ada))
    old, new = f"{server.url}/storage", "https://cdn.example/media"
    feed = "/posts/?limit=20"
    assert ada.http.get(feed).json()["items"][0]["media_url"].startswith(old)

    looked = command(server, "doctor", "--json", S3_PUBLIC_BASE_URL=new)
    wrong = command(server, "urls", "rewrite", "--from", "https://typo", S3_PUBLIC_BASE_URL=new)
    dry = command(server, "urls", "rewrite", "--dry-run", S3_PUBLIC_BASE_URL=new)
    assert ada.http.get(feed).json()["items"][0]["media_url"] == media["media_url"]
    done = command(server, "urls", "rewrite", "--from", f"{old}/", S3_PUBLIC_BASE_URL=new)
    again = command(server, "urls", "rewrite", S3_PUBLIC_BASE_URL=new)

    (found,) = (
        each for each in json.loads(looked.stdout)["checks"] if each["name"] == "stored URLs"
    )
    assert found["outcome"] == "warned"
    assert f"1 media at {old}/" in found["seen"]
    assert wrong.returncode == 2
    assert (
        wrong.stderr == "mediaport: No stored URL begins with https://typo/. Nothing was changed.\n"
    )
    assert f"1 media at {old}/" in wrong.stdout
    assert (dry.returncode, dry.stdout) == (0, wrong.stdout)
    assert done.stdout.endswith(f"1 media rewritten to {new}/\n")
    assert again.stdout.endswith(f"0 media rewritten to {new}/\n")
    shown = ada.http.get(feed).json()["items"][0]  # from what the server keeps ready
    for each in (shown, ada.http.get(f"/posts/{shown['id']}").json()):
        assert each["media_url"] == str(media["media_url"]).replace(old, new)
        assert each["media"]["thumb_512_url"] == str(media["thumb_512_url"]).replace(old, new)
    ada.close()


def test_a_user_moves_to_another_server(server: Server, tmp_path: Path) -> None:
    ada = User(server.url, "ada")
    ada.settled(posted(ada, "First"))
    ada.http.post("/posts/", json={"body": "Second"}).raise_for_status()
    there = Server(tmp_path / "there")
    there.folder.mkdir()
    archive = tmp_path / "ada.zip"

    exported = command(server, "export", "ada", str(archive))
    nobody = command(server, "export", "nobody", str(tmp_path / "nobody"))
    assert command(there, "migrate").returncode == 0
    imported = command(there, "import", str(archive), "--as", "ada_2")
    again = command(there, "import", str(archive), "--as", "ada_2")

    assert f"{archive}: 2 posts, 0 comments, 0 likes and 1 pictures" in exported.stdout
    assert (nobody.returncode, nobody.stderr) == (2, "mediaport: There is no user nobody.\n")
    assert "2 posts and 1 pictures brought." in imported.stdout
    assert "0 posts and 0 pictures brought; 2 posts were there already." in again.stdout
    there.start()
    password = imported.stdout.partition("shown this once: ")[2].split()[0]
    with closing(httpx.Client(base_url=there.url)) as http:
        account = {"username": "ada_2", "password": password}
        token = http.post("/auth/login", json=account).json()["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        shown = http.get("/users/ada_2/posts").json()["items"]
        before = ada.http.get("/users/ada/posts").json()["items"]
        assert [(each["body"], each["created_at"]) for each in shown] == [
            (each["body"], each["created_at"]) for each in before
        ]
        assert httpx.get(shown[1]["media_url"]).content == httpx.get(before[1]["media_url"]).content
    there.stop()
    ada.close()


def test_an_archive_that_lies_is_refused_with_a_line_and_nothing_stays(
    server: Server, tmp_path: Path
) -> None:
    ada = User(server.url, "ada")
    posted(ada)
    archive = tmp_path / "ada.zip"
    command(server, "export", "ada", str(archive))
    files: dict[str, bytes] = {}
    with zipfile.ZipFile(archive) as whole:
        files = {name: whole.read(name) for name in whole.namelist()}
    (original,) = (name for name in files if name.startswith("originals/"))
    before = server.rows("SELECT id FROM users"), server.public_keys()

    for changes, said in (
        ({original: bytes(len(files[original]))}, "is not the file whose hash"),
        ({"../evil": b"x"}, "leads out of it"),
    ):
        lying = tmp_path / "lying.zip"
        with zipfile.ZipFile(lying, "w") as new:
            for name, body in {**files, **changes}.items():
                new.writestr(name, body)
        done = command(server, "import", str(lying), "--as", "eve")
        assert done.returncode == 2
        (line,) = done.stderr.splitlines()
        assert line.startswith("mediaport: The archive is refused: ")
        assert said in line

    assert (server.rows("SELECT id FROM users"), server.public_keys()) == before
    ada.close()


def test_a_user_is_shown_and_asked_for_before_they_go(server: Server) -> None:
    ada = User(server.url, "ada")
    posted(ada)

    asked = command(server, "user", "delete", "ada")
    unknown = command(server, "user", "delete", "nobody", "--yes")

    assert asked.returncode == 1
    assert "  1 posts\n" in asked.stdout
    assert "  1 media, with their originals" in asked.stdout
    assert ada.http.get("/users/me").is_success
    assert (unknown.returncode, unknown.stderr) == (2, "mediaport: There is no user nobody.\n")
    ada.close()


@dataclass
class Restless:
    """A user with several clients, who stop once their token is worth nothing.

    Attributes:
        answers: The statuses that they saw.
        begun: Set once one of them was answered.
    """

    user: User
    answers: set[int] = field(default_factory=set)
    begun: threading.Event = field(default_factory=threading.Event)

    def start(self, *acts: Callable[[], httpx.Response]) -> list[threading.Thread]:
        clients = [threading.Thread(target=self._go_on, args=[act], daemon=True) for act in acts]
        for client in clients:
            client.start()
        assert self.begun.wait(60)
        return clients

    def _go_on(self, act: Callable[[], httpx.Response]) -> None:
        status = 0
        while status != httpx.codes.UNAUTHORIZED:
            status = act().status_code
            self.answers.add(status)
            self.begun.set()

    def upload(self, kind: str, show: Callable[[int], httpx.Response]) -> httpx.Response:
        presigned = self.user.presign(PICTURE, kind)
        if not presigned.is_success:
            return presigned
        upload, media_id = presigned.json()["upload"], presigned.json()["media_id"]
        httpx.put(upload["url"], content=PICTURE, headers=upload["headers"])
        completed = self.user.complete(media_id)
        return show(media_id) if completed.is_success else completed

    def post(self) -> httpx.Response:
        def show(media_id: int) -> httpx.Response:
            return self.user.http.post("/posts/", json={"body": "", "media_id": media_id})

        return self.upload("post_image", show)

    def wear(self) -> httpx.Response:
        def show(media_id: int) -> httpx.Response:
            return self.user.http.put("/users/me/avatar", json={"media_id": media_id})

        return self.upload("avatar", show)


def test_a_user_who_goes_on_meanwhile_goes_all_the_same(own_server: Server) -> None:
    """Four clients upload, post, like and comment until their token is worth nothing."""
    server = own_server
    server.settings |= {"RATE_PER_USER": "off", "RATE_PER_ADDRESS": "off"}
    server.start()
    ada, bob = User(server.url, "ada"), User(server.url, "bob")
    his = bob.http.post("/posts/", json={"body": "Hi"}).json()["id"]
    posted(bob)
    late = [ada.presign(PICTURE).json()["upload"] for _ in range(2)]
    restless = Restless(ada)
    clients = restless.start(
        restless.post,
        restless.wear,
        lambda: ada.http.put(f"/posts/{his}/like"),
        lambda: ada.http.post(f"/posts/{his}/comments", json={"body": "x"}),
    )

    done = command(server, "user", "delete", "ada", "--yes")

    assert done.returncode == 0, done.stderr
    for client in clients:
        client.join(60)
        assert not client.is_alive()
    assert httpx.codes.INTERNAL_SERVER_ERROR not in restless.answers
    for upload in late:  # a signed URL outlives its user for minutes
        httpx.put(upload["url"], content=PICTURE, headers=upload["headers"])
    server.rows("UPDATE object_deletions SET due_at = '2026-01-01 00:00:00'")
    assert command(server, "sweep").returncode == 0
    (bobs,) = server.rows("SELECT id FROM users")
    assert set(server.rows("SELECT owner_id FROM media")) == {bobs}
    assert server.rows("SELECT owner_id, like_count, comment_count FROM posts") == [
        (*bobs, 0, 0),
        (*bobs, 0, 0),
    ]
    assert server.rows("SELECT count(*) FROM comments") == [(0,)]
    files = (path for path in server.objects.rglob("*") if path.is_file())
    keys = {path.relative_to(server.objects).as_posix() for path in files}
    assert all(key.startswith(f"public/media/{bobs[0]}/") for key in keys)
    ada.close()
    bob.close()


def test_a_deletion_that_was_killed_goes_on(server: Server) -> None:
    ada = User(server.url, "ada")
    posted(ada)

    killed = command(
        server, "user", "delete", "ada", "--yes", FAIL_POINT="delete.belongings.purge_posts"
    )
    with closing(sqlite3.connect(server.folder / "var" / "mediaport.db")) as database:
        assert database.execute("SELECT count(*) FROM posts").fetchone() == (0,)
    done = command(server, "user", "delete", "ada", "--yes")

    assert killed.returncode == -9
    assert done.stdout.endswith("ada is gone.\n")
    assert not server.public_keys()
    ada.close()


async def write_archive(path: Path, body: bytes) -> None:
    """One post with one picture."""
    media = ExportedMedia(
        id=7,
        kind="post_image",
        content_type="image/jpeg",
        size_bytes=len(body),
        width=1,
        height=1,
        alt="A dog",
        created_at=NOW,
        sha256=sha256(body).hexdigest(),
    )
    with archive_at(path, now=NOW) as archive:
        await archive.keep(media, body)
        archive.add(media)
        archive.add(ExportedProfile(username="ada", created_at=NOW, avatar=None))
        archive.add(ExportedPost(id=1, body="Look", created_at=NOW, media=7))


def test_on_real_parts_a_user_comes_and_goes(real: dict[str, str], tmp_path: Path) -> None:
    asyncio.run(write_archive(tmp_path / "ada.zip", pictures.large(located=True)))

    brought = run("import", "ada.zip", cwd=tmp_path, **real)
    rows = rows_of(real["DATABASE_URL"], "SELECT alt, status, thumbnails_status FROM media")
    keys = keys_in(real)
    gone = run("user", "delete", "ada", "--yes", cwd=tmp_path, **real)

    assert "1 posts and 1 pictures brought." in brought.stdout, brought.stderr
    assert rows == [("A dog", "ready", "pending")]
    assert [key for key in keys if key.startswith("public/media/")]
    assert gone.stdout.endswith("ada is gone.\n"), gone.stderr
    assert not [key for key in keys_in(real) if key.startswith("public/media/")]
    assert rows_of(real["DATABASE_URL"], "SELECT id FROM users") == []
