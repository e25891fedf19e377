"""Uppy as it is, old and new, fed with nothing but what presign answers: examples/."""

import socket
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from playwright.async_api import FilePayload, Request, expect
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from tests import pictures
from tests.e2e.tab import Tab
from tests.integration.server import Server
from tests.servers.found import ROOT, missing
from tests.serving import serving

DECODED_WIDTHS = """async (images) => {
  await Promise.all(images.map((each) => each.decode()));
  return images.map((each) => each.naturalWidth);
}"""


@pytest.fixture(params=["uppy", "uppy5"])
async def example(elsewhere: socket.socket, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """Where an example is served: a page of another origin, as an app's own would be."""
    built = ROOT / "examples" / request.param / "dist"
    if not built.is_dir():
        missing("built example", "run `make examples` (needs Node.js)")
    app = Starlette(routes=[Mount("/", StaticFiles(directory=built, html=True))])
    async with serving(app, elsewhere.dup()):
        yield f"http://127.0.0.1:{elsewhere.getsockname()[1]}"


async def test_it_uploads_to_where_presign_says(tab: Tab, product: Server, example: str) -> None:
    page, asked = tab.page, list[Request]()
    photos = [photo("wide.jpg", 600), photo("narrow.jpg", 300)]
    page.on("request", lambda request: asked.append(request))  # noqa: PLW0108 - Playwright marks it

    await page.goto(example)
    await page.get_by_label("API").fill(product.url)
    await page.get_by_label("New user").fill(f"ada_{uuid4().hex[:8]}")
    await page.get_by_label("Password").fill("correct horse")
    await page.get_by_label("Photos").set_input_files(photos)
    await page.get_by_role("button", name="Upload").click()

    await expect(page.locator("output")).to_have_text("2 uploaded, 0 failed", timeout=30_000)
    widths = await page.locator("img").evaluate_all(DECODED_WIDTHS)
    assert sorted(widths) == [300, 512]
    puts = [each.url for each in asked if each.method == "PUT"]
    assert len(puts) == 2
    assert all("/incoming/" in url for url in puts)


def photo(name: str, width: int) -> FilePayload:
    return {"name": name, "mimeType": "image/jpeg", "buffer": pictures.picture(width=width)}
