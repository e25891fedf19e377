"""Killed, stopped, doubled: nothing is lost and nothing unverified is public."""

import os
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from PIL import Image

from mediaport.entrypoints.cli.serving import GRACE_S
from tests import pictures
from tests.integration.server import Server, User
from tests.whole import SIZES, differences


def photo(number: int) -> bytes:
    """Photos that take the worker a moment, each another one."""
    return pictures.picture(image=pictures.corners(1500 + number, 1000).rotate(number))


def assert_consistent(server: Server) -> None:
    """What is shown has its objects, and nothing is public but verified pictures of rows."""
    assert list(differences(server)) == []
    for key in server.public_keys():
        with Image.open(server.objects / key) as image:
            image.verify()


def test_killed_in_the_middle_every_completed_media_gets_its_thumbnails(
    own_server: Server,
) -> None:
    own_server.start()
    user = User(own_server.url, "ada")
    completed: list[int] = []
    numbers = iter(range(1000))

    def keep_uploading(stopped: threading.Event) -> None:
        while not stopped.is_set():
            with suppress(httpx.HTTPError, KeyError):
                number = next(numbers)
                body = photo(number) if number % 3 else b"no picture " * (number + 1)
                media_id = user.upload(body)
                if user.complete(media_id).status_code == 200:
                    completed.append(media_id)

    for killing in range(1, 4):
        stopped = threading.Event()
        uploading = threading.Thread(target=keep_uploading, args=[stopped], daemon=True)
        uploading.start()
        deadline = time.monotonic() + 60
        while len(completed) < 3 * killing and time.monotonic() < deadline:
            time.sleep(0.01)
        own_server.kill()
        stopped.set()
        uploading.join()
        own_server.start()
        assert_consistent(own_server)

    assert len(completed) >= 9
    for media_id in completed:  # rows 44 and 50
        media = user.settled(media_id)
        assert media["thumbnails_status"] == "ready"
        for size in SIZES:
            assert httpx.get(str(media[f"thumb_{size}_url"])).status_code == 200
    assert_consistent(own_server)
    user.close()


def test_a_stop_gives_work_back(tmp_path: Path) -> None:
    server = Server(tmp_path / "server", THUMBNAIL_WORKERS="1")
    server.start()
    user = User(server.url, "ada")
    for decoder in server.children:
        os.kill(decoder, signal.SIGSTOP)  # so that none is done
    media_ids = [user.upload(photo(number)) for number in range(4)]
    for media_id in media_ids:
        assert user.complete(media_id).status_code == 200

    assert server.stop() == 0  # row 51
    owed = server.rows(
        "SELECT thumbnails_starts, thumbnails_claimed_until FROM media"
        " WHERE thumbnails_status = 'pending'",
    )
    server.start()

    assert owed == [(0, None)] * len(media_ids)
    for media_id in media_ids:
        assert user.settled(media_id)["thumbnails_status"] == "ready"
    user.close()
    server.stop()


def test_a_stop_ends_slow_uploads_when_its_grace_is_over(own_server: Server) -> None:
    own_server.start()
    user = User(own_server.url, "ada")
    body = photo(1)
    uploads = []
    for _ in range(3):
        upload = user.presign(body).json()["upload"]
        url = urlsplit(upload["url"])
        uploading = socket.create_connection((url.hostname, url.port), timeout=30)
        head = f"PUT {url.path}?{url.query} HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\n"
        uploading.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:1000])
        uploads.append(uploading)

    started = time.monotonic()
    assert own_server.stop() == 0
    assert GRACE_S <= time.monotonic() - started < GRACE_S + 10

    for uploading in uploads:
        with uploading:
            assert uploading.recv(100).startswith(b"HTTP/1.1 503")  # row 51
    assert "Traceback" not in own_server.log
    assert not own_server.public_keys()
    assert not [path for path in own_server.objects.rglob("*") if path.is_file()]
    user.close()


def test_two_processes_share_one_data_folder(own_server: Server) -> None:
    own_server.start()
    second = Server(own_server.folder, **{**own_server.settings, "PORT": ""})
    second.settings |= {"PORT": str(second.port), "BASE_URL": own_server.url}
    second.start()
    user = User(own_server.url, "ada")
    other = httpx.Client(base_url=second.url, headers=user.http.headers, timeout=30)

    def walk(number: int) -> int:
        media_id = user.upload(photo(number))
        client = (user.http, other)[number % 2]
        client.post(f"/media/{media_id}/complete").raise_for_status()
        post = client.post("/posts/", json={"body": str(number), "media_id": media_id})
        post.raise_for_status()
        return media_id

    with ThreadPoolExecutor(8) as threads:
        media_ids = list(threads.map(walk, range(40)))  # row 58

    for media_id in media_ids:
        assert user.settled(media_id)["thumbnails_status"] == "ready"
    assert "locked" not in own_server.log
    second.stop()
    other.close()
    user.close()


def test_fifty_completes_at_once_answer_the_same(own_server: Server) -> None:
    own_server.start()
    user = User(own_server.url, "ada")
    media_id = user.upload(photo(1))

    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(lambda _: user.complete(media_id), range(50)))

    assert {answer.status_code for answer in answers} == {200}  # row 13
    assert len({answer.json()["public_url"] for answer in answers}) == 1
    user.close()
