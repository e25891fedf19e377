"""A browser in front of the product, on embedded parts and on real ones."""

import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from uuid import uuid4

import pytest
from playwright.async_api import Browser, async_playwright, expect

from mediaport.entrypoints.http.page import is_built
from tests.e2e.tab import DESKTOP, TELL_VIOLATIONS, Device, Tab
from tests.integration.conftest import crew, real
from tests.integration.crew import api_and_worker, real_parts
from tests.integration.server import Server, User
from tests.servers.browser import chromium
from tests.servers.found import missing
from tests.serving import free_socket

__all__ = ["crew", "real"]  # the same fixtures
OpenTab = Callable[[str, Device], Awaitable[Tab]]
# Other work on the same machine must not fail a page that gets there in the end.
expect.set_options(timeout=10_000)


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """A browser for the tests of a file."""
    program = chromium()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program,
            # In a container there is no sandbox for root, and little shared memory.
            args=["--no-sandbox", "--disable-dev-shm-usage"],
        )
        yield browser
        await browser.close()


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[socket.socket]:
    """Where pages of another origin are served from, which the product allows to call it."""
    with free_socket() as listening:
        yield listening


@pytest.fixture(scope="module", params=["embedded", "real"])
def product(
    elsewhere: socket.socket,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    """The product, as one process on embedded parts, and as two on real ones."""
    folder = tmp_path_factory.mktemp("product")
    origin = f"http://127.0.0.1:{elsewhere.getsockname()[1]}"
    if request.param == "embedded":
        api = Server(folder, CORS_ORIGINS=origin)
        api.start()
        yield api
        assert api.stop() == 0
        return
    servers = [
        request.getfixturevalue(name) for name in ("postgresql_server", "redis_server", "s3_server")
    ]
    with real_parts(*servers) as settings:
        settings["CORS_ORIGINS"] = origin
        with api_and_worker(folder, **settings) as api:
            yield api


@pytest.fixture
def built_page() -> None:
    """Give up where there is no page to look at."""
    if not is_built():
        missing("built page", "run `make page` (needs Node.js)")


@pytest.fixture
def device() -> Device:
    """What the tab is on; tests that look at several are parametrized with `DEVICES`."""
    return DESKTOP


@pytest.fixture
async def open_tab(browser: Browser) -> AsyncIterator[OpenTab]:
    """Opens tabs that nobody has used yet. Whatever one complains of fails the test."""
    tabs: list[Tab] = []

    async def opened(url: str, device: Device) -> Tab:
        context = await browser.new_context(
            base_url=url,
            viewport={"width": device.width, "height": device.height},
            color_scheme=device.scheme,
            is_mobile=device.name == "phone",
            has_touch=device.name == "phone",
        )
        await context.add_init_script(TELL_VIOLATIONS)
        tabs.append(Tab(await context.new_page()))
        return tabs[-1]

    yield opened
    for tab in tabs:
        await tab.page.context.close()
    for tab in tabs:
        tab.check()


@pytest.fixture
async def tab(open_tab: OpenTab, product: Server, device: Device) -> Tab:
    """A tab in front of the product."""
    return await open_tab(product.url, device)


@pytest.fixture
def ada(product: Server) -> Iterator[User]:
    """Someone with an account, new for each test."""
    yield from _someone(product, "ada")


@pytest.fixture
def grace(product: Server) -> Iterator[User]:
    """Someone else."""
    yield from _someone(product, "grace")


def _someone(product: Server, name: str) -> Iterator[User]:
    user = User(product.url, f"{name}_{uuid4().hex[:8]}")
    yield user
    user.close()
