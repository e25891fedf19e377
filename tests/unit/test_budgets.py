"""How many connections there may be: to the database, and from clients."""

import resource

import pytest

from mediaport.entrypoints.connection_budget import ConnectionBudget
from mediaport.entrypoints.descriptors import max_connections, raise_limit


def budget(**changes: int) -> ConnectionBudget:
    usual = {"processes": 2, "pool_size": 10, "most": 100, "reserved": 3, "ours": 20, "others": 12}
    return ConnectionBudget(**{**usual, **changes})


def test_what_we_use_ourselves_is_not_in_our_way_what_others_use_is() -> None:
    assert budget().fits
    assert budget(ours=97, others=0, pool_size=48).fits
    assert not budget(others=0, pool_size=49).fits
    assert not budget(others=78).fits


def test_it_is_told_what_there_is_and_what_would_fit() -> None:
    small = budget(most=20)

    assert str(small) == (
        "up to 2 x 10 connections; PostgreSQL takes 20, 3 reserved, 20 in use by Mediaport and "
        "12 by others"
    )
    assert small.mend == (
        "Set DATABASE_POOL_SIZE to at most 2, or raise max_connections of PostgreSQL."
    )
    assert "Set API_WORKERS lower" in budget(most=16).mend


@pytest.mark.parametrize(
    ("limits", "raised_to", "connections"),
    [
        ((1024, 500_000), 65_536, 10_000),
        ((1024, resource.RLIM_INFINITY), 65_536, 10_000),
        ((1024, 2048), 2048, 1536),
        ((100_000, 500_000), 100_000, 10_000),
        ((resource.RLIM_INFINITY, resource.RLIM_INFINITY), resource.RLIM_INFINITY, 10_000),
    ],
)
def test_a_process_takes_the_files_it_may_have_and_gives_clients_most_of_them(
    limits: tuple[int, int],
    raised_to: int,
    connections: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = {"limits": limits}
    monkeypatch.setattr(resource, "getrlimit", lambda _: now["limits"])
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: now.update(limits=limits))

    raise_limit()

    assert now["limits"] == (raised_to, limits[1])
    assert max_connections() == connections
