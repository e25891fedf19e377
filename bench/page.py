"""How fast is the page's first view? See bench/README.md.

A feed of twenty photos in Chromium, each time with an empty cache, beside a document of a few bytes
from the same server and Swagger UI at `/docs`: what loading costs here whatever is in it, and what
another page of ours weighs. One after the other, round after round.
"""
# ruff: noqa: T201 - a command prints

import asyncio
import gzip
import json
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from bench.images.photos import make_photos
from mediaport.entrypoints.http.page import FOLDER, is_built
from tests.integration.server import Server, User
from tests.servers.browser import chromium

ROUNDS, POSTS = 9, 20
RESULTS = Path(__file__).parent / "results" / "page.json"
# The element whose presence makes it a view.
VIEWS = {
    "feed": ("/", ".post img.sharp"),
    "docs": ("/docs", ".opblock"),
    "floor": ("/health/live", "pre"),
}
FIGURES = """() => ({
  paint_ms: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0,
  kilobytes: ["navigation", "resource"].flatMap((type) => performance.getEntriesByType(type))
    .filter((each) => !each.name.includes("/public/"))
    .reduce((sum, each) => sum + each.transferSize, 0) / 1000,
})"""


@dataclass(frozen=True, kw_only=True)
class View:
    """One load: until something is seen, until what counts is there, and what came for it."""

    paint_ms: float
    there_ms: float
    kilobytes: float


async def load(browser: Browser, url: str, token: str, name: str) -> View:
    """Open it in a browser that has seen nothing of it."""
    path, sign = VIEWS[name]
    context = await browser.new_context(base_url=url, viewport={"width": 1280, "height": 800})
    session = json.dumps(json.dumps({"token": token, "username": "ada"}))
    await context.add_init_script(f"localStorage.setItem('mediaport.session', {session})")
    page = await context.new_page()
    await page.goto(path, wait_until="commit")
    await page.wait_for_selector(sign, state="attached")
    there_ms = await page.evaluate("performance.now()")
    await page.wait_for_load_state("load")
    figures = await page.evaluate(FIGURES)
    await context.close()
    return View(there_ms=there_ms, **figures)


async def measure(url: str, token: str) -> dict[str, list[View]]:
    """Every view, in turn."""
    views: dict[str, list[View]] = {name: [] for name in VIEWS}
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        for each in range(ROUNDS + 1):
            for name, loads in views.items():
                view = await load(browser, url, token, name)
                if each:  # the first warms up
                    loads.append(view)
        await browser.close()
    return views


def fill(user: User) -> None:
    """Post photos, and wait for their thumbnails."""
    photos = [path.read_bytes() for path in sorted(make_photos().glob("*.jpg"))]
    for number in range(POSTS):
        media_id = user.upload(photos[number % len(photos)])
        user.complete(media_id).raise_for_status()
        user.http.post("/posts/", json={"body": f"{number}", "media_id": media_id})
        user.settled(media_id)


def main() -> None:
    """Measure, print the table, keep the figures."""
    if not is_built():
        raise SystemExit("there is no page: make page")
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder))
        server.start()
        try:
            ada = User(server.url, "ada")
            fill(ada)
            token = ada.http.headers["Authorization"].removeprefix("Bearer ")
            views = asyncio.run(measure(server.url, token))
        finally:
            server.stop()
    figures = {
        name: {
            each: round(statistics.median(getattr(view, each) for view in loads), 1)
            for each in View.__dataclass_fields__
        }
        for name, loads in views.items()
    }
    scripts = sum(len(gzip.compress(path.read_bytes())) for path in FOLDER.glob("assets/*.js"))
    print(f"\n{'view':8}{'first paint':>14}{'there':>12}{'over floor':>12}{'loaded':>12}")
    for name, each in figures.items():
        ratio = each["there_ms"] / figures["floor"]["there_ms"]
        print(
            f"{name:8}{each['paint_ms']:>11.0f} ms{each['there_ms']:>9.0f} ms{ratio:>12.1f}"
            f"{each['kilobytes']:>9.0f} kB"
        )
    print(f"\nJavaScript of the page, gzipped: {scripts / 1000:.1f} kB in all")
    RESULTS.write_text(json.dumps({"script_bytes": scripts, "views": figures}, indent=2) + "\n")


if __name__ == "__main__":
    main()
