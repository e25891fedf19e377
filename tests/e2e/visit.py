"""What users do on the page, and where they look, in the page's own words."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

from playwright.async_api import FilePayload, Locator, Page, expect

from tests.e2e.tab import Tab
from tests.integration.crew import RealProduct
from tests.integration.server import Server, User

KEPT_AS = "mediaport.session"
ON_ITS_WAY = "Your post, on its way"


async def come_in(tab: Tab, user: User, path: str = "/") -> None:
    """Open the page as someone who has logged in before."""
    await tab.page.goto("/health/live")  # any answer of the page's origin
    await keep_session(tab.page, user.name, token_of(user))
    await tab.page.goto(path)


async def keep_session(page: Page, username: str, token: str) -> None:
    """Let the browser have a session, as the page keeps it."""
    kept = json.dumps({"token": token, "username": username})
    await page.evaluate("([key, kept]) => localStorage.setItem(key, kept)", [KEPT_AS, kept])


def token_of(user: User) -> str:
    """The token that the user's own calls carry."""
    return str(user.http.headers["Authorization"]).removeprefix("Bearer ")


def composer(page: Page) -> Locator:
    """Where posts are written."""
    return page.get_by_role("form", name="New post")


def drafts(page: Page) -> Locator:
    """The posts that are being written around a picture."""
    return composer(page).get_by_role("group")


def posts(page: Page) -> Locator:
    """The posts that are there, from the top."""
    return page.locator(".posts > article:not(.outgoing)")


def on_their_way(page: Page) -> Locator:
    """The posts that are not there yet."""
    return page.get_by_role("article", name=ON_ITS_WAY)


async def choose(page: Page, *files: FilePayload) -> None:
    """Choose pictures for new posts."""
    await page.get_by_label("Choose pictures").set_input_files(files)


async def write(page: Page, body: str) -> None:
    """Write what is new, to the first draft."""
    await composer(page).get_by_label("What is new?").first.fill(body)


async def post(page: Page) -> None:
    """Send all drafts."""
    await composer(page).get_by_role("button", name="Post", exact=True).click()


async def expect_sharp(picture: Locator) -> None:
    """See a post's picture from its thumbnails, and not only announced."""
    image = picture.locator("img[srcset]")
    await expect(image).to_have_class("sharp")
    shown = "(image) => image.complete && image.naturalWidth > 0"
    assert await image.evaluate(shown)
    srcset = await image.get_attribute("srcset") or ""
    assert len(srcset.split(", ")) == 3


async def published(user: User, body: bytes, text: str = "") -> int:
    """Post a picture without the page; the post's id."""

    def share() -> int:
        media_id = user.upload(body)
        user.complete(media_id).raise_for_status()
        return said(user, text, media_id)

    return await asyncio.to_thread(share)


def said(user: User, text: str, media_id: int | None = None) -> int:
    """Post without the page; the post's id."""
    created = user.http.post("/posts", json={"body": text, "media_id": media_id})
    created.raise_for_status()
    post_id: int = created.json()["id"]
    return post_id


def public_keys(product: Server, user_id: int) -> set[str]:
    """The keys of what the store shows of a user to anyone."""
    is_real = "S3_BUCKET" in product.settings
    keys = RealProduct(product.settings).public_keys() if is_real else product.public_keys()
    return {key for key in keys if key.startswith(f"public/media/{user_id}/")}


async def until(condition: Callable[[], Any], *, within_s: float = 40) -> None:
    """Wait for what only the server's side can tell."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.05)
