"""What users do in the middle of something, and what others do meanwhile."""

import asyncio
import re

import pytest
from playwright.async_api import Page, Route, expect

from tests.e2e.photos import file, photo
from tests.e2e.tab import Tab
from tests.e2e.visit import (
    choose,
    come_in,
    composer,
    drafts,
    expect_sharp,
    keep_session,
    on_their_way,
    post,
    posts,
    published,
    said,
    token_of,
    until,
    write,
)
from tests.integration.server import User
from tests.pictures import picture

pytestmark = [
    pytest.mark.usefixtures("built_page"),
    # What is behind the API makes no difference here.
    pytest.mark.parametrize("product", ["embedded"], indirect=True),
]


async def test_a_post_that_is_cancelled_while_it_is_described_is_not_published(
    tab: Tab, ada: User
) -> None:
    page, held = tab.page, asyncio.Event()
    tab.expect_complaint("status of 404")  # there is nothing to describe any more

    async def hold(route: Route) -> None:
        if route.request.method == "PATCH":
            await held.wait()
        await route.fallback()

    await page.route("**/media/*", hold)
    await come_in(tab, ada)
    await choose(page, photo())
    await expect(drafts(page)).to_contain_text("Uploaded")
    await drafts(page).get_by_label("What does it show?").fill("A lake")
    async with page.expect_request(lambda request: request.method == "PATCH"):
        await post(page)

    async with page.expect_console_message(lambda message: "404" in message.text):
        async with page.expect_response(lambda response: response.request.method == "DELETE"):
            await on_their_way(page).get_by_role("button", name="Cancel").click()
        held.set()

    await page.unroute_all(behavior="wait")
    await expect(on_their_way(page)).to_have_count(0)
    assert ada.http.get(f"/users/{ada.name}/posts").json()["items"] == []


async def test_words_whose_answer_was_lost_are_sent_again_by_their_writer_alone(
    tab: Tab, ada: User
) -> None:
    page = tab.page
    tab.expect_complaint("net::ERR_FAILED")

    async def lose_the_answer(route: Route) -> None:
        await (route.fetch() if route.request.method == "POST" else route.continue_())
        if route.request.method == "POST":
            await route.abort()

    await come_in(tab, ada)
    await page.route("**/posts", lose_the_answer)
    await write(page, "Once")
    await post(page)
    await expect(on_their_way(page).get_by_role("alert")).to_be_visible()
    await page.unroute("**/posts")

    await come_in_again_elsewhere(page, ada)

    await expect(on_their_way(page).get_by_role("alert")).to_be_visible()
    assert len(ada.http.get(f"/users/{ada.name}/posts").json()["items"]) == 1


async def come_in_again_elsewhere(page: Page, user: User) -> None:
    """Log in anew, in another tab."""
    other = await page.context.new_page()
    await other.goto("/health/live")
    await keep_session(other, user.name, token_of(user) + " ")
    await other.close()


async def test_a_like_that_fails_is_taken_back(tab: Tab, ada: User) -> None:
    page, post_id = tab.page, said(ada, "Likeable")
    tab.expect_complaint("status of 500")
    await page.route("**/like", lambda route: route.fulfill(status=500))
    await come_in(tab, ada, f"/p/{post_id}")
    like = page.get_by_role("button", name="Like")

    await like.click()

    await expect(page.get_by_role("alert")).to_be_visible()
    await expect(like).to_have_attribute("aria-pressed", "false")
    await expect(like).to_have_text("0")


async def test_a_post_that_was_deleted_meanwhile_leaves_the_page(tab: Tab, ada: User) -> None:
    page, post_id = tab.page, said(ada, "Likeable")
    tab.expect_complaint("status of 404")
    await come_in(tab, ada, f"/p/{post_id}")
    like = page.get_by_role("button", name="Like")
    await expect(like).to_be_visible()
    ada.http.delete(f"/posts/{post_id}").raise_for_status()

    await like.click()

    await expect(page.get_by_role("heading", name="There is no such post.")).to_be_visible()


async def test_an_avatar_that_is_cancelled_is_not_set(tab: Tab, ada: User) -> None:
    page = tab.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
    await come_in(tab, ada, f"/@{ada.name}")
    await page.get_by_label("Choose an avatar").set_input_files(photo(width=3000, height=3000))
    save = page.get_by_role("button", name="Save")
    await expect(save).to_be_enabled()

    # Both in one go: cutting the picture takes longer.
    await page.evaluate(
        """() => {
          const button = (name) => [...document.querySelectorAll("dialog button")]
            .find((each) => each.textContent === name);
          button("Save").click();
          button("Save").click();
          button("Cancel").click();
        }"""
    )

    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.get_by_role("link", name="Mediaport").click()
    await expect(composer(page)).to_be_visible()
    assert not [each for each in asked if each.startswith("PUT")]
    assert ada.http.get("/users/me").json()["avatar"] is None


