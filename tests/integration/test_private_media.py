"""The whole product where nothing is public: each URL it answers is read, and nothing without."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests import pictures
from tests.integration.crew import api_and_worker, prepare_bucket, real_parts
from tests.integration.server import Server, User, run

SIGNED = {"MEDIA_ACCESS": "signed", "MEDIA_SIGNED_URL_TTL_S": "3600"}


@pytest.fixture(scope="module", params=["embedded", "real"])
def product(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("private")
    if request.param == "embedded":
        server = Server(folder, **SIGNED)
        server.start()
        yield server
        assert server.stop() == 0
        return
    servers = [
        request.getfixturevalue(name) for name in ("postgresql_server", "redis_server", "s3_server")
    ]
    with real_parts(*servers) as public:
        settings = {**public, **SIGNED}
        prepare_bucket(settings)  # it was public until now
        with api_and_worker(folder, **settings) as api:
            yield api


@pytest.fixture(scope="module")
def ada(product: Server) -> Iterator[User]:
    """Someone with an avatar and a post."""
    user = User(product.url, "ada")
    for kind in ("avatar", "post_image"):
        media_id = user.upload(pictures.picture(image=pictures.corners(1500, 1000)), kind)
        user.complete(media_id).raise_for_status()
        user.settled(media_id)
        if kind == "avatar":
            user.http.put("/users/me/avatar", json={"media_id": media_id}).raise_for_status()
        else:
            post = {"body": "Look", "media_id": media_id}
            user.http.post("/posts/", json=post).raise_for_status()
    yield user
    user.close()


def shown_to(user: User) -> dict[str, Any]:
    (post,) = user.http.get("/posts/").json()["items"]
    return {
        **{name: url for name, url in post["media"].items() if name.endswith("_url")},
        **{f"owner_{name}": url for name, url in post["owner"].items() if name.endswith("_url")},
    }


def test_all_that_is_answered_is_shown_to_whoever_was_answered(ada: User) -> None:
    shown = shown_to(ada)

    assert len(shown) == 8
    for name, url in shown.items():
        answer = httpx.get(url)
        assert answer.status_code == 200, name
        assert answer.headers["cache-control"] == "private, max-age=7200, immutable"
        assert "set-cookie" not in answer.headers


def test_without_its_signature_nothing_is_shown(ada: User) -> None:
    for name, url in shown_to(ada).items():
        answer = httpx.get(url.partition("?")[0])
        assert answer.status_code == 403, name
        assert answer.headers["content-type"] == "application/xml"


def test_a_signature_shows_its_own_object_alone(ada: User) -> None:
    shown = shown_to(ada)
    other = urlsplit(shown["thumb_128_url"]).query
    original = urlsplit(shown["media_url"])

    assert httpx.get(original._replace(query=other).geturl()).status_code == 403


def test_the_same_is_answered_for_a_window_so_that_browsers_know_it(ada: User) -> None:
    assert shown_to(ada) == shown_to(ada)


def test_what_was_never_published_is_not_shown(ada: User) -> None:
    presigned = ada.presign(pictures.picture()).json()

    assert httpx.get(presigned["public_url"]).status_code in {403, 404}


def test_the_doctor_proves_it(product: Server, ada: User, tmp_path: Path) -> None:
    done = run("doctor", cwd=tmp_path, **product.settings)

    assert done.returncode == 0, done.stdout
    for check in (
        "signed GET accepted",
        "unsigned GET refused",
        "unsigned GET of the store refused",
        "expired GET refused",
    ):
        assert f"ok       {check} " in done.stdout


def test_the_demo_goes_as_promised(product: Server, tmp_path: Path) -> None:
    done = run("demo", "--url", product.url, cwd=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
