"""Every request has an id, by which its answer, its lines and its job are found."""

import logging

import httpx
import pytest
from litestar import Litestar

from mediaport.entrypoints.http.app import create_app
from tests.unit.http.test_media import assert_problem, declare, upload
from tests.world import World

Headers = dict[str, str]


@pytest.mark.parametrize("path", ["/posts/", "/health/live", "/nowhere", "/storage/public/x", "/"])
async def test_every_answer_names_the_id_that_was_sent(http: httpx.AsyncClient, path: str) -> None:
    sent = "1-5759e988-bd862e3fe1be46a994272793"

    answer = await http.get(path, headers={"X-Request-ID": sent})

    assert answer.headers.get_list("x-request-id") == [sent]


async def test_a_request_without_an_id_is_given_one_of_its_own(http: httpx.AsyncClient) -> None:
    one, other = [(await http.get("/health/live")).headers["x-request-id"] for _ in range(2)]

    assert one != other
    assert len(one) == 16


@pytest.mark.parametrize("odd", ["", "a b", 'a"b', "{}", "ä", "x" * 129])
async def test_what_is_no_id_is_replaced(http: httpx.AsyncClient, odd: str) -> None:
    answer = await http.get("/health/live", headers={b"X-Request-ID": odd.encode("latin-1")})

    assert answer.headers["x-request-id"] != odd
    assert len(answer.headers["x-request-id"]) == 16


async def test_a_failure_of_ours_says_what_to_look_for(
    http: httpx.AsyncClient, world: World, ada: Headers
) -> None:
    world.tables.is_down = True

    answer = await http.get("/media/1", headers={**ada, "X-Request-ID": "r-1"})

    assert assert_problem(answer, 503, "database_unavailable")["request_id"] == "r-1"
    refused = await http.get("/posts/")
    assert "request_id" not in assert_problem(refused, 401, "not_authenticated")


async def test_lines_are_bound_to_request_and_user(
    http: httpx.AsyncClient, world: World, ada: Headers, lines_written: list[dict[str, object]]
) -> None:
    media_id = await upload(http, world, ada)

    await http.post(f"/media/{media_id}/complete", headers={**ada, "X-Request-ID": "r-1"})

    (line,) = [each for each in lines_written if each["event"] == "Upload completed"]
    assert (line["request_id"], line["user_id"], line["media_id"]) == ("r-1", 1, media_id)


@pytest.fixture
def talkative(one_world: World) -> Litestar:
    return create_app(one_world.set_anew(log_requests=True).use)


async def test_each_request_has_a_line_where_that_is_asked_for(
    talkative: Litestar, lines_written: list[dict[str, object]]
) -> None:
    transport = httpx.ASGITransport(talkative)  # type: ignore[arg-type]  # as in conftest
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        await client.post("/media/presign?signature=hidden", json=declare())

    (line,) = [each for each in lines_written if each["event"] == "Request answered"]
    assert (line["method"], line["path"], line["status_code"]) == ("POST", "/media/presign", 401)
    assert "hidden" not in str(line)


async def test_by_default_they_have_none(
    http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "mediaport")

    await http.get("/posts/")

    assert not caplog.records
