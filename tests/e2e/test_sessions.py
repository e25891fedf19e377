"""Who is let in, who is led to the log-in, and what the next one does not see."""

import pytest
from playwright.async_api import Page, expect

from tests.e2e.photos import photo
from tests.e2e.tab import Tab
from tests.e2e.visit import choose, come_in, composer, drafts, keep_session, said, token_of
from tests.integration.server import User

pytestmark = [
    pytest.mark.usefixtures("built_page"),
    # What is behind the API makes no difference here.
    pytest.mark.parametrize("product", ["embedded"], indirect=True),
]


async def log_in(page: Page, user: User) -> None:
    await page.get_by_label("User name").fill(user.name)
    await page.get_by_label("Password", exact=True).fill("correct horse")
    await page.get_by_role("button", name="Log in").click()
    await expect(page.locator(f"nav a[href='/@{user.name}']")).to_be_visible()


async def test_a_session_outlives_a_reload(tab: Tab, ada: User) -> None:
    await come_in(tab, ada)

    await tab.page.reload()

    await expect(tab.page.locator(f"nav a[href='/@{ada.name}']")).to_be_visible()
    await expect(composer(tab.page)).to_be_visible()


async def test_a_token_that_is_no_longer_good_leads_to_the_login_and_back(
    tab: Tab, ada: User
) -> None:
    page, post_id = tab.page, said(ada, "Still here")
    tab.expect_complaint("status of 401")
    await page.goto("/health/live")
    await keep_session(page, ada.name, "no.longer.good")

    await page.goto(f"/p/{post_id}")

    await expect(page).to_have_url(f"/login?next=%2Fp%2F{post_id}")
    await expect(page.get_by_text("Your session has ended")).to_be_visible()
    await log_in(page, ada)
    await expect(page).to_have_url(f"/p/{post_id}")
    await expect(page.get_by_role("article")).to_contain_text("Still here")


async def test_the_same_user_finds_their_drafts_after_the_login(tab: Tab, ada: User) -> None:
    page = tab.page
    tab.expect_complaint("status of 401")
    await come_in(tab, ada)
    await choose(page, photo())
    await expect(drafts(page)).to_contain_text("Uploaded")
    await drafts(page).get_by_label("What is new?").fill("Not lost")
    await end_session(page, ada)

    await log_in(page, ada)
    await page.get_by_role("link", name="Mediaport").click()

    await expect(drafts(page).get_by_label("What is new?")).to_have_value("Not lost")


async def test_another_user_sees_no_drafts_of_the_first(tab: Tab, ada: User, grace: User) -> None:
    page = tab.page
    tab.expect_complaint("status of 401")
    await come_in(tab, ada)
    await choose(page, photo())
    await drafts(page).get_by_label("What is new?").fill("Ada's own")
    await end_session(page, ada)

    await log_in(page, grace)
    await page.get_by_role("link", name="Mediaport").click()

    await expect(drafts(page)).to_have_count(0)
    await expect(composer(page).get_by_label("What is new?")).to_have_value("")


async def end_session(page: Page, user: User) -> None:
    """Let the server refuse the token, as it does once it has expired."""
    refused = {"status": 401, "title": "Unauthorized", "code": "not_authenticated"}
    await page.route("**/users/**", lambda route: route.fulfill(status=401, json=refused))
    await page.locator(f"nav a[href='/@{user.name}']").click()
    await expect(page.get_by_label("User name")).to_be_visible()
    await page.unroute("**/users/**")


ELSEWHERE = (
    "https://evil.example",
    "//evil.example/",
    "/\\evil.example",
    "javascript:window.run=1",
    "https:evil.example",
)


@pytest.mark.parametrize("next_page", ELSEWHERE)
async def test_a_login_leads_nowhere_else(tab: Tab, ada: User, next_page: str) -> None:
    page = tab.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto("/login")
    await page.evaluate(
        "(next) => history.replaceState(null, '', `/login?${new URLSearchParams({next})}`)",
        next_page,
    )
    await page.reload()

    await log_in(page, ada)

    assert not [url for url in asked if url.startswith(("http://evil", "https://evil"))]
    assert await page.evaluate("window.run") is None


async def test_logging_out_in_one_tab_logs_out_in_the_other(tab: Tab, ada: User) -> None:
    await come_in(tab, ada)
    other = await tab.page.context.new_page()
    await other.goto(f"/@{ada.name}")

    await other.get_by_role("button", name="Log out").click()

    await expect(tab.page).to_have_url("/login")
    assert token_of(ada) not in await tab.page.evaluate("JSON.stringify(localStorage)")
