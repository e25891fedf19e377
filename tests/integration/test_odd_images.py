"""Images that lie, are torn, or are made to do harm: what they cost, and whom."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

import httpx
import pytest
from PIL import Image

from mediaport.domain.policy import ContentType
from tests import pictures
from tests.integration.crew import Crew
from tests.integration.server import Server, User
from tests.integration.waiting import until
from tests.servers.process import ServerProcess

HTML = b"<!doctype html><script>alert(1)</script>"
NOISE = Image.effect_noise((400, 400), 90)
LARGE_BYTES = 100_000_000  # more than twice what an idle decoder has
REFUSED: list[tuple[bytes, str, str, str]] = [
    (HTML, "image/png", "not_an_image", "HTML"),  # row 20
    (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "image/png", "not_an_image", "SVG"),
    (b"GIF89a" + bytes(99), "image/png", "not_an_image", "GIF"),
    (b"%PDF-1.7\n" + bytes(99), "image/png", "not_an_image", "PDF"),
    (pictures.picture(), "image/png", "content_type_mismatch", "image/jpeg"),  # row 22
    (pictures.png_bomb(30_000, 30_000), "image/png", "too_many_pixels", "30000"),  # row 23
    (pictures.png_bomb(39_999_999, 1), "image/png", "too_many_pixels", "39999999"),
]
FAILED: list[tuple[bytes, str, str]] = [
    (pictures.scan_bomb(), "image/jpeg", "too_many_scans"),  # row 24
    (pictures.picture(image=NOISE)[:20_000], "image/jpeg", "undecodable"),  # row 26
    (pictures.picture(ContentType.PNG, image=NOISE)[:20_000], "image/png", "undecodable"),
    (pictures.picture(ContentType.WEBP, image=NOISE)[:20_000], "image/webp", "undecodable"),
    (pictures.png_bomb(5000, 5000), "image/png", "undecodable"),
    (pictures.png_without_palette(), "image/png", "undecodable"),
]


@pytest.mark.parametrize(("body", "content_type", "code", "word"), REFUSED)
def test_what_is_not_as_declared_is_refused_with_the_reason(
    ada: User, body: bytes, content_type: str, code: str, word: str
) -> None:
    started = time.monotonic()
    refused = ada.complete(ada.upload(body, content_type=content_type))

    assert refused.status_code == 422
    assert refused.json()["code"] == code
    assert word in refused.json()["detail"]
    assert time.monotonic() - started < 10


def test_what_trails_a_picture_is_not_served(ada: User) -> None:
    body = pictures.picture(ContentType.PNG) + HTML

    media = ada.settled(ada.complete(ada.upload(body, content_type="image/png")).json()["id"])

    for url in (media["media_url"], media["thumb_128_url"]):  # row 21
        served = httpx.get(str(url))
        assert HTML not in served.content
        assert served.headers["x-content-type-options"] == "nosniff"


def test_broken_images_fail_with_a_reason_and_delay_no_other(ada: User) -> None:
    ids = []
    for body, content_type, _ in FAILED:
        ids.append(ada.upload(body, content_type=content_type))
        assert ada.complete(ids[-1]).status_code == 200
    good = ada.upload(pictures.picture(image=NOISE))
    ada.complete(good)

    assert ada.settled(good)["thumb_128_url"]
    for media_id, (_, _, reason) in zip(ids, FAILED, strict=True):
        media = ada.settled(media_id)
        assert (media["thumbnails_status"], media["thumbnails_error"]) == ("failed", reason)
        assert media["media_url"] is None
        assert media["original_url"] is None


def test_an_animated_giant_shows_its_first_frame(ada: User) -> None:
    body = pictures.animated_giant()

    media = ada.settled(ada.complete(ada.upload(body, content_type="image/webp")).json()["id"])

    assert media["thumbnails_status"] == "ready"  # row 25


def test_an_image_whose_decoder_is_killed_each_time_is_given_up(
    crew: Crew, real: dict[str, str]
) -> None:
    api, worker = crew.api(**real), crew.worker(**real, THUMBNAIL_WORKERS="1")
    ada = crew.user(api)
    large = pictures.picture(ContentType.PNG, width=6000, height=6000)
    hostile = ada.upload(large, content_type="image/png")

    with _memory_short(worker):
        assert ada.complete(hostile).status_code == 200
        media = ada.settled(hostile)

    assert (media["thumbnails_status"], media["thumbnails_error"]) == ("failed", "gave_up")
    good = ada.upload(pictures.picture(image=NOISE))
    ada.complete(good)
    assert ada.settled(good)["thumb_128_url"]  # row 48
    assert worker.is_running


def test_a_decoder_has_no_file_of_its_server(server: Server) -> None:
    until(lambda: server.children)
    for pid in server.children:  # one that has just started has them until it runs its program
        until(lambda: {it.name for it in Path(f"/proc/{pid}/fd").iterdir()} == {"0", "1", "2"})  # noqa: B023 - at once


def test_no_decoder_is_left_when_its_process_has_ended(crew: Crew, real: dict[str, str]) -> None:
    worker = crew.worker(**real, THUMBNAIL_WORKERS="2")
    until(lambda: len(worker.children) == 2)
    decoders = worker.children

    assert len(decoders) == 2
    assert worker.stop() == 0
    for pid in decoders:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


@contextmanager
def _memory_short(worker: ServerProcess) -> Iterator[None]:
    """Kill every decoder of a worker that decodes a large image, as the system may."""
    over = Event()

    def kill() -> None:
        while not over.wait(0.005):
            for pid in worker.children:
                with suppress(ProcessLookupError, FileNotFoundError):
                    if _resident_bytes(pid) > LARGE_BYTES:
                        os.kill(pid, signal.SIGKILL)

    killing = Thread(target=kill, daemon=True)
    killing.start()
    try:
        yield
    finally:
        over.set()
        killing.join()


def _resident_bytes(pid: int) -> int:
    pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
