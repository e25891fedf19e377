"""SAQ's pages: nobody gets in without the password, and a Redis that is gone is no crash."""

from collections.abc import AsyncIterator

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
