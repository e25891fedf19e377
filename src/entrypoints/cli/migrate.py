"""`mediaport migrate`: bring the database up to date."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from mediaport.entrypoints.settings import SettingError, Settings, load


@click.command()
def migrate() -> None:
    """Bring the database to the schema of this version. Changes nothing where none is due."""
    settings, _ = load()
    run_migrations(settings)
    click.echo(f"The database is up to date: {settings.database_path}")


def run_migrations(settings: Settings) -> None:
    """Make the data folder and run every migration that is due.

    Raises:
        SettingError: The data folder cannot be used.
    """
    from mediaport.adapters.sql.migrations import upgrade  # noqa: PLC0415 - slow to import
    from mediaport.entrypoints.container import database_url  # noqa: PLC0415 - slow to import

    with _told_in_one_line(settings):
        settings.data_path.mkdir(mode=0o700, parents=True, exist_ok=True)
        upgrade(database_url(settings))


def require_migrated(settings: Settings) -> None:
    """Let pass a database that has the schema of this version.

    Raises:
        SettingError: It has not, or cannot be read.
    """
    from mediaport.adapters.sql.migrations import is_current  # noqa: PLC0415 - slow to import
    from mediaport.entrypoints.container import database_url  # noqa: PLC0415 - slow to import

    path = settings.database_path
    with _told_in_one_line(settings):
        current = path.is_file() and is_current(database_url(settings))
    if not current:
        problem = f"{path} has not the schema of this version. Run: mediaport migrate"
        raise SettingError("DATA_DIR", problem)


@contextmanager
def _told_in_one_line(settings: Settings) -> Iterator[None]:
    from alembic.util import CommandError  # noqa: PLC0415 - slow to import
    from sqlalchemy.exc import DatabaseError  # noqa: PLC0415 - slow to import

    try:
        yield
    except OSError as error:
        raise SettingError("DATA_DIR", str(error)) from error
    except DatabaseError as error:
        problem = f"{settings.database_path}: {error.orig}"
        raise SettingError("DATA_DIR", problem) from error
    except CommandError as error:
        problem = f"{settings.database_path} was made by another version: {error}"
        raise SettingError("DATA_DIR", problem) from error
