"""`mediaport reconcile` over buckets in which something is missing, or too much."""

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from mediaport.application.media.compare_bucket import Compared
from mediaport.application.media.reconcile import Difference, Finding, Outcome, Report
from mediaport.application.ports.clock import Clock
from mediaport.entrypoints.background import closing_parts
from mediaport.entrypoints.container import Container
from mediaport.entrypoints.settings import load
from tests import pictures
from tests.integration.crew import NOWHERE, Crew, limited, session
from tests.integration.server import COMMAND, Server, User, environment, run
from tests.servers.process import ServerProcess, free_port
from tests.servers.s3 import S3Server

STRAYS = ("incoming/1/99/nobody.jpg", "public/media/1/99/nobody.jpg")
YOUNG = "public/media/1/99/young.jpg"
OTHERS = "public/logo.png"
HOUR_S = 3600


@pytest.fixture
def ada(own_server: Server) -> Iterator[User]:
    own_server.settings["MEDIA_SWEEP_INTERVAL_S"] = "1"
    own_server.start()
    user = User(own_server.url, "ada")
    yield user
    user.close()


def settled(user: User, count: int) -> list[dict[str, object]]:
    """Media with thumbnails."""
    body = pictures.picture(image=pictures.corners(1500, 1000))
    media_ids = [user.upload(body) for _ in range(count)]
    for media_id in media_ids:
        user.complete(media_id).raise_for_status()
    return [user.settled(media_id) for media_id in media_ids]


