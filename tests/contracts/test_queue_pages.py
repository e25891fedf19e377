"""SAQ's pages: nobody gets in without the password, and a Redis that is gone is no crash."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mediaport.adapters.saq.pages import PATH, QueuePages
from mediaport.adapters.saq.thumbnail_queue import SaqThumbnailQueue
from tests.servers.process import free_port

PASSWORD = "sixteen letters!"


@pytest.fixture
async def pages() -> AsyncIterator[httpx.AsyncClient]:
    """The pages of a queue whose Redis is gone."""
    queue = SaqThumbnailQueue(f"redis://127.0.0.1:{free_port()}", name="test", timeout_s=0.2)
    app = QueuePages(queue.jobs, password=PASSWORD)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://queue") as client:
        yield client
    await queue.close()


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Basic", "Basic \xff\xff", "Basic e", "Basic eDp3cm9uZw==", f"Bearer {PASSWORD}"],
)
@pytest.mark.parametrize("path", ["/", "/api/queues", "/static/app.js", "/health"])
async def test_nobody_gets_in_without_the_password(
    pages: httpx.AsyncClient, authorization: str | None, path: str
) -> None:
    headers = [(b"authorization", authorization.encode("latin-1"))] if authorization else []

    answer = await pages.get(path, headers=headers)

    assert answer.status_code == 401


async def test_no_path_leads_out_of_the_pages(tmp_path: Path) -> None:
    (tmp_path / "secret.gz").write_bytes(b"secret")
    queue = SaqThumbnailQueue(f"redis://127.0.0.1:{free_port()}", name="test", timeout_s=0.2)
    app = QueuePages(queue.jobs, password=PASSWORD)
    credentials = b"Basic " + base64.b64encode(f"x:{PASSWORD}".encode())
    headers = [(b"authorization", credentials), (b"accept-encoding", b"gzip")]
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    up = "../" * 30
    scope = {"type": "http", "method": "GET", "headers": headers, "query_string": b""}
    await app({**scope, "path": f"/static/{up}{tmp_path}/secret"}, None, send)  # type: ignore[arg-type]  # it reads nothing
    await queue.close()

    assert sent[0]["status"] == 404
    assert b"secret" not in b"".join(message.get("body", b"") for message in sent)


async def test_what_is_not_known_is_not_found(pages: httpx.AsyncClient) -> None:
    answer = await pages.get("/api/queues/nobodys", auth=("anyone", PASSWORD))

    assert answer.status_code == 404


async def test_another_site_cannot_make_a_browser_change_anything(
    pages: httpx.AsyncClient,
) -> None:
    answer = await pages.post(
        "/api/queues/test/jobs/x/abort",
        auth=("anyone", PASSWORD),
        headers={"Origin": "https://evil.example"},
    )

    assert answer.status_code == 403


async def test_a_redis_that_is_gone_is_told(pages: httpx.AsyncClient) -> None:
    page = await pages.get("/", auth=("anyone", PASSWORD))
    queues = await pages.get("/api/queues", auth=("anyone", PASSWORD))

    assert page.status_code == 200
    assert queues.status_code == 503
    assert "Redis does not answer" in queues.text


def test_the_script_of_the_pages_does_not_cut_into_its_own_paths() -> None:
    assert not "/queues".startswith(PATH)
