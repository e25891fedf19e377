"""What the page weighs, and whom it asks."""

import gzip
import logging
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Request, expect

from mediaport.entrypoints.http.page import FOLDER
from tests.e2e.photos import photo
from tests.e2e.tab import Tab
from tests.e2e.visit import choose, come_in, expect_sharp, post, posts
from tests.integration.server import Server, User

log = logging.getLogger(__name__)
pytestmark = pytest.mark.usefixtures("built_page")
MAX_SCRIPT_BYTES = 120_000
MAX_FIRST_VIEW_BYTES = 130_000


def test_all_scripts_together_are_light() -> None:
    scripts = [gzip.compress(path.read_bytes()) for path in FOLDER.glob("assets/*.js")]

    assert 0 < sum(map(len, scripts)) < MAX_SCRIPT_BYTES


async def test_the_first_view_is_light(tab: Tab) -> None:
    sizes: list[int] = []

    async def weigh(request: Request) -> None:
        size = await request.sizes()
        sizes.append(size["responseBodySize"] + size["responseHeadersSize"])

    tab.page.on("requestfinished", weigh)
    await tab.page.goto("/", wait_until="networkidle")
    await expect(tab.page.get_by_label("User name")).to_be_visible()

    log.info("The first view: %s bytes in %s answers", sum(sizes), len(sizes))
    assert 0 < sum(sizes) < MAX_FIRST_VIEW_BYTES


async def test_it_asks_the_api_and_the_store_and_nobody_else(
    tab: Tab, product: Server, ada: User
) -> None:
    page, origins = tab.page, set[str]()
    page.on("request", lambda request: origins.add(origin_of(request.url)))
    await come_in(tab, ada)

    await choose(page, photo())
    await post(page)

    await expect_sharp(posts(page).first)
    store = product.settings.get("S3_ENDPOINT_URL", product.url)
    assert origins - {"blob", "data"} == {product.url, store}


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else parts.scheme
