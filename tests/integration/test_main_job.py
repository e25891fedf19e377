"""The whole product over real HTTP, as a newcomer meets it."""

from io import BytesIO
from pathlib import Path

import httpx
import pytest
from PIL import Image

from mediaport.domain.policy import ContentType
from tests import pictures
from tests.integration.server import Server, User, preflight, run


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A photo in each format and each orientation."""
    folder = tmp_path_factory.mktemp("photos")
    scene = pictures.corners(1300, 900)
    for content_type in ContentType:
        body = pictures.picture(content_type, image=scene)
        (folder / f"plain.{content_type.extension}").write_bytes(body)
    for orientation in range(1, 9):
        body = pictures.picture(image=scene, orientation=orientation)
        (folder / f"turned_{orientation}.jpg").write_bytes(body)
    return [str(path) for path in sorted(folder.iterdir())]


def test_the_demo_keeps_every_promise(server: Server, photos: list[str], tmp_path: Path) -> None:
    done = run("demo", *photos, cwd=tmp_path, **server.settings)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "All as promised: 11 posted" in done.stdout
    assert done.stdout.count("and is upright") == 33


def test_the_demo_draws_its_own_picture(server: Server, tmp_path: Path) -> None:
    done = run("demo", "--url", server.url, cwd=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "drawn.jpg" in done.stdout


def test_the_demo_fails_when_a_step_is_not_as_promised(server: Server, tmp_path: Path) -> None:
    torn, no_image = tmp_path / "torn.jpg", tmp_path / "text.jpg"
    torn.write_bytes(pictures.picture(image=Image.effect_noise((300, 300), 90))[:9000])
    no_image.write_bytes(b"text")

    for photo, complaint in ((torn, "undecodable"), (no_image, "no JPEG, PNG or WebP")):
        done = run("demo", str(photo), cwd=tmp_path, **server.settings)
        assert done.returncode == 1
        assert complaint in done.stderr
    done = run("demo", "--url", "http://127.0.0.1:9", cwd=tmp_path)
    assert done.returncode == 1
    assert "does not answer" in done.stderr


def test_a_photo_taken_at_home_is_published_without_the_place(ada: User) -> None:
    body = pictures.picture(located=True, xmp=pictures.XMP, orientation=6)

    media = ada.complete(ada.upload(body)).json()

    published = httpx.get(media["public_url"])
    assert published.headers["content-type"] == "image/jpeg"
    with Image.open(BytesIO(published.content)) as image:  # row 27
        assert not image.getexif().get_ifd(pictures.GPS_DIRECTORY)
        assert image.getexif()[pictures.ORIENTATION] == 6
    assert b"52,31" not in published.content
    assert (media["width"], media["height"]) == (40, 60)


def test_what_is_put_again_after_complete_changes_nothing(ada: User, server: Server) -> None:
    body, other = pictures.picture(), bytearray(pictures.picture())
    other[-3] ^= 1
    presigned = ada.presign(body).json()
    upload = presigned["upload"]
    httpx.put(upload["url"], content=body, headers=upload["headers"])
    media = ada.complete(presigned["media_id"]).json()

    again = httpx.put(upload["url"], content=bytes(other), headers=upload["headers"])

    assert again.status_code == 200
    assert ada.complete(presigned["media_id"]).json()["public_url"] == media["public_url"]
    assert httpx.get(media["public_url"]).content == body  # row 3


@pytest.mark.parametrize(
    "body",
    [b"<html></html>", b"GIF89a" + b"\0" * 30, b"%PDF-1.7", b"<svg/>", b"#!/bin/sh\n"],
)
def test_what_is_no_image_is_never_public(ada: User, server: Server, body: bytes) -> None:
    presigned = ada.presign(body, content_type="image/png").json()
    httpx.put(presigned["upload"]["url"], content=body, headers=presigned["upload"]["headers"])

    refused = ada.complete(presigned["media_id"])

    assert (refused.status_code, refused.json()["code"]) == (422, "not_an_image")  # row 20
    assert httpx.get(presigned["public_url"]).status_code == 404
    assert not list(server.objects.glob(f"incoming/*/{presigned['media_id']}/*"))


def test_a_pixel_bomb_is_refused_by_its_header(ada: User) -> None:
    media_id = ada.upload(pictures.png_bomb(30_000, 30_000), content_type="image/png")

    refused = ada.complete(media_id)

    assert (refused.status_code, refused.json()["code"]) == (422, "too_many_pixels")  # row 23


def test_a_torn_photo_says_so_and_is_not_shown(ada: User) -> None:
    noise = pictures.picture(image=Image.effect_noise((300, 300), 90))
    media_id = ada.upload(noise[: len(noise) // 2])
    assert ada.complete(media_id).status_code == 200

    media = ada.settled(media_id)

    assert media["thumbnails_status"] == "failed"  # row 26
    assert media["thumbnails_error"] == "undecodable"
    assert media["media_url"] is None


def test_an_object_without_permission_is_refused(ada: User, server: Server) -> None:
    body = pictures.picture()
    upload = ada.presign(body).json()["upload"]

    longer = httpx.put(upload["url"], content=body + b"x", headers=upload["headers"])
    typed = httpx.put(upload["url"], content=body, headers={"Content-Type": "text/html"})
    anonymous = httpx.put(upload["url"].partition("?")[0], content=body, headers=upload["headers"])
    public = httpx.put(upload["url"].replace("/incoming/", "/public/"), content=body)

    assert [answer.status_code for answer in (longer, typed, anonymous, public)] == [403] * 4


def test_a_page_of_another_origin_can_upload(ada: User) -> None:
    origin = {"Origin": "http://localhost:5173"}
    body = pictures.picture()
    upload = ada.presign(body).json()["upload"]

    asked = preflight(upload["url"], origin["Origin"])
    stored = httpx.put(upload["url"], content=body, headers={**upload["headers"], **origin})
    evil = httpx.put(
        upload["url"], content=body, headers={**upload["headers"], "Origin": "http://evil.example"}
    )

    assert asked.status_code == 204
    assert asked.headers["access-control-allow-origin"] == origin["Origin"]
    assert stored.headers["access-control-allow-origin"] == origin["Origin"]
    assert "etag" in stored.headers["access-control-expose-headers"].lower()
    assert "access-control-allow-origin" not in evil.headers  # row 39
