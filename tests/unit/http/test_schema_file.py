"""The page's client is typed from a schema that is committed: it must be the API's."""

import json
from typing import Any

import httpx

from tests.servers.found import ROOT

REMEDY = "start the server, then: cd frontend && npm run api:pull && npm run api:gen"


def differing(ours: Any, theirs: Any, place: str = "") -> list[str]:
    """Where two documents differ, as deep as both have an object there."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return [
            each
            for name in sorted({*ours, *theirs})
            for each in differing(ours.get(name), theirs.get(name), f"{place} > {name}")
        ]
    return [] if ours == theirs else [place.removeprefix(" > ")]


async def test_the_committed_schema_is_that_of_the_api(http: httpx.AsyncClient) -> None:
    served = (await http.get("/openapi.json")).json()
    committed = json.loads((ROOT / "frontend/openapi.json").read_text())

    places = differing(served, committed)

    shown = "\n  ".join(places[:10])
    assert not places, f"frontend/openapi.json differs from the API's:\n  {shown}\n{REMEDY}"
