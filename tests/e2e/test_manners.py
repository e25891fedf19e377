"""For everyone: by axe's rules, by keyboard alone, in a narrow window, without motion."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.e2e.photos import file, photo
from tests.e2e.tab import DEVICES, Device, Tab
from tests.e2e.visit import choose, come_in, composer, drafts, posts, published, said
from tests.integration.server import User
from tests.pictures import picture
from tests.servers.found import ROOT, missing

AXE = ROOT / "frontend/node_modules/axe-core/axe.min.js"
# What stores the pictures makes no difference here.
pytestmark = [
    pytest.mark.usefixtures("built_page"),
    pytest.mark.parametrize("product", ["embedded"], indirect=True),
]
EMPTY: dict[str, object] = {"items": [], "next_cursor": None}


@pytest.fixture(scope="session")
def axe() -> str:
    if not AXE.exists():
        missing("axe-core", "run `npm ci` in frontend/")
    return Path(AXE).read_text(encoding="utf-8")


async def login(tab: Tab, ada: User) -> None:
    await tab.page.goto("/login")


async def register(tab: Tab, ada: User) -> None:
    await tab.page.goto("/register")
    await expect(tab.page.get_by_label("User name")).to_be_visible()


async def empty_feed(tab: Tab, ada: User) -> None:
    await tab.page.route(re.compile(r"/posts\?"), lambda route: route.fulfill(json=EMPTY))
    await come_in(tab, ada)
    await expect(tab.page.get_by_text("Nobody has posted yet.")).to_be_visible()


async def full_feed(tab: Tab, ada: User) -> None:
    await published(ada, picture(), "Four quarters")
    said(ada, "Words alone")
    await come_in(tab, ada)
    await expect(posts(tab.page).nth(1).locator("img.sharp")).to_be_visible()


async def comments(tab: Tab, ada: User) -> None:
    post_id = said(ada, "What do you say?")
    ada.http.post(f"/posts/{post_id}/comments", json={"body": "Nothing"}).raise_for_status()
    await come_in(tab, ada, f"/p/{post_id}")
    await expect(tab.page.get_by_text("Nothing")).to_be_visible()


async def composer_with_uploads(tab: Tab, ada: User) -> None:
    await come_in(tab, ada)
    await choose(tab.page, photo(), file("notes.txt", b"Nothing", "text/plain"))
    await expect(drafts(tab.page).get_by_role("alert")).to_be_visible()
    await expect(drafts(tab.page).first).to_contain_text("Uploaded")


async def delete_dialog(tab: Tab, ada: User) -> None:
    await full_feed(tab, ada)
    await posts(tab.page).first.get_by_role("button", name="Delete this post").click()
    await expect(tab.page.get_by_role("dialog")).to_be_visible()


async def lightbox(tab: Tab, ada: User) -> None:
    await full_feed(tab, ada)
    await tab.page.get_by_role("button", name="Open the picture").first.click()
    await expect(tab.page.get_by_role("dialog").locator("img.sharp")).to_be_visible()


async def avatar_dialog(tab: Tab, ada: User) -> None:
    await profile(tab, ada)
    await tab.page.get_by_label("Choose an avatar").set_input_files(photo())
    await expect(tab.page.get_by_role("button", name="Save")).to_be_enabled()


async def profile(tab: Tab, ada: User) -> None:
    await come_in(tab, ada, f"/@{ada.name}")
    await expect(tab.page.get_by_role("button", name="Set an avatar")).to_be_visible()


async def not_found(tab: Tab, ada: User) -> None:
    tab.expect_complaint("status of 404")
    await come_in(tab, ada, "/p/999999")
    await expect(tab.page.get_by_text("There is no such post.")).to_be_visible()


VIEWS = (
    login,
    register,
    empty_feed,
    full_feed,
    comments,
    composer_with_uploads,
    delete_dialog,
    lightbox,
    avatar_dialog,
    profile,
    not_found,
)
View = Callable[[Tab, User], Awaitable[None]]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("device", [DEVICES[0], DEVICES[-1]], ids=str)  # large, light; small, dark
async def test_axe_finds_nothing(tab: Tab, ada: User, axe: str, view: View, device: Device) -> None:
    await view(tab, ada)

    await until_still(tab.page)
    await tab.page.evaluate(axe)
    found: dict[str, Any] = await tab.page.evaluate("axe.run()")

    assert [
        (each["id"], [at["html"] for at in each["nodes"]]) for each in found["violations"]
    ] == []


async def until_still(page: Page) -> None:
    """What fades in has its colours at the end of it."""
    await page.evaluate(
        "Promise.all(document.getAnimations().filter((each) => each instanceof CSSTransition)"
        ".map((each) => each.finished))"
    )


NARROW = Device("phone", 320, 640, "light")


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("device", [NARROW], ids=str)
async def test_nothing_is_wider_than_a_narrow_window(
    tab: Tab, ada: User, view: View, device: Device
) -> None:
    await view(tab, ada)

    assert await tab.page.evaluate("document.documentElement.scrollWidth") == NARROW.width


async def test_a_post_is_written_liked_and_looked_at_by_keyboard_alone(tab: Tab, ada: User) -> None:
    page, keys = tab.page, tab.page.keyboard
    await published(ada, picture(), "By hand")
    await come_in(tab, ada)
    await expect(posts(page).first).to_contain_text("By hand")

    await keys.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await keys.press("Enter")
    await tab_to(page, "textarea")
    await keys.type("By keyboard")
    await tab_to(page, "button[type=submit]")
    await keys.press("Enter")
    await expect(posts(page).first).to_contain_text("By keyboard")
    await expect(composer(page).get_by_label("What is new?")).to_have_value("")

    await tab_to(page, "[aria-label='Like, 0 so far']")
    await keys.press("Space")
    await expect(posts(page).first.get_by_role("button", pressed=True)).to_be_focused()

    await tab_to(page, "button.picture")
    await keys.press("Enter")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await keys.press("Escape")
    await expect(page.locator("button.picture").first).to_be_focused()


async def tab_to(page: Page, selector: str) -> None:
    """Go on by the Tab key until the focus is on one of these."""
    for _ in range(30):
        if await page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
        await page.keyboard.press("Tab")
    pytest.fail(f"the Tab key does not lead to {selector}")


async def test_nothing_moves_for_those_who_want_it_so(tab: Tab, ada: User) -> None:
    page = tab.page
    await page.emulate_media(reduced_motion="reduce")
    await page.route(re.compile(r"/posts\?"), lambda _: None)  # no answer: its place shimmers
    await come_in(tab, ada)
    await expect(page.locator(".shimmer").first).to_be_attached()

    assert await page.evaluate("document.getAnimations().length") == 0
