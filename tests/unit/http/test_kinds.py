"""Kinds are what MEDIA_KINDS says, and media of those that it says no more are still there."""

from collections.abc import Iterator

import httpx
import pytest
from litestar.testing import TestClient

from mediaport.domain.policy import Kind
from mediaport.entrypoints.http.app import create_app
from tests.world import World

BANNER = Kind("banner")


@pytest.fixture
def world() -> World:
    return World().set_anew(media_kinds=("banner=4194304",))


@pytest.fixture
def http(world: World) -> Iterator[httpx.Client]:
    with TestClient(create_app(world.use)) as client:
        yield client


def test_the_policy_shows_each_kind(http: httpx.Client) -> None:
    kinds = http.get("/media/policy").json()["kinds"]

    assert {kind: limits["max_bytes"] for kind, limits in kinds.items()} == {
        "post_image": 5_242_880,
        "avatar": 2_097_152,
        "banner": 4_194_304,
    }


def test_the_schema_lists_the_kinds_that_can_be_declared(http: httpx.Client) -> None:
    schemas = http.get("/openapi.json").json()["components"]["schemas"]

    declared = schemas["PresignRequest"]["properties"]["kind"]
    assert sorted(declared["enum"]) == ["avatar", "banner", "post_image"]
    assert "enum" not in schemas["MediaObject"]["properties"]["kind"]


async def test_each_kind_has_its_own_limit(world: World) -> None:
    ada = await world.user()

    media = await world.ready(ada, BANNER)

    assert media.kind == BANNER


async def test_media_of_a_kind_that_is_no_more_are_shown_and_deleted(world: World) -> None:
    ada = await world.user()
    media = await world.ready(ada, BANNER)
    without = world.set_anew(media_kinds=())

    assert (await without.use.show_media()(media.id, by=ada)).kind == "banner"
    await without.use.delete_media()(media.id, by=ada)

    assert media.id not in world.tables.media
