"""The product as it runs in production: processes over PostgreSQL, Redis and an S3 store."""

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests import pictures
from tests.integration.crew import Crew
from tests.integration.server import Server, User, Worker, preflight, run
from tests.soak.many_media import soak

SIZES = (128, 512, 1024)


@pytest.fixture
def ada(product: Server, request: pytest.FixtureRequest) -> Iterator[User]:
    user = User(product.url, f"ada_{abs(hash(request.node.nodeid)) % 10**12}")
    yield user
    user.close()


def test_the_demo_keeps_every_promise(product: Server, tmp_path: Path) -> None:
    photos = []
    for orientation in (1, 6):
        path = tmp_path / f"turned_{orientation}.jpg"
        scene = pictures.corners(1300, 900)
        path.write_bytes(pictures.picture(image=scene, orientation=orientation))
        photos.append(str(path))

    done = run("demo", *photos, "--url", product.url, cwd=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "All as promised: 2 posted" in done.stdout


def test_a_picture_goes_from_the_browser_to_the_bucket_and_to_the_feed(
    ada: User, product: Server
) -> None:
    body = pictures.picture(image=pictures.corners(1500, 1000))
    presigned = ada.presign(body).json()
    upload = presigned["upload"]
    assert upload["url"].startswith(product.settings["S3_ENDPOINT_URL"])
    assert httpx.put(upload["url"], content=body, headers=upload["headers"]).status_code == 200

    media = ada.complete(presigned["media_id"]).json()
    assert httpx.get(media["public_url"]).content == body
    assert httpx.get(media["public_url"]).headers["content-type"] == "image/jpeg"
    media = ada.settled(presigned["media_id"])

    for size in SIZES:
        answer = httpx.get(str(media[f"thumb_{size}_url"]))
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        with Image.open(BytesIO(answer.content)) as thumbnail:
            assert (thumbnail.format, thumbnail.width) == ("WEBP", size)
    ada.http.post("/posts/", json={"body": "Look", "media_id": media["id"]}).raise_for_status()
    (post,) = ada.http.get(f"/users/{ada.name}/posts").json()["items"]
    assert post["media"]["thumb_512_url"] == media["thumb_512_url"]


def test_the_incoming_object_is_gone_after_completion(ada: User) -> None:
    body = pictures.picture()
    upload = ada.presign(body).json()["upload"]
    media_id = ada.upload(body)
    assert ada.complete(media_id).status_code == 200

    anonymous = httpx.get(upload["url"].partition("?")[0])

    assert anonymous.status_code == 403


def test_a_second_upload_through_the_url_changes_nothing_public(ada: User) -> None:
    body = pictures.picture()
    presigned = ada.presign(body).json()
    upload = presigned["upload"]
    httpx.put(upload["url"], content=body, headers=upload["headers"]).raise_for_status()
    media = ada.complete(presigned["media_id"]).json()

    other = body[:-2] + b"!!"
    again = httpx.put(upload["url"], content=other, headers=upload["headers"])

    assert again.status_code == 200
    assert httpx.get(media["public_url"]).content == body  # row 3


def test_a_photo_taken_at_home_is_published_without_the_place(ada: User) -> None:
    body = pictures.picture(located=True, xmp=pictures.XMP, orientation=6)
    media_id = ada.upload(body)

    media = ada.complete(media_id).json()

    published = httpx.get(media["public_url"])
    assert b"GPS" not in published.content  # row 27
    assert published.headers["content-type"] == "image/jpeg"


def test_plain_curl_uploads(ada: User, tmp_path: Path) -> None:
    body = pictures.picture()
    (tmp_path / "photo.jpg").write_bytes(body)
    presigned = ada.presign(body).json()
    upload = presigned["upload"]
    headers = [f"-H{name}: {value}" for name, value in upload["headers"].items()]

    done = subprocess.run(
        ["curl", "--silent", "--show-error", "--fail", *headers, "-T", "photo.jpg", upload["url"]],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    assert ada.complete(presigned["media_id"]).status_code == 200


def test_a_page_of_another_origin_can_upload(ada: User) -> None:
    origin = {"Origin": "http://localhost:5173"}
    body = pictures.picture()
    upload = ada.presign(body).json()["upload"]

    asked = preflight(upload["url"], origin["Origin"])
    stored = httpx.put(upload["url"], content=body, headers={**upload["headers"], **origin})

    assert asked.is_success
    assert asked.headers["access-control-allow-origin"] in {origin["Origin"], "*"}
    assert stored.status_code == 200
    assert stored.headers["access-control-allow-origin"] in {origin["Origin"], "*"}


def test_the_embedded_store_is_not_served_beside_a_bucket(product: Server) -> None:
    assert httpx.get(f"{product.url}/storage/public/x").status_code == 404
    assert httpx.get(f"{product.url}/saq/").status_code == 404


def test_a_deleted_picture_leaves_no_object(ada: User) -> None:
    media_id = ada.upload(pictures.picture())
    ada.complete(media_id).raise_for_status()
    media = ada.settled(media_id)

    assert ada.http.delete(f"/media/{media_id}").status_code == 204

    for url in (media["public_url"], *(media[f"thumb_{size}_url"] for size in SIZES)):
        assert httpx.get(str(url)).status_code in {403, 404}


def test_fifty_completes_at_once_answer_the_same(ada: User) -> None:
    media_id = ada.upload(pictures.picture())

    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(lambda _: ada.complete(media_id), range(50)))

    assert {answer.status_code for answer in answers} == {200}  # row 13
    assert len({answer.json()["public_url"] for answer in answers}) == 1


def test_one_of_two_posts_gets_a_picture_that_both_want(ada: User) -> None:
    media_id = ada.upload(pictures.picture())
    ada.complete(media_id).raise_for_status()
    post = {"body": "Mine", "media_id": media_id}

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: ada.http.post("/posts/", json=post), range(8)))

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [201, *[409] * 7]  # row 17


