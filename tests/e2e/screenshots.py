"""Pictures of the page for the README, of a lively feed of your own photos.

    PHOTOS=folder python -m tests.e2e.screenshots

It takes five photos or more (JPEG, at most 5 MB each; the fifth is seen best), and writes to
docs/images.
"""

import asyncio
import os
import re
import sys
from dataclasses import dataclass
from io import BytesIO
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image, ImageOps
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.e2e.photos import file
from tests.e2e.tab import DEVICES, Device, Network, Tab
from tests.e2e.visit import choose, come_in, composer, expect_sharp, posts, said
from tests.integration.server import Server, User
from tests.servers.browser import chromium
from tests.servers.found import ROOT

FOLDER = ROOT / "docs/images"
MAX_BYTES = 250_000
NAMES = ("ada", "grace", "linus", "barbara", "alan")
WORDS = (
    "First light, and nobody else about.",
    "We took the long way home.",
    "Worth getting up for.",
    "Who knows where this is?",
    "The weather held, after all.",
    "One more from yesterday.",
    "Quiet here in November.",
    "I could look at this for hours.",
)
COMMENTS = ("How lovely!", "Take me with you next time.", "Where is that?")
# An upload that is seen on its way.
LINE = Network(latency_ms=5, down_bytes_per_s=50_000_000, up_bytes_per_s=1_000_000)
ON_ITS_WAY = re.compile(r"[1-9]\.\d of \d\.\d MB")
# Those below are lazy: they never get there by themselves.
DECODE_WHAT_IS_SEEN = """
Promise.all([...document.images]
  .filter((image) => image.getBoundingClientRect().top < innerHeight)
  .map((image) => image.decode().catch(() => {})))
"""


@dataclass(frozen=True)
class Scene:
    """Someone's photos and friends, and the product that has them."""

    users: list[User]
    photos: list[Path]

    async def show(self, browser: Browser, device: Device) -> None:
        """Take all pictures on one device."""
        ada = self.users[0]
        page = await opened(browser, device, ada)
        await expect_sharp(posts(page).first)
        await keep(page, "feed", device)
        await self._upload(page, device)
        await page.goto(f"/@{ada.name}")
        await expect_sharp(posts(page).first)
        await keep(page, "profile", device)
        await posts(page).first.get_by_role("button", name="Open the picture").click()
        await expect(page.get_by_role("dialog").locator("img[width]")).to_have_class("sharp")
        await keep(page, "lightbox", device)
        await page.context.close()

    async def _upload(self, page: Page, device: Device) -> None:
        await Tab(page).slow_down(LINE)
        chosen = self.photos[:2]
        await choose(page, *(file(photo.name, photo.read_bytes()) for photo in chosen))
        await composer(page).get_by_label("What is new?").first.fill("Two from this morning")
        await expect(page.get_by_role("progressbar").first).to_be_visible()
        await expect(page.get_by_text(ON_ITS_WAY).first).to_be_visible()
        await keep(page, "upload", device)
        for _ in chosen:
            await composer(page).get_by_role("button", name="Take").first.click()


async def opened(browser: Browser, device: Device, user: User) -> Page:
    """The page on a device, as a user who has been there before."""
    is_phone = device.name == "phone"
    context = await browser.new_context(
        base_url=str(user.http.base_url),
        viewport={"width": device.width, "height": device.height},
        device_scale_factor=2 if is_phone else 1,
        color_scheme=device.scheme,
        is_mobile=is_phone,
        has_touch=is_phone,
    )
    page = await context.new_page()
    await come_in(Tab(page), user)
    return page


async def keep(page: Page, name: str, device: Device) -> None:
    """Write what is seen, as well as its weight allows."""
    await page.mouse.move(0, 0)
    await page.evaluate("document.activeElement.blur()")
    await page.evaluate(DECODE_WHAT_IS_SEEN)
    with Image.open(BytesIO(await page.screenshot(animations="disabled"))) as seen:
        tries = (webp(seen, quality) for quality in (90, 80, 65, 50, 35))
        body = next(body for body in tries if len(body) < MAX_BYTES)
    path = FOLDER / f"{name}-{device}.webp"
    path.write_bytes(body)
    sys.stdout.write(f"{path.relative_to(ROOT)}: {len(body):,} bytes\n")


def webp(image: Image.Image, quality: int) -> bytes:
    """A picture as WebP."""
    body = BytesIO()
    image.save(body, "WEBP", quality=quality, method=6)
    return body.getvalue()


def lively(url: str, photos: list[Path]) -> Scene:
    """People with faces, who post, like and comment."""
    users = [User(url, name) for name in NAMES]
    for user, photo in zip(users, reversed(photos), strict=False):
        avatar = user.upload(square(photo), "avatar")
        user.complete(avatar).raise_for_status()
        user.http.put("/users/me/avatar", json={"media_id": avatar}).raise_for_status()
        user.settled(avatar)
    # The last ones stand on top: ada's own among them.
    authors = cycle(users[1:] + users[:1])
    for number, (photo, words) in enumerate(zip(photos, cycle(WORDS), strict=False)):
        author = next(authors)
        media_id = author.upload(photo.read_bytes())
        author.complete(media_id).raise_for_status()
        author.settled(media_id)
        talk_about(said(author, words, media_id), users, number)
    return Scene(users, photos)


def talk_about(post_id: int, users: list[User], number: int) -> None:
    """Likes and comments, of some more and of others less."""
    for user in users[number % 3 :]:
        user.http.put(f"/posts/{post_id}/like").raise_for_status()
    for user, words in zip(users, COMMENTS[: (number + 1) % 4], strict=False):
        said_so = user.http.post(f"/posts/{post_id}/comments", json={"body": words})
        said_so.raise_for_status()


def square(photo: Path) -> bytes:
    """The middle of a photo, as an avatar."""
    body = BytesIO()
    with Image.open(photo) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
        ImageOps.fit(upright, (400, 400)).save(body, "JPEG", quality=90)
    return body.getvalue()


async def take(scene: Scene) -> None:
    """All pictures."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        for device in DEVICES:
            await scene.show(browser, device)
        await browser.close()


def main() -> None:
    """Start the product, fill it, look at it."""
    expect.set_options(timeout=30_000)
    photos = sorted(Path(os.environ["PHOTOS"]).glob("*.jp*g"))
    FOLDER.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        server = Server(Path(folder))
        server.start()
        try:
            scene = lively(server.url, photos)
            asyncio.run(take(scene))
            for user in scene.users:
                user.close()
        finally:
            server.stop()


if __name__ == "__main__":
    main()