async def test_dragging_out_of_a_dialog_does_not_close_it(tab: Tab, ada: User) -> None:
    page = tab.page
    await come_in(tab, ada, f"/@{ada.name}")
    await page.get_by_label("Choose an avatar").set_input_files(photo(width=800, height=600))
    dialog = page.get_by_role("dialog")
    await expect(page.get_by_role("button", name="Save")).to_be_enabled()

    await page.mouse.move(640, 400)
    await page.mouse.down()
    await page.mouse.move(20, 400, steps=5)
    await page.mouse.up()

    await expect(dialog).to_be_visible()
    await page.mouse.click(20, 400)
    await expect(dialog).to_have_count(0)


async def test_a_part_of_the_page_that_is_gone_leaves_a_way_on(tab: Tab, ada: User) -> None:
    page = tab.page
    tab.expect_complaint("status of 404")
    tab.expect_complaint("AvatarDialog")
    await page.route("**/assets/AvatarDialog*", lambda route: route.fulfill(status=404))
    await come_in(tab, ada, f"/@{ada.name}")

    await page.get_by_label("Choose an avatar").set_input_files(photo())

    await expect(page.get_by_role("alert")).to_contain_text("replaced by a newer one")
    await page.unroute("**/assets/AvatarDialog*")
    await page.get_by_role("button", name="Reload").click()
    await expect(page.get_by_role("heading", name=f"@{ada.name}")).to_be_visible()


async def test_whoever_is_in_needs_no_login(tab: Tab, ada: User) -> None:
    await come_in(tab, ada, f"/login?next=%2F%40{ada.name}")

    await expect(tab.page.get_by_role("heading", name=f"@{ada.name}")).to_be_visible()


async def test_a_picture_that_cannot_be_taken_keeps_its_words(tab: Tab, ada: User) -> None:
    page = tab.page
    await come_in(tab, ada)
    await choose(page, file("notes.txt", b"no picture", "text/plain"), photo())
    await expect(drafts(page).last).to_contain_text("Uploaded")
    await drafts(page).first.get_by_label("What is new?").fill("Kept")

    await post(page)

    await expect(posts(page).filter(has_text=ada.name)).not_to_have_count(0)
    await expect(drafts(page)).to_have_count(1)
    await expect(drafts(page).get_by_label("What is new?")).to_have_value("Kept")
    await expect(composer(page).get_by_role("button", name="Post", exact=True)).to_be_disabled()


async def test_what_cannot_be_sent_can_be_written_on(tab: Tab, ada: User) -> None:
    page = tab.page
    tab.expect_complaint("status of 500")
    await page.route("**/posts", lambda route: route.fulfill(status=500))
    await come_in(tab, ada)
    await write(page, "First try")
    await post(page)

    await on_their_way(page).get_by_role("button", name="Edit").click()

    await expect(on_their_way(page)).to_have_count(0)
    await expect(composer(page).get_by_label("What is new?")).to_have_value("First try")


async def test_enter_in_a_description_posts_nothing(tab: Tab, ada: User) -> None:
    page = tab.page
    await come_in(tab, ada)
    await choose(page, photo())
    alt = drafts(page).get_by_label("What does it show?")

    await alt.press("Enter")
    await expect(drafts(page)).to_have_count(1)
    await alt.press("Control+Enter")

    await expect(drafts(page)).to_have_count(0)


async def test_a_picture_that_was_swept_away_is_uploaded_again(tab: Tab, ada: User) -> None:
    page = tab.page
    tab.expect_complaint("status of 404")
    await come_in(tab, ada)
    async with page.expect_response("**/complete") as completed:
        await choose(page, photo())
    await expect(drafts(page)).to_contain_text("Uploaded")
    media_id = (await (await completed.value).json())["id"]
    ada.http.delete(f"/media/{media_id}").raise_for_status()
    await write(page, "At last")
    await post(page)

    await on_their_way(page).get_by_role("button", name="Try again").click()

    await expect_sharp(posts(page).filter(has_text="At last"))


async def test_who_logs_in_next_hears_of_their_own_media(tab: Tab, ada: User, grace: User) -> None:
    page = tab.page
    listening: list[str] = []
    page.on(
        "request",
        lambda request: (
            listening.append(request.headers["authorization"])
            if request.url.endswith("/media/events")
            else None
        ),
    )
    await come_in(tab, ada)
    await until(lambda: listening)

    other = await page.context.new_page()
    await other.goto("/health/live")
    await keep_session(other, grace.name, token_of(grace))
    await page.bring_to_front()

    await until(lambda: listening[-1] == f"Bearer {token_of(grace)}")


async def test_a_post_that_is_gone_is_shown_no_longer_and_not_asked_for(
    tab: Tab, ada: User, grace: User
) -> None:
    page = tab.page
    tab.expect_complaint("status of 404")
    post_id = await published(grace, picture(), "Going")
    owed = grace.http.get(f"/posts/{post_id}").json()
    owed["media"]["thumbnails_status"] = "pending"
    await page.route(
        re.compile(r"/posts\?"),
        lambda route: route.fulfill(json={"items": [owed], "next_cursor": None}),
    )
    grace.http.delete(f"/posts/{post_id}").raise_for_status()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    await come_in(tab, ada)

    await expect(page.get_by_text("Nobody has posted yet")).to_be_visible()
    await expect(posts(page)).to_have_count(0)
    assert len([url for url in asked if url.endswith(f"/posts/{post_id}")]) == 1
