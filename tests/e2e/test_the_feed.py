"""The feed as one reads it: whole, in order, without a jump; with words where it is not there."""

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from playwright.async_api import Page, Route, expect

from tests.e2e.photos import heavy_photo
from tests.e2e.tab import Network, Tab
from tests.e2e.visit import choose, come_in, expect_sharp, on_their_way, post, posts, said, write
from tests.integration.server import Server, User
from tests.pictures import picture

pytestmark = [
    pytest.mark.usefixtures("built_page"),
    # What is behind the API makes no difference here.
    pytest.mark.parametrize("product", ["embedded"], indirect=True),
]
MANY = 35
LINE = Network(latency_ms=50, down_bytes_per_s=2_000_000, up_bytes_per_s=200_000)
WATCH_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const {value, hadRecentInput} of list.getEntries())
    if (!hadRecentInput) window.shifts.push(value);
}).observe({type: "layout-shift", buffered: true});
"""
SHIFTED = "window.shifts.reduce((sum, value) => sum + value, 0)"
MOST_SHIFTED = 0.02


@pytest.fixture(scope="module")
def writer(product: Server) -> Iterator[User]:
    """Someone who has posted much, a picture now and then among the words."""
    user = User(product.url, f"writer_{uuid4().hex[:8]}")
    for number in range(MANY):
        media_id = None
        if number % 3 != 1:
            media_id = user.upload(picture(width=300 + number, height=200))
            user.complete(media_id).raise_for_status()
        said(user, f"Number {number}", media_id)
    yield user
    user.close()


async def scroll_to_the_end(page: Page) -> None:
    """As far down as there are posts."""
    end = page.get_by_text("That is all.")
    while not await end.is_visible():
        shown = await posts(page).count()
        await page.mouse.wheel(0, 20_000)
        await expect(posts(page).nth(shown).or_(end).first).to_be_attached()


async def shown_ids(page: Page) -> list[int]:
    paths = (
        await posts(page)
        .locator("a.when")
        .evaluate_all("(links) => links.map((link) => link.pathname)")
    )
    return [int(path.removeprefix("/p/")) for path in paths]


def kept_ids(user: User) -> list[int]:
    """All posts in their order, as the API tells them."""
    ids: list[int] = []
    cursor: str | None = None
    while True:
        page = user.http.get("/posts", params={"cursor": cursor} if cursor else {}).json()
        ids += [post["id"] for post in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            return ids


async def test_scrolling_shows_every_post_once_in_order_and_moves_nothing(
    tab: Tab, writer: User
) -> None:
    page = tab.page
    await page.add_init_script(WATCH_SHIFTS)
    await come_in(tab, writer)
    await expect(posts(page).nth(9)).to_be_attached()

    await scroll_to_the_end(page)

    assert await shown_ids(page) == kept_ids(writer)
    assert await page.evaluate(SHIFTED) < MOST_SHIFTED


async def test_pictures_far_below_are_not_loaded_before_one_gets_there(
    tab: Tab, writer: User
) -> None:
    page = tab.page
    await come_in(tab, writer, f"/@{writer.name}")
    pictures = posts(page).locator("img[srcset]")
    await expect(pictures.first).to_have_class("sharp")
    last = pictures.nth(await pictures.count() - 1)  # more come as one gets there
    await expect(last).to_have_class("loading")
    assert await last.evaluate("(image) => image.currentSrc && image.complete") in (False, "")

    await last.scroll_into_view_if_needed()

    await expect(last).to_have_class("sharp")


async def test_an_own_post_takes_its_place_without_a_jump(tab: Tab, writer: User) -> None:
    page = tab.page
    await page.add_init_script(WATCH_SHIFTS)
    await come_in(tab, writer)
    await expect(posts(page).nth(9)).to_be_attached()
    await tab.slow_down(LINE)
    await choose(page, heavy_photo())
    await write(page, "Without a jump")
    await expect(page.get_by_role("progressbar")).to_be_visible()
    await post(page)
    await expect(on_their_way(page).locator(".picture img")).to_be_visible()
    await page.evaluate("window.shifts.length = 0")  # what the user did is not counted

    await expect(posts(page).first).to_contain_text("Without a jump")

    await expect_sharp(posts(page).first)
    assert await page.evaluate(SHIFTED) < MOST_SHIFTED


async def test_the_original_opens_and_escape_leads_back(tab: Tab, ada: User) -> None:
    page = tab.page
    media_id = ada.upload(picture(width=900, height=600))
    ada.complete(media_id).raise_for_status()
    said(ada, "Look closer", media_id)
    await come_in(tab, ada, f"/@{ada.name}")
    opener = posts(page).first.get_by_role("button", name="Open the picture")
    await opener.click()

    dialog = page.get_by_role("dialog", name=f"Picture by {ada.name}")
    original = dialog.locator("img[width]")
    await expect(original).to_have_class("sharp")
    assert await original.evaluate("(image) => image.naturalWidth") == 900
    await page.keyboard.press("Escape")

    await expect(dialog).to_have_count(0)
    await expect(opener).to_be_focused()


async def test_an_empty_feed_invites(tab: Tab, ada: User) -> None:
    empty: dict[str, object] = {"items": [], "next_cursor": None}
    await tab.page.route(re.compile(r"/posts\?"), lambda route: route.fulfill(json=empty))

    await come_in(tab, ada)

    await expect(tab.page.get_by_text("Nobody has posted yet.")).to_be_visible()


async def test_a_feed_that_cannot_be_had_can_be_asked_for_again(tab: Tab, writer: User) -> None:
    page = tab.page
    tab.expect_complaint("status of 503")
    problem = {"status": 503, "title": "Service Unavailable", "code": "database_unavailable"}

    async def refuse(route: Route) -> None:
        await route.fulfill(status=503, json=problem, content_type="application/problem+json")

    await page.clock.install()
    await page.route(re.compile(r"/posts\?"), refuse)
    await come_in(tab, writer)
    alert = page.get_by_role("main").get_by_role("alert")
    for _ in range(3):  # it tries three more times by itself, each after a longer while
        await page.clock.run_for(10_000)
    await expect(alert).to_contain_text("The service is not available at the moment.")
    await page.unroute(re.compile(r"/posts\?"))

    await alert.get_by_role("button", name="Try again").click()

    await expect(posts(page).nth(9)).to_be_attached()


async def test_it_says_when_there_is_no_network(tab: Tab, ada: User) -> None:
    page, notice = tab.page, tab.page.get_by_text("You are offline.")
    tab.expect_complaint("ERR_INTERNET_DISCONNECTED")
    await come_in(tab, ada)
    await expect(notice).to_have_count(0)

    await page.context.set_offline(True)
    await expect(notice).to_be_visible()
    await page.evaluate("fetch('/health/live').catch(() => {})")  # as whatever else it asks for
    await page.context.set_offline(False)

    await expect(notice).to_have_count(0)
