"""The migrations: up, down, up; equal to the tables; nothing lost on the way."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint

from mediaport.adapters.sql.migrations import alembic_config, upgrade
from mediaport.adapters.sql.tables import metadata
from tests.integration.server import run


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mediaport.db"


@pytest.fixture
def config(path: Path) -> Config:
    return alembic_config(f"sqlite+aiosqlite:///{path}")


def schema(path: Path) -> dict[str, str]:
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        return dict(rows.fetchall())


def revisions() -> list[str]:
    script = ScriptDirectory.from_config(alembic_config("sqlite://"))
    return [revision.revision for revision in script.walk_revisions()][::-1]


@pytest.mark.parametrize("revision", revisions())
def test_each_step_can_be_taken_back_and_taken_again(
    config: Config, path: Path, revision: str
) -> None:
    before = f"{revision}-1" if revision != revisions()[0] else "base"
    if before != "base":
        command.upgrade(config, before)
    below = schema(path) if path.exists() else {}
    command.upgrade(config, revision)
    above = schema(path)

    command.downgrade(config, "-1")
    taken_back = schema(path)
    command.upgrade(config, revision)

    assert {name for name in taken_back if "alembic" not in name} == {
        name for name in below if "alembic" not in name
    } | ({"sqlite_sequence"} & set(taken_back))
    assert schema(path) == above


def test_the_migrations_make_exactly_the_tables(config: Config) -> None:
    command.upgrade(config, "head")

    command.check(config)


def test_every_check_of_the_tables_is_in_the_database(config: Config, path: Path) -> None:
    command.upgrade(config, "head")
    made = schema(path)

    for table in metadata.tables.values():
        for check in table.constraints:
            if isinstance(check, CheckConstraint):  # alembic does not compare these
                wanted = f"CONSTRAINT {check.name} CHECK ({check.sqltext})"
                assert re.sub(r"\s+", " ", wanted) in re.sub(r"\s+", " ", made[table.name])


def test_migrating_again_changes_nothing(path: Path) -> None:
    url = f"sqlite+aiosqlite:///{path}"
    upgrade(url)
    first = schema(path)

    upgrade(url)

    assert schema(path) == first


def test_the_command_makes_and_keeps_the_data_folder(tmp_path: Path) -> None:
    for _ in range(2):
        done = run("migrate", cwd=tmp_path, DATA_DIR=str(tmp_path / "data"))
        assert done.returncode == 0, done.stderr
        assert "up to date" in done.stdout
    assert "media_variants" in schema(tmp_path / "data" / "mediaport.db")
