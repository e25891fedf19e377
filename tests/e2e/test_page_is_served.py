"""The page as a browser gets it: whole, under its own content policy."""

import pytest
from playwright.async_api import expect

from tests.e2e.tab import Tab

pytestmark = pytest.mark.usefixtures("built_page")


async def test_it_loads_under_its_policy(tab: Tab) -> None:
    for path in ("/", "/login", "/@ada", "/p/7"):
        answer = await tab.page.goto(path)

        assert answer is not None
        assert answer.status == 200
        assert "require-trusted-types-for" in answer.headers["content-security-policy"]
        await expect(tab.page.locator("#page > *")).not_to_have_count(0)


async def test_what_was_loaded_once_is_not_asked_for_again(tab: Tab) -> None:
    await tab.page.goto("/", wait_until="networkidle")
    asked: list[str] = []
    tab.page.on("request", lambda request: asked.append(request.url))

    await tab.page.goto("/login", wait_until="networkidle")

    assets = [url for url in asked if "/assets/" in url]
    cached = await tab.page.evaluate(
        "performance.getEntriesByType('resource').filter((each) => each.name.includes('/assets/'))"
        ".map((each) => each.transferSize)"
    )
    assert assets
    assert set(cached) == {0}


ATTACKS = {
    "script": "document.body.append(Object.assign(document.createElement('script'), {text: RUN}))",
    "handler": "document.body.setAttribute('onclick', RUN); document.body.click()",
    "html": "document.body.innerHTML = `<img src=x onerror='${RUN}'>`",
    "request": "fetch('https://evil.example/').catch(() => {})",
    "image": "document.body.append(Object.assign(new Image(), {src: 'https://evil.example/'}))",
}


@pytest.mark.parametrize("product", ["embedded"], indirect=True)
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
async def test_what_is_not_of_the_page_does_not_run_and_reaches_nobody(
    tab: Tab, attack: str
) -> None:
    tab.expect_complaint("Content Security Policy|TrustedHTML|TrustedScript| refuses ")
    await tab.page.goto("/")

    async with tab.page.expect_console_message(lambda message: message.type == "error"):
        await tab.page.evaluate(
            f"const RUN = 'window.run = 1'; try {{ {attack} }} catch (e) {{ console.error(e) }}"
        )

    assert await tab.page.evaluate("window.run") is None
