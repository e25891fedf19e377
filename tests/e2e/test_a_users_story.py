"""The main job as a user sees it, from opening an account to the next visit."""

from uuid import uuid4

import pytest
from playwright.async_api import Locator, Page, expect

from tests.e2e.photos import heavy_photo
from tests.e2e.tab import DESKTOP, PHONE, Device, Network, Tab
from tests.e2e.visit import (
    choose,
    expect_sharp,
    on_their_way,
    post,
    posts,
    public_keys,
    until,
    write,
)
from tests.integration.server import Server

pytestmark = pytest.mark.usefixtures("built_page")
PASSWORD = "correct horse"
# A photo takes some seconds, which is long enough to write a line, and to see it advance.
LINE = Network(latency_ms=20, down_bytes_per_s=4_000_000, up_bytes_per_s=1_500_000)
WATCH_PROGRESS = """
window.seen = [];
new MutationObserver(() => {
  const bar = document.querySelector("progress");
  if (bar && bar.value !== window.seen.at(-1)) window.seen.push(bar.value);
}).observe(document.body, {subtree: true, attributes: true, childList: true});
"""


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=str)
async def test_a_user_shares_a_photo_and_takes_it_back(
    tab: Tab, product: Server, device: Device
) -> None:
    page, name = tab.page, f"ada_{uuid4().hex[:8]}"
    user_id = await register(page, name)

    await tab.slow_down(LINE)
    await share_a_heavy_photo(page, name)
    await like_and_comment(posts(page).first)
    await have_an_avatar_for_a_while(page, name)
    assert len(public_keys(product, user_id)) == 4  # the original and three thumbnails
    await delete(page, posts(page).first)
    await until(lambda: not public_keys(product, user_id))
    await leave_and_come_back(page, name)


async def register(page: Page, name: str) -> int:
    await page.goto("/")
    await page.get_by_role("link", name="Open an account").click()
    await page.get_by_label("User name").fill(name)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    async with page.expect_response("**/auth/register") as registered:
        await page.get_by_role("button", name="Open an account").click()
    await expect(page.get_by_role("form", name="New post")).to_be_visible()
    user_id: int = (await (await registered.value).json())["user"]["id"]
    return user_id


async def share_a_heavy_photo(page: Page, name: str) -> None:
    await page.evaluate(WATCH_PROGRESS)
    await choose(page, heavy_photo(width=2400, height=1600))
    await expect(page.get_by_role("progressbar", name="Upload")).to_be_visible()
    await write(page, "Noise at dawn")
    await post(page)

    await expect(on_their_way(page)).to_contain_text("Noise at dawn")  # it uploads, and is seen

    own = posts(page).first
    await expect(own).to_contain_text("Noise at dawn")
    await expect(on_their_way(page)).to_have_count(0)
    await expect(own.get_by_role("link", name=name)).to_be_visible()
    await expect_sharp(own.get_by_role("button", name="Open the picture"))
    advanced = await page.evaluate("window.seen")
    assert len(advanced) > 5
    assert advanced == sorted(advanced)


async def like_and_comment(own: Locator) -> None:
    await own.get_by_role("button", name="Like, 0 so far").click()
    await expect(own.get_by_role("button", name="Like, 1 so far", pressed=True)).to_be_visible()
    await own.get_by_role("button", name="Comments, 0 so far").click()
    await own.get_by_label("Your comment").fill("Taken before breakfast")
    await own.get_by_role("button", name="Send").click()
    await expect(own.get_by_role("listitem")).to_contain_text("Taken before breakfast")
    await expect(own.get_by_role("button", name="Comments, 1 so far")).to_be_visible()


async def have_an_avatar_for_a_while(page: Page, name: str) -> None:
    in_header = page.get_by_role("navigation").locator("img.avatar")
    await page.get_by_role("navigation").get_by_role("link", name=name).click()
    await crop(page, "Set an avatar", "me.jpg")
    await expect(in_header).to_have_js_property("naturalWidth", 32)  # as large as it is shown
    first = await in_header.get_attribute("src") or ""

    await crop(page, "Change avatar", "me_again.jpg")
    await expect(in_header).not_to_have_attribute("src", first)

    await page.get_by_role("button", name="Remove avatar").click()
    await expect(in_header).to_have_count(0)
    await page.get_by_role("link", name="Mediaport").click()


async def crop(page: Page, button: str, file: str) -> None:
    await expect(page.get_by_role("button", name=button)).to_be_visible()
    await page.get_by_label("Choose an avatar").set_input_files(heavy_photo(file))
    dialog = page.get_by_role("dialog", name="Your avatar")
    await dialog.get_by_label("Zoom").fill("1.5")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_have_count(0)
    await expect(page.get_by_role("navigation").locator("img.avatar")).to_be_visible()


async def delete(page: Page, own: Locator) -> None:
    await own.get_by_role("button", name="Delete this post").click()
    dialog = page.get_by_role("dialog", name="Delete this post?")
    await dialog.get_by_role("button", name="Delete").click()
    await expect(dialog).to_have_count(0)
    await expect(page.get_by_text("Noise at dawn")).to_have_count(0)


async def leave_and_come_back(page: Page, name: str) -> None:
    await page.get_by_role("navigation").get_by_role("link", name=name).click()
    await page.get_by_role("button", name="Log out").click()
    await expect(page).to_have_url("/login")
    await page.get_by_label("User name").fill(name)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_role("navigation").get_by_role("link", name=name)).to_be_visible()
    await expect(page).to_have_url("/")
