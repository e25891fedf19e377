"""DATABASE_URL, in each way that people write it."""

import re

import pytest

from mediaport.adapters.sql.postgresql import postgresql_url


@pytest.mark.parametrize(
    "written",
    [
        "postgres://me:pw@db:5432/x",
        "postgresql://me:pw@db:5432/x",
        "postgresql+asyncpg://me:pw@db:5432/x",
    ],
)
def test_any_scheme_leads_to_the_driver(written: str) -> None:
    url = postgresql_url(written)

    assert url.render_as_string(hide_password=False) == "postgresql+asyncpg://me:pw@db:5432/x"


def test_libpqs_word_for_encryption_is_understood() -> None:
    assert postgresql_url("postgresql://db/x?sslmode=require").query == {"ssl": "require"}


def test_a_pooler_can_be_told_of() -> None:
    url = postgresql_url("postgresql://db/x?prepared_statement_cache_size=0")

    assert url.query == {"prepared_statement_cache_size": "0"}


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("postgresql://db/x?channel_binding=require", "channel_binding"),
        ("postgresql://db/x?sslmode=verify-full&sslrootcert=ca.pem", "PGSSLROOTCERT"),
        ("postgresql://db/x?timeout=abc", "timeout"),
        ("postgresql://db/x?prepared_statement_cache_size=abc", "is a number"),
        ("postgresql://db:port/x", "no URL"),
        ("postgresql://db", "names no database"),
    ],
)
def test_what_the_driver_cannot_take_is_named(written: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(complaint)):
        postgresql_url(written)