def answers(user: User, media_id: object) -> list[int]:
    """What the URLs of all three thumbnails answer, once they are made."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        media = user.settled(int(str(media_id)))
        urls = [media[f"thumb_{size}_url"] for size in (128, 512, 1024)]
        if all(urls):
            return [httpx.get(str(url)).status_code for url in urls]
        time.sleep(0.05)
    raise RuntimeError(f"media {media_id} was not healed")


class TestEmbedded:
    @pytest.fixture
    def seeded(self, own_server: Server, ada: User) -> list[dict[str, object]]:
        """Media 2 lost a thumbnail, media 3 its original; and there are objects of nobody."""
        media = settled(ada, 3)
        self.file(own_server, str(media[1]["thumb_512_url"])).unlink()
        self.file(own_server, str(media[2]["public_url"])).unlink()
        for key in (*STRAYS, YOUNG, OTHERS):
            path = own_server.objects / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"whose?")
            hours_ago = 47 if key == YOUNG else 49
            os.utime(path, (time.time() - hours_ago * HOUR_S,) * 2)
        return media

    def file(self, server: Server, url: str) -> Path:
        return server.objects / url.partition("/storage/")[2]

    def files(self, server: Server) -> dict[str, int]:
        return {
            path.relative_to(server.objects).as_posix(): path.stat().st_mtime_ns
            for path in server.objects.rglob("*")
            if path.is_file()
        }

    def test_it_is_looked_at_first_and_then_put_right(
        self, own_server: Server, ada: User, seeded: list[dict[str, object]]
    ) -> None:
        before = self.files(own_server)

        look = run("reconcile", "--dry-run", cwd=own_server.folder, **own_server.settings)

        assert (look.returncode, look.stderr) == (1, "")
        lines = [line.split() for line in look.stdout.splitlines()]
        original = str(seeded[2]["public_url"]).partition("/storage/")[2]
        assert lines[:2] == [
            ["thumbnail", "lost", "left", *lines[0][3:]],
            ["original", "lost", "left", original, "of", "media", str(seeded[2]["id"])],
        ]
        assert {(line[0], line[3].rstrip(",")) for line in lines[2:5]} == {  # row 55
            ("stray", STRAYS[0]),
            ("stray", STRAYS[1]),
            ("young", YOUNG),
        }
        assert self.files(own_server) == before  # row 55
        assert ada.settled(int(str(seeded[1]["id"]))) == seeded[1]

        done = run("reconcile", cwd=own_server.folder, **own_server.settings)

        assert (done.returncode, done.stderr) == (1, "")  # row 56: someone must look at it
        assert "stray object: 2 removed (12 bytes)" in done.stdout
        assert "original lost: 1 left" in done.stdout
        assert "thumbnail lost: 1 owed again" in done.stdout
        left = set(self.files(own_server))
        assert not left & set(STRAYS)  # row 55
        assert {YOUNG, OTHERS} <= left  # row 55
        assert ada.http.get(f"/media/{seeded[2]['id']}").json()["status"] == "ready"  # row 56
        assert answers(ada, seeded[1]["id"]) == [200] * 3

        ada.http.delete(f"/media/{seeded[2]['id']}").raise_for_status()
        again = run("reconcile", cwd=own_server.folder, **own_server.settings)
        assert again.returncode == 0, again.stdout
        assert "young object: 1 left" in again.stdout

    def test_all_of_it_is_one_json_document(
        self, own_server: Server, seeded: list[dict[str, object]]
    ) -> None:
        done = run(
            "reconcile",
            "--json",
            cwd=own_server.folder,
            **own_server.settings,
            MEDIA_THUMBNAIL_SIZES="64,512",
        )

        assert (done.returncode, done.stderr) == (1, "")
        document = json.loads(done.stdout)
        assert (document["bucket"], document["dry_run"]) == ("local", False)
        assert (document["media"], document["objects"]) == (3, 13)
        assert document["is_complete"]
        assert document["needs_someone"]
        assert document["counts"]["stray_object"] == {"removed": {"count": 2, "size_bytes": 12}}
        by_kind = {each["difference"]: each for each in document["findings"]}
        assert by_kind["thumbnails_lacking"]["sizes"] == [64]
        assert by_kind["thumbnails_lacking"]["media_id"] == seeded[0]["id"]
        came = datetime.fromisoformat(by_kind["young_object"]["modified_at"])
        assert timedelta(hours=46) < datetime.now(UTC) - came < timedelta(hours=48)
        assert len(document["findings"]) == 6

    def test_the_wrong_database_removes_nothing(self, tmp_path: Path) -> None:
        assert run("migrate", cwd=tmp_path).returncode == 0
        stray = tmp_path / "var/objects" / STRAYS[1]
        stray.parent.mkdir(parents=True)
        stray.write_bytes(b"of another database")
        os.utime(stray, (0, 0))

        done = run("reconcile", cwd=tmp_path)

        assert done.returncode == 1
        assert "is it the right one?" in done.stdout
        assert stray.exists()

    def test_a_database_that_is_not_there_is_told_in_one_line(self, tmp_path: Path) -> None:
        done = run("reconcile", cwd=tmp_path)

        assert (done.returncode, done.stdout) == (2, "")
        (line,) = done.stderr.splitlines()
        assert "mediaport migrate" in line


class Later(Clock):
    """A clock that is two days and an hour fast."""

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(hours=49)


class Heard(Report):
    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def found(self, finding: Finding) -> None:
        self.findings.append(finding)

    def passed(self, stretch: Compared) -> None: ...


async def mended_two_days_later(settings: dict[str, str]) -> set[tuple[Difference, Outcome, str]]:
    loaded, _ = load(settings, env_file=NOWHERE)
    container, heard = Container(settings=loaded), Heard()
    container.clock.override(Later())
    async with closing_parts(container):
        await container.reconcile().mend(heard)
    return {(each.difference, each.outcome, each.key) for each in heard.findings}


class TestReal:
    async def test_a_bucket_is_put_right_with_the_rights_of_a_worker(
        self, real: dict[str, str], s3_server: S3Server, crew: Crew, tmp_path: Path
    ) -> None:
        user = crew.user(crew.api(**real))
        crew.worker(**real)
        whole, torn, lost = settled(user, 3)
        bucket = (
            session(real)
            .resource("s3", endpoint_url=s3_server.endpoint_url)
            .Bucket(real["S3_BUCKET"])
        )
        key_of = {
            name: str(url).partition(f"/{real['S3_BUCKET']}/")[2]
            for name, url in (
                ("thumbnail", torn["thumb_128_url"]),
                ("original", lost["public_url"]),
            )
        }
        for key in key_of.values():
            bucket.Object(key).delete()
        for key in (*STRAYS, OTHERS):
            bucket.put_object(Key=key, Body=b"whose?")

        told = await mended_two_days_later(limited(real, s3_server, "worker", tmp_path))

        assert told == {
            *((Difference.STRAY_OBJECT, Outcome.REMOVED, key) for key in STRAYS),
            (Difference.THUMBNAIL_LOST, Outcome.OWED_AGAIN, key_of["thumbnail"]),
            (Difference.ORIGINAL_LOST, Outcome.LEFT, key_of["original"]),  # row 56
        }
        keys = {each.key for each in bucket.objects.all()}
        assert not keys & set(STRAYS)  # row 55
        assert OTHERS in keys
        assert answers(user, torn["id"]) == [200] * 3
        assert answers(user, whole["id"]) == [200] * 3
        assert user.http.get(f"/media/{lost['id']}").json()["status"] == "ready"  # row 56

    def test_what_is_young_or_agrees_stays_however_often_it_runs(
        self, real: dict[str, str], s3_server: S3Server, crew: Crew, tmp_path: Path
    ) -> None:
        user = crew.user(crew.api(**real))
        crew.worker(**real)
        settled(user, 2)
        pending = user.upload(pictures.picture())
        client = session(real).client("s3", endpoint_url=s3_server.endpoint_url)
        client.put_object(Bucket=real["S3_BUCKET"], Key=YOUNG, Body=b"whose?")

        documents = [
            json.loads(run("reconcile", "--json", cwd=tmp_path, **real).stdout) for _ in range(2)
        ]

        for document in documents:
            assert [each["key"] for each in document["findings"]] == [YOUNG]  # row 55
            assert not document["needs_someone"]
        assert user.complete(pending).status_code == 200


class TestStopped:
    @pytest.fixture
    def nowhere(self, tmp_path: Path) -> dict[str, str]:
        assert run("migrate", cwd=tmp_path).returncode == 0
        return {
            "S3_BUCKET": "nowhere",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
        }

    def test_a_store_that_is_down_is_told_in_one_line(
        self, nowhere: dict[str, str], tmp_path: Path
    ) -> None:
        nowhere["S3_ENDPOINT_URL"] = f"http://127.0.0.1:{free_port()}"

        lines = run("reconcile", cwd=tmp_path, **nowhere)
        document = run("reconcile", "--json", cwd=tmp_path, **nowhere)

        assert "To begin again: mediaport reconcile" in lines.stdout
        assert not json.loads(document.stdout)["is_complete"]
        for done in (lines, document):
            assert done.returncode == 1
            (line,) = done.stderr.splitlines()
            assert line.startswith("mediaport: The object store is unavailable: ")

    def test_a_run_that_is_stopped_ends_its_document(
        self, nowhere: dict[str, str], tmp_path: Path
    ) -> None:
        with ExitStack() as stack:
            silent = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            silent.settimeout(30)
            nowhere["S3_ENDPOINT_URL"] = f"http://127.0.0.1:{silent.getsockname()[1]}"
            run_on = ServerProcess(
                [COMMAND, "reconcile", "--json"],
                folder=tmp_path,
                environment=environment(**nowhere),
                is_ready=lambda: bool(stack.enter_context(silent.accept()[0])),
            )

            run_on.start()
            assert run_on.stop() == 1

        document = json.loads(run_on.log)
        assert (document["findings"], document["is_complete"]) == ([], False)
