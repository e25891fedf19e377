"""Every way in which pictures get into posts, and out of them again."""

import base64
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import FilePayload, Page, expect

from tests.e2e.photos import photo
from tests.e2e.tab import Tab
from tests.e2e.visit import choose, come_in, composer, drafts, on_their_way, posts, until
from tests.integration.server import User

pytestmark = pytest.mark.usefixtures("built_page")
TWO = (photo("lake.jpg"), photo("hills.jpg"))
# The form is given what a browser gives it: an event that carries files.
HAND_OVER = """
(form, [files, kind, carries]) => {
  const data = new DataTransfer();
  for (const {name, type, body} of files) {
    const bytes = Uint8Array.from(atob(body), (character) => character.charCodeAt(0));
    data.items.add(new File([bytes], name, {type}));
  }
  const event = carries === "clipboardData"
    ? new ClipboardEvent(kind, {clipboardData: data, bubbles: true, cancelable: true})
    : new DragEvent(kind, {dataTransfer: data, bubbles: true, cancelable: true});
  form.dispatchEvent(event);
}
"""


async def drop(page: Page, *files: FilePayload) -> None:
    await hand_over(page, files, "dragover", "dataTransfer")
    await expect(composer(page)).to_have_class("card composer dragged-over")
    await hand_over(page, files, "drop", "dataTransfer")


async def paste(page: Page, *files: FilePayload) -> None:
    await hand_over(page, files, "paste", "clipboardData")


async def hand_over(page: Page, files: tuple[FilePayload, ...], kind: str, carries: str) -> None:
    described = [
        {
            "name": each["name"],
            "type": each["mimeType"],
            "body": base64.b64encode(each["buffer"]).decode(),
        }
        for each in files
    ]
    await composer(page).evaluate(HAND_OVER, [described, kind, carries])


@pytest.mark.parametrize("give", [choose, drop, paste])
async def test_each_picture_becomes_a_post_in_its_order(
    tab: Tab, ada: User, give: Callable[..., Awaitable[None]]
) -> None:
    page = tab.page
    await come_in(tab, ada)

    await give(page, *TWO)

    await expect(drafts(page)).to_have_count(2)
    for name in ("lake", "hills"):
        draft = page.get_by_role("group", name=f"Post with {name}.jpg")
        await draft.get_by_label("What is new?").fill(f"The {name}")
        await draft.get_by_label("What does it show?").fill(f"A {name} at dawn")
    await page.get_by_role("button", name="Publish 2 posts").click()
    await expect(on_their_way(page)).to_have_count(0)
    await expect(posts(page).nth(0)).to_contain_text("The hills")
    await expect(posts(page).nth(1)).to_contain_text("The lake")
    kept = ada.http.get("/posts", params={"limit": 2}).json()["items"]
    assert [post["media"]["alt"] for post in kept] == ["A hills at dawn", "A lake at dawn"]


async def test_what_was_written_goes_with_the_first_picture(tab: Tab, ada: User) -> None:
    page = tab.page
    await come_in(tab, ada)
    await composer(page).get_by_label("What is new?").fill("Two of them")

    await choose(page, *TWO)

    first = page.get_by_role("group", name="Post with lake.jpg")
    await expect(first.get_by_label("What is new?")).to_have_value("Two of them")
    await expect(drafts(page)).to_have_count(2)


async def test_a_picture_that_is_taken_out_is_gone_from_the_server(tab: Tab, ada: User) -> None:
    page = tab.page
    await come_in(tab, ada)
    async with page.expect_response("**/media/presign") as presigned:
        await choose(page, photo())
    media_id = (await (await presigned.value).json())["media_id"]
    await expect(drafts(page)).to_contain_text("Uploaded")
    await drafts(page).get_by_label("What is new?").fill("It stays")

    await page.get_by_role("button", name="Take lake.jpg out").click()

    await expect(drafts(page)).to_have_count(0)
    await expect(composer(page).get_by_label("What is new?")).to_have_value("It stays")
    await until(lambda: ada.http.get(f"/media/{media_id}").status_code == 404)


async def test_alt_text_of_the_last_moment_reaches_the_post(tab: Tab, ada: User) -> None:
    page = tab.page
    await come_in(tab, ada)
    await choose(page, photo())
    await expect(drafts(page)).to_contain_text("Uploaded")

    await drafts(page).get_by_label("What does it show?").fill("Four quarters")
    await page.get_by_role("button", name="Post", exact=True).click()

    await expect(
        posts(page).first.get_by_role("button", name="Open the picture: Four quarters")
    ).to_be_visible()
