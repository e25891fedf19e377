"""Files, lines, stores and servers that fail: the picture is posted, or words tell a way on."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from playwright.async_api import Page, Route, expect

from tests.e2e.photos import file, heavy_photo, photo
from tests.e2e.tab import Network, Tab
from tests.e2e.visit import (
    choose,
    come_in,
    composer,
    drafts,
    on_their_way,
    post,
    posts,
    until,
    write,
)
from tests.integration.server import Server, User

pytestmark = pytest.mark.usefixtures("built_page")
# A small picture takes seconds on it.
LINE = Network(latency_ms=5, down_bytes_per_s=4_000_000, up_bytes_per_s=100_000)
FAST = Network(latency_ms=0, down_bytes_per_s=100_000_000, up_bytes_per_s=100_000_000)
# The store may be at another origin: its answers reach the page by CORS alone.
READABLE = {"Access-Control-Allow-Origin": "*"}
LOST = "net::ERR_"


async def post_picture(page: Page, text: str) -> None:
    await choose(page, photo())
    await write(page, text)
    await post(page)


async def expect_posted(page: Page, user: User, text: str) -> None:
    """One post, here and at the server."""
    await expect(on_their_way(page)).to_have_count(0)
    await expect(posts(page).filter(has_text=user.name)).to_contain_text([text])
    kept = user.http.get(f"/users/{user.name}/posts").json()["items"]
    assert [each["body"] for each in kept] == [text]
    assert kept[0]["media"]["status"] == "ready"


async def test_what_is_too_large_is_told_before_it_is_sent_and_made_smaller(
    tab: Tab, ada: User
) -> None:
    page = tab.page
    await come_in(tab, ada)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    await choose(page, heavy_photo(width=2600, height=1800))

    alert = drafts(page).get_by_role("alert")
    await expect(alert).to_contain_text(re.compile(r"The file has 5\.\d MB; at most 5 MB"))
    assert not [url for url in asked if url.endswith("/media/presign")]
    await alert.get_by_role("button", name="Make it smaller").click()
    await expect(drafts(page)).to_contain_text("Uploaded")
    await write(page, "Small enough")
    await post(page)
    await expect_posted(page, ada, "Small enough")


async def test_what_has_too_many_pixels_is_made_smaller(tab: Tab, ada: User) -> None:
    page, body = tab.page, BytesIO()
    Image.new("1", (8000, 5001)).save(body, "PNG")
    await come_in(tab, ada)

    await choose(page, file("plan.png", body.getvalue(), "image/png"))

    alert = drafts(page).get_by_role("alert")
    await expect(alert).to_contain_text("8000 x 5001 pixels")
    await alert.get_by_role("button", name="Make it smaller").click()
    await expect(drafts(page)).to_contain_text("Uploaded")


@pytest.mark.parametrize(
    ("name", "body", "content_type", "words"),
    [
        ("notes.jpg", b"Nothing to see", "image/jpeg", "The file is no picture"),
        ("notes.txt", b"Nothing to see", "text/plain", "text/plain is not accepted"),
        ("empty.jpg", b"", "image/jpeg", "The file is empty"),
    ],
)
async def test_what_is_no_picture_is_told_in_words(
    tab: Tab, ada: User, name: str, body: bytes, content_type: str, words: str
) -> None:
    if words == "The file is no picture":  # only the server knows
        tab.expect_complaint("status of 422")
    await come_in(tab, ada)

    await choose(tab.page, file(name, body, content_type))

    await expect(drafts(tab.page).get_by_role("alert")).to_contain_text(words)
    await expect(drafts(tab.page).get_by_role("button", name="Try again")).to_have_count(0)


async def test_an_upload_goes_on_when_the_connection_is_back(tab: Tab, ada: User) -> None:
    page = tab.page
    tab.expect_complaint(LOST)
    await come_in(tab, ada)
    await tab.slow_down(LINE)
    await choose(page, heavy_photo())
    await write(page, "From the train")
    await post(page)
    await expect(page.get_by_text(re.compile(r"0\.[1-9] of 0\.3 MB"))).to_be_visible()

    await tab.lose_connection()

    await expect(page.get_by_text("You are offline.")).to_be_visible()
    await expect(on_their_way(page)).to_contain_text("Offline. It goes on when you are back.")
    await tab.slow_down(FAST)
    await expect(page.get_by_text("You are offline.")).to_have_count(0)
    await expect_posted(page, ada, "From the train")


async def test_a_store_that_fails_for_a_while_holds_nobody_up(tab: Tab, ada: User) -> None:
    page, tries = tab.page, 0
    tab.expect_complaint(LOST)
    tab.expect_complaint("status of 503")
    await come_in(tab, ada)

    async def fail_twice(route: Route) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            await route.abort("connectionreset")
        elif tries == 2:
            await route.fulfill(status=503, headers=READABLE)
        else:
            await route.continue_()

    await on_put(page, fail_twice)
    await post_picture(page, "In the end")
    await expect(on_their_way(page)).to_contain_text("That did not get through. Trying again")

    await expect_posted(page, ada, "In the end")
    assert tries == 3


async def test_a_url_that_has_expired_is_asked_for_anew(
    tab: Tab, product: Server, ada: User
) -> None:
    page, urls = tab.page, []
    tab.expect_complaint("status of 403")

    async def wait_for_expiry(route: Route) -> None:
        urls.append(route.request.url)
        if len(urls) == 1:
            await asyncio.sleep(3)  # it was signed before, and a store may count whole seconds
        await route.continue_()

    with restarted(product, MEDIA_UPLOAD_URL_TTL_S="2"):
        await come_in(tab, ada)
        await on_put(page, wait_for_expiry)
        await post_picture(page, "Late")
        await expect_posted(page, ada, "Late")
        assert len(set(urls)) == 2
        await page.goto("/health/live")  # the page hangs up before the server stops


@pytest.mark.parametrize("call", ["**/media/*/complete", "**/media/presign"])
async def test_an_answer_that_is_lost_makes_no_second_post(tab: Tab, ada: User, call: str) -> None:
    page = tab.page
    tab.expect_complaint(LOST)
    await come_in(tab, ada)
    await page.route(call, lose_answer, times=1)

    await post_picture(page, "Once")

    await expect_posted(page, ada, "Once")


async def test_a_post_whose_answer_was_lost_is_there_once(tab: Tab, ada: User) -> None:
    page = tab.page
    tab.expect_complaint(LOST)
    tab.expect_complaint("status of 409")
    await come_in(tab, ada)
    await page.route("**/posts", lose_answer, times=1)
    await post_picture(page, "Once")

    await on_their_way(page).get_by_role("button", name="Try again").click()

    await expect_posted(page, ada, "Once")


async def test_a_post_that_is_cancelled_in_the_middle_leaves_nothing(tab: Tab, ada: User) -> None:
    page = tab.page
    await come_in(tab, ada)
    await tab.slow_down(LINE)
    async with page.expect_response("**/media/presign") as presigned:
        await choose(page, heavy_photo())
        await post(page)
    media_id = (await (await presigned.value).json())["media_id"]
    await expect(page.get_by_text(re.compile(r"0\.[1-9] of 0\.3 MB"))).to_be_visible()

    await on_their_way(page).get_by_role("button", name="Cancel").click()

    await expect(on_their_way(page)).to_have_count(0)
    await until(lambda: ada.http.get(f"/media/{media_id}").status_code == 404)
    assert ada.http.get(f"/users/{ada.name}/posts").json()["items"] == []


async def test_a_post_waits_for_an_api_that_is_down(tab: Tab, product: Server, ada: User) -> None:
    page = tab.page
    tab.expect_complaint(LOST)
    await come_in(tab, ada)
    await choose(page, photo())
    await expect(drafts(page)).to_contain_text("Uploaded")
    await write(page, "Patience")
    product.stop()
    await post(page)
    retry = on_their_way(page).get_by_role("button", name="Try again")
    await expect(on_their_way(page).get_by_role("alert")).to_contain_text("connection was lost")

    product.start()
    await retry.click()

    await expect_posted(page, ada, "Patience")
    await expect(composer(page)).to_be_visible()


@contextmanager
def restarted(product: Server, **settings: str) -> Iterator[None]:
    """The product with other settings, for a while."""
    before = product.settings
    product.stop()
    product.settings = {**before, **settings}
    product.start()
    yield
    product.stop()
    product.settings = before
    product.start()


async def on_put(page: Page, act: Any) -> None:
    """Let `act` stand between the page and the store."""

    async def look(route: Route) -> None:
        await (act(route) if route.request.method == "PUT" else route.continue_())

    await page.route(re.compile(r"[?&](X-Amz-)?Signature=|/storage/|incoming"), look)


async def lose_answer(route: Route) -> None:
    """Let the server do what it is asked, and the page never hear of it."""
    await route.fetch()
    await route.abort("connectionreset")
