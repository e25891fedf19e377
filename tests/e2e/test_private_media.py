"""Pictures whose URLs are signed: shown, and shown again on a page that was open for too long."""

import re
from collections.abc import Iterator

import pytest
from playwright.async_api import Request, Route, expect

from tests.e2e.conftest import OpenTab
from tests.e2e.tab import Device, Tab
from tests.e2e.visit import come_in, expect_sharp, posts, published
from tests.integration.server import Server, User
from tests.pictures import corners, picture

pytestmark = pytest.mark.usefixtures("built_page")
SIGNATURE = re.compile(r"signature=[0-9a-f]{4}")


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The product on embedded parts, where nothing is public."""
    api = Server(tmp_path_factory.mktemp("private"), MEDIA_ACCESS="signed")
    api.start()
    yield api
    assert api.stop() == 0


@pytest.fixture
async def tab(open_tab: OpenTab, product: Server, device: Device) -> Tab:
    return await open_tab(product.url, device)


async def post_with_faces(ada: User) -> int:
    """A post of Ada's, with a picture, beside her avatar; its id."""
    avatar = ada.upload(picture(), "avatar")
    ada.complete(avatar).raise_for_status()
    ada.settled(avatar)
    ada.http.put("/users/me/avatar", json={"media_id": avatar}).raise_for_status()
    post_id = await published(ada, picture(image=corners(1500, 1000)))
    ada.settled(ada.http.get(f"/posts/{post_id}").json()["media_id"])
    return post_id


async def test_pictures_are_shown_and_no_cookie_is_sent_for_them(tab: Tab, ada: User) -> None:
    await post_with_faces(ada)
    asked: list[Request] = []
    tab.page.on("request", lambda each: asked.append(each) if "signature=" in each.url else None)

    await come_in(tab, ada)

    post = posts(tab.page).first
    await expect_sharp(post.get_by_role("button", name="Open the picture"))
    assert asked
    assert not [each for each in asked if "cookie" in await each.all_headers()]


async def test_pictures_whose_urls_have_ended_are_asked_for_once_more(
    tab: Tab, ada: User, product: Server
) -> None:
    post_id = await post_with_faces(ada)
    tab.expect_complaint("403")

    async def end(route: Route) -> None:
        """The feed as it was answered hours ago."""
        answer = await route.fetch()
        await route.fulfill(
            response=answer, body=SIGNATURE.sub("signature=0000", await answer.text())
        )

    await tab.page.route("**/posts?**", end)
    asked: list[str] = []
    tab.page.on("request", lambda request: asked.append(request.url))
    await come_in(tab, ada)

    post = posts(tab.page).first
    await expect_sharp(post.get_by_role("button", name="Open the picture"))
    face = post.locator("img.avatar")
    await expect(face).not_to_have_attribute("src", re.compile("signature=0000"))
    assert asked.count(f"{product.url}/posts/{post_id}") == 1
