"""What only a browser can see: the tutorial's page uploads, and the site needs nobody else."""

import functools
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.docs.blocks import Block, blocks_of, happens
from tests.docs.terminal import OWN_PAGE, Terminal
from tests.integration.waiting import until
from tests.pictures import picture
from tests.servers.browser import chromium
from tests.servers.found import ROOT, missing

SITE = ROOT / "site"
# Of the tutorial, what its own page cannot do without.
NEEDED = ("make run", "api=", "/auth/register", "my-page")


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """A page of a browser that tells what it complains of."""
    program = chromium()
    async with async_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
        browser = await playwright.chromium.launch(executable_path=program, args=arguments)
        yield await browser.new_page()
        await browser.close()


@pytest.fixture
def site() -> Iterator[str]:
    """The site, served as anyone would."""
    if not (SITE / "index.html").exists():
        missing("built site", "run `make docs`")
    handler = functools.partial(QuietHandler, directory=str(SITE))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class QuietHandler(SimpleHTTPRequestHandler):
    """Keeps no log."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def is_needed(block: Block) -> bool:
    return happens(block) and any(part in f"{block.title} {block.text}" for part in NEEDED)


def answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


async def test_the_page_of_the_tutorial_uploads(page: Page, tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    typed = [block for block in blocks_of("docs/tutorial.md") if is_needed(block)]
    try:
        assert terminal.type(typed, {}) == 0
        until(lambda: answers(terminal.ports[OWN_PAGE]))
        await page.goto(f"http://localhost:{terminal.ports[OWN_PAGE]}")

        photo = {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": picture(width=600)}
        await page.get_by_label("Picture").set_input_files(photo)  # type: ignore[arg-type]
        await expect(page.locator("#state img")).to_have_js_property("naturalWidth", 512)

        text = {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"}
        await page.get_by_label("Picture").set_input_files(text)  # type: ignore[arg-type]
        await expect(page.locator("#state")).to_contain_text("not a JPEG, PNG or WebP")
    finally:
        terminal.close()


async def test_the_site_draws_and_searches_without_asking_anyone_else(
    page: Page, site: str
) -> None:
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))

    await page.goto(f"{site}/explanation/quarantine.html")
    await expect(page.locator("div.mermaid")).to_be_visible()
    await page.keyboard.press("/")
    await page.keyboard.type("MEDIA_MAX_PIXELS", delay=10)
    await expect(page.locator(".md-search-result__link").first).to_contain_text("Settings")

    assert [url for url in asked if not url.startswith((site, "data:", "blob:"))] == []
    assert complaints == []
