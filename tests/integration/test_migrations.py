"""The migrations: up, down, up; equal to the tables; nothing lost on the way."""

import asyncio
import os
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from click.testing import CliRunner
from sqlalchemy import CheckConstraint

from mediaport.adapters.sql.migrations import alembic_config, upgrade
from mediaport.adapters.sql.postgresql import postgresql_url
from mediaport.adapters.sql.revision import is_current, newest_revision
from mediaport.adapters.sql.tables import metadata
from mediaport.entrypoints.cli import cli
from tests.integration.server import COMMAND, environment, run
from tests.servers.postgresql import Postgresql, asked


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
    script = ScriptDirectory.from_config(alembic_config("sqlite+aiosqlite://"))
    return [revision.revision for revision in script.walk_revisions()][::-1]


def test_a_database_is_current_at_the_newest_revision_alone(config: Config, path: Path) -> None:
    url = f"sqlite+aiosqlite:///{path}"

    is_at_first = is_current(url)
    known = {}
    for revision in revisions():
        command.upgrade(config, revision)
        known[revision] = is_current(url)
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()

    assert newest_revision() == revisions()[-1]
    assert not is_at_first
    assert [revision for revision, is_newest in known.items() if is_newest] == [newest_revision()]
    assert not is_current(url)


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


def test_the_command_goes_back_and_forth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def migrate(*arguments: str) -> str:
        done = CliRunner().invoke(cli, ["migrate", *arguments], env=settings)
        return f"{done.output} {done.exception}"

    monkeypatch.chdir(tmp_path)
    settings = {**dict.fromkeys(os.environ), "DATA_DIR": str(tmp_path)}
    migrate()
    whole = schema(tmp_path / "mediaport.db")

    assert "at revision 0004" in migrate("--to", "0004")
    assert "media_usage" not in schema(tmp_path / "mediaport.db")
    assert "Run: mediaport migrate" in migrate("--to", "0003")
    assert "up to date" in migrate()
    assert schema(tmp_path / "mediaport.db") == whole
    assert "Invalid value for --to: Can't locate revision" in migrate("--to", "9999")


class TestPostgresql:
    @pytest.fixture
    def url(self, postgresql_server: Postgresql) -> Iterator[str]:
        url = asyncio.run(postgresql_server.database(template="template0"))
        yield url
        asyncio.run(postgresql_server.drop(url))

    @pytest.fixture
    def config(self, url: str) -> Config:
        return alembic_config(postgresql_url(url))

    def names(self, url: str) -> set[str]:
        """Of tables, indexes and constraints; Alembic's own table left out."""
        query = """
            SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
            UNION SELECT conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        """
        return {name for name in asked(url, query) if "alembic" not in name}

    def test_each_step_can_be_taken_back_and_taken_again(self, config: Config, url: str) -> None:
        steps = [self.names(url)]
        for revision in revisions():
            command.upgrade(config, revision)
            steps.append(self.names(url))
        assert steps == sorted(steps, key=len)

        for below in reversed(steps[:-1]):
            command.downgrade(config, "-1")
            assert self.names(url) == below
        command.upgrade(config, "head")

        assert self.names(url) == steps[-1]

    def test_the_migrations_make_exactly_the_tables(self, config: Config) -> None:
        command.upgrade(config, "head")

        command.check(config)

    def test_every_check_of_the_tables_is_in_the_database(self, config: Config, url: str) -> None:
        command.upgrade(config, "head")
        made = asked(url, "SELECT conname FROM pg_constraint WHERE contype = 'c'")

        for table in metadata.tables.values():
            for check in table.constraints:
                if isinstance(check, CheckConstraint):
                    assert check.name in made

    def test_processes_that_migrate_at_once_wait_for_one_another(
        self, url: str, tmp_path: Path
    ) -> None:
        migrating = [
            subprocess.Popen(
                [COMMAND, "migrate"], cwd=tmp_path, env=environment(DATABASE_URL=url, S3_BUCKET="")
            )
            for _ in range(3)
        ]

        assert [process.wait(60) for process in migrating] == [0, 0, 0]

    @pytest.mark.parametrize(
        ("changed", "complaint"),
        [
            ("nobody", 'password authentication failed|role "nobody" does not exist'),
            ("port", "Connect call failed"),
            ("database", 'database "nowhere" does not exist'),
            ("revision", "version"),
        ],
    )
    def test_a_database_that_does_not_fit_stops_the_start_with_one_line(
        self, url: str, tmp_path: Path, changed: str, complaint: str
    ) -> None:
        if changed == "revision":
            upgrade(postgresql_url(url))
            asked(url, "UPDATE alembic_version SET version_num = '9999'")
        to = {
            "nobody": postgresql_url(url).set(username="nobody", password="hunter2"),
            "port": postgresql_url(url).set(port=9),
            "database": postgresql_url(url).set(database="nowhere"),
        }.get(changed, postgresql_url(url))

        for arguments in (["migrate"], ["serve", "--migrate"], ["serve"]):
            done = run(
                *arguments,
                cwd=tmp_path,
                DATABASE_URL=to.render_as_string(hide_password=False),
                JWT_SECRET="x" * 32,
            )

            assert done.returncode == 2
            (line,) = done.stderr.splitlines()
            assert line.startswith("mediaport: DATABASE_URL:")
            assert re.search(complaint, line)
            assert "hunter2" not in line