def test_two_apis_and_three_workers_share_the_work(real: dict[str, str], crew: Crew) -> None:
    report = soak(real, crew, media=40)  # python -m tests.soak.many_media: two thousand

    assert report.wrong == []
    assert report.statuses == {200: 40}
    assert crew.stop() == [0] * 5  # row 51


def test_the_checks_say_whether_the_processes_run(real: dict[str, str], tmp_path: Path) -> None:
    api, worker = Server(tmp_path, **real), Worker(tmp_path, **real)

    def checks() -> list[int]:
        commands = ("serve", "worker")
        return [
            run(command, "--check", cwd=tmp_path, **api.settings).returncode for command in commands
        ]

    assert checks() == [1, 1]
    api.start()
    worker.start()
    assert checks() == [0, 0]
    api.stop()
    worker.stop()


def test_the_pages_about_the_queue_ask_for_their_password(
    real: dict[str, str], tmp_path: Path
) -> None:
    password = "sixteen letters!"
    api = Server(tmp_path, **real, QUEUE_WEB="true", QUEUE_WEB_PASSWORD=password)
    api.start()
    page = f"{api.url}/saq/"

    anonymous = httpx.get(page)
    wrong = httpx.get(page, auth=("anyone", "wrong"))
    right = httpx.get(page, auth=("anyone", password))
    queues = httpx.get(f"{page}api/queues", auth=("anyone", password))
    forged = httpx.post(
        f"{page}api/queues/{real['QUEUE_NAME']}/jobs/x/abort",
        auth=("anyone", password),
        headers={"Origin": "https://evil.example"},
    )

    assert (anonymous.status_code, wrong.status_code) == (401, 401)
    assert "Basic" in anonymous.headers["www-authenticate"]
    assert right.status_code == 200
    assert "<html" in right.text.lower()
    assert httpx.get(f"{page}static/app.js", auth=("anyone", password)).status_code == 200
    assert queues.json()["queues"][0]["name"] == real["QUEUE_NAME"]
    assert forged.status_code == 403
    assert password not in api.log
    api.stop()
