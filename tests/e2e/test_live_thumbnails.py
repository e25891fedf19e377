"""Thumbnails come into pages that are open already: by events, or by asking."""

import re

import pytest
from playwright.async_api import Locator, expect

from tests.e2e.conftest import OpenTab
from tests.e2e.tab import DESKTOP, Tab
from tests.e2e.visit import come_in, expect_sharp, posts, published
from tests.integration.crew import Crew
from tests.integration.server import User
from tests.pictures import picture

pytestmark = pytest.mark.usefixtures("built_page")


async def test_a_post_sharpens_in_every_tab_once_there_is_a_worker(
    real: dict[str, str], crew: Crew, open_tab: OpenTab
) -> None:
    api = crew.api(**real)
    ada, grace = crew.user(api), crew.user(api)
    own, others, streamless = [await open_tab(api.url, DESKTOP) for _ in range(3)]
    post_id = await published(ada, picture(), "Not sharp yet")
    unchanged = ada.http.get(f"/posts/{post_id}").json()
    await own.page.route(re.compile(r"/posts/\d+$"), lambda route: route.fulfill(json=unchanged))
    await streamless.page.route("**/media/events", lambda route: route.abort())
    streamless.expect_complaint("net::ERR_FAILED")
    waiting = [await waiting_post(own, ada)]  # by events alone
    waiting += [await waiting_post(tab, grace) for tab in (others, streamless)]  # by asking

    crew.worker(**real)

    for post in waiting:
        await expect_sharp(post)
    assert ada.http.get(f"/posts/{post_id}").json()["media"]["thumbnails_status"] == "ready"


async def waiting_post(tab: Tab, user: User) -> Locator:
    await come_in(tab, user)
    post = posts(tab.page).first
    await expect(post.get_by_role("button", name="Open the picture")).to_be_visible()
    await expect(post.locator("img[srcset]")).to_have_count(0)
    return post
