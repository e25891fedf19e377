"""Sizes and quality that are changed later, and `mediaport thumbnails remake` beside a server."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests import pictures
from tests.integration.crew import Crew
from tests.integration.server import COMMAND, Server, User, environment, run
from tests.servers.process import ServerProcess, free_port

REMAKE = ("thumbnails", "remake")
OTHER_SIZES = {"MEDIA_THUMBNAIL_SIZES": "64,512"}


@pytest.fixture
def ada(own_server: Server) -> Iterator[User]:
    own_server.start()
    user = User(own_server.url, "ada")
    yield user
    user.close()


def settled(user: User, *bodies: bytes) -> list[int]:
    """Media whose thumbnails are made, or have failed."""
    media_ids = [user.upload(body) for body in bodies]
    for media_id in media_ids:
        user.complete(media_id).raise_for_status()
        user.settled(media_id)
    return media_ids


def photos(count: int) -> list[bytes]:
    return [
        pictures.picture(image=pictures.corners(1500 + number, 1000)) for number in range(count)
    ]


def torn() -> bytes:
    return pictures.picture(image=Image.effect_noise((300, 300), 90))[:9000]


def test_sizes_that_are_changed_later_are_made_beside_the_running_server(
    own_server: Server, ada: User
) -> None:
    media_ids = settled(ada, *photos(2), torn())
    own_server.stop()
    own_server.settings |= OTHER_SIZES
    own_server.start()
    before = ada.http.get(f"/media/{media_ids[0]}").json()
    assert before["thumb_64_url"] is None
    assert before["thumb_512_url"]

    done = run(*REMAKE, cwd=own_server.folder, **own_server.settings)

    assert (done.returncode, done.stderr.count("\n")) == (0, 0), done.stderr
    assert done.stdout.splitlines() == [
        "0 of 3 media",
        "2 made, 0 left as they were because the picture is broken or lost, 0 gone meanwhile.",
    ]
    for media_id in media_ids[:2]:
        media = ada.http.get(f"/media/{media_id}").json()
        assert {name for name in media if name.startswith("thumb_")} == {
            "thumb_64_url",
            "thumb_512_url",
        }
        for size in (64, 512):
            with Image.open(BytesIO(httpx.get(media[f"thumb_{size}_url"]).content)) as thumbnail:
                assert (thumbnail.format, thumbnail.width) == ("WEBP", size)
    assert ada.settled(media_ids[2])["thumbnails_error"] == "undecodable"
    assert run("demo", cwd=own_server.folder, **own_server.settings).returncode == 0


def test_another_quality_is_made_of_everything(own_server: Server, ada: User) -> None:
    noise = pictures.picture(image=Image.effect_noise((600, 400), 90).convert("RGB"))
    (media_id, _) = settled(ada, noise, torn())
    url = str(ada.settled(media_id)["thumb_512_url"])
    fine = httpx.get(url).content

    done = run(
        *REMAKE, "--all", cwd=own_server.folder, **own_server.settings, MEDIA_THUMBNAIL_QUALITY="5"
    )

    assert done.returncode == 0, done.stderr
    assert "1 made, 1 left as they were" in done.stdout
    assert f"Media {media_id + 1} is left as it is" in done.stderr
    assert len(httpx.get(url).content) < len(fine) / 2


def test_a_run_goes_on_where_it_stands_unless_it_was_for_others_or_is_begun_anew(
    own_server: Server, ada: User
) -> None:
    media_ids = settled(ada, *photos(3))
    recipe = "128, 512, 1024 px at quality 80"
    own_server.rows(
        "INSERT INTO thumbnail_remakes (started_at, recipe, last_media_id)"
        f" VALUES ('2026-01-02 03:04:05.000000', '{recipe}', {media_ids[0]})",
    )

    other = run(
        *REMAKE,
        "--all",
        cwd=own_server.folder,
        **{**own_server.settings, **OTHER_SIZES, "S3_BUCKET": ""},
    )
    own_server.rows("DELETE FROM thumbnail_remakes WHERE id > 1")
    on = run(*REMAKE, "--all", cwd=own_server.folder, **own_server.settings)
    own_server.rows("UPDATE thumbnail_remakes SET finished_at = NULL")
    anew = run(*REMAKE, "--all", "--restart", cwd=own_server.folder, **own_server.settings)

    begun = "the run begun at 2026-01-02 03:04:05 UTC"
    assert f"Beginning anew: {begun} was for {recipe}." in other.stdout
    assert "3 made" in other.stdout
    assert f"Going on after media {media_ids[0]} with {begun}." in on.stdout
    assert "2 made" in on.stdout
    assert begun not in anew.stdout
    assert "3 made" in anew.stdout
    assert own_server.rows("SELECT last_media_id, finished_at IS NULL FROM thumbnail_remakes") == [
        (media_ids[2], 1),
        (media_ids[2], 0),
    ]


def test_a_part_that_is_down_ends_the_run_with_one_line(own_server: Server, ada: User) -> None:
    settled(ada, *photos(1))
    nowhere = {
        "S3_BUCKET": "nowhere",
        "S3_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }

    done = run(*REMAKE, "--all", cwd=own_server.folder, **own_server.settings, **nowhere)

    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("mediaport: The object store is unavailable: ")
    assert "To go on: mediaport thumbnails remake --all" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--restart"], "goes with --all"), (["--concurrency", "0"], "1<=x<=64"), ([], "migrate")],
)
def test_what_cannot_be_done_is_said_at_once(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    done = run(*REMAKE, *arguments, cwd=tmp_path)

    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_run_that_is_stopped_says_how_to_go_on_and_does(
    real: dict[str, str], crew: Crew, tmp_path: Path
) -> None:
    real |= {"THUMBNAIL_WORKERS": "1"}
    api = crew.api(**real)
    crew.worker(**real)
    user = crew.user(api)
    media_ids = settled(user, *photos(20))
    runner = ServerProcess(
        [COMMAND, *REMAKE, "--all"],
        folder=tmp_path / "runner",
        environment=environment(**real),
        is_ready=lambda: "0 of 20 media" in runner.log,
    )

    runner.start()
    assert runner.stop() == 1
    assert "Traceback" not in runner.log
    (made,) = re.findall(r"(\d+) made, 0 left .* To go on: (?:.*) --all\nStopped", runner.log)
    assert int(made) < 20

    done = run(*REMAKE, "--all", "--concurrency", "2", cwd=tmp_path, **real)

    assert done.returncode == 0, done.stderr
    assert "Going on after media 0 with the run begun at" in done.stdout
    assert "20 made" in done.stdout
    for media_id in media_ids:
        media = user.settled(media_id)
        for size in (128, 512, 1024):
            assert httpx.get(str(media[f"thumb_{size}_url"])).status_code == 200
