"""The API over fakes, called without a network."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from litestar import Litestar

from mediaport.entrypoints.http.app import create_app
from tests.unit.http.built import BUILT
from tests.world import World

LogIn = Callable[[str], Awaitable[dict[str, str]]]


@pytest.fixture(scope="session")
def one_world() -> World:
    """One product for all tests: building the app costs more than a test does."""
    return World()


@pytest.fixture(scope="session")
def page_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page as it is when it is built."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "assets").mkdir()
    for name, text in BUILT.items():
        (folder / name).write_text(text)
    (folder / "licences.md").write_text("None of these has a route.")
    return folder


@pytest.fixture(scope="session")
def app(one_world: World, page_folder: Path) -> Litestar:
    """The app over fakes."""
    return create_app(one_world.use, page_folder=page_folder)


@pytest.fixture
def world(one_world: World) -> World:
    """The product over fakes, emptied for each test."""
    one_world.empty()
    return one_world


@pytest.fixture
async def http(app: Litestar, world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the app."""
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]  # Litestar types ASGI its own way
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client


@pytest.fixture
def log_in(http: httpx.AsyncClient) -> LogIn:
    """Registers a user; answers the headers that prove who they are."""

    async def register(name: str) -> dict[str, str]:
        account = {"username": name, "password": "correct horse"}
        answer = await http.post("/auth/register", json=account)
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    return register


@pytest.fixture
async def ada(log_in: LogIn) -> dict[str, str]:
    """Ada's headers."""
    return await log_in("ada")


@pytest.fixture
async def bob(log_in: LogIn) -> dict[str, str]:
    """Bob's headers."""
    return await log_in("bob")
