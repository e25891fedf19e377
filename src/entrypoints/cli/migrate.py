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
    click.echo(f"The database is up to date: {settings.database_place}")


def run_migrations(settings: Settings) -> None:
    """Make the data folder, where there is an embedded part, and run every migration that is due.

    Raises:
        SettingError: The data folder or the database cannot be used.
    """
    from mediaport.adapters.sql.migrations import upgrade  # noqa: PLC0415 - slow to import
    from mediaport.entrypoints.parts import database_url  # noqa: PLC0415 - slow to import

    with _told_in_one_line(settings):
        if not (settings.database_url and settings.s3_bucket):
            settings.data_path.mkdir(mode=0o700, parents=True, exist_ok=True)
        upgrade(database_url(settings), connect_timeout_s=settings.database_connect_timeout_s)


def require_migrated(settings: Settings) -> None:
    """Let pass a database that has the schema of this version.

    Raises:
        SettingError: It has not, or cannot be read.
    """
    from mediaport.adapters.sql.migrations import is_current  # noqa: PLC0415 - slow to import
    from mediaport.entrypoints.parts import database_url  # noqa: PLC0415 - slow to import

    is_there = settings.database_url is not None or settings.database_path.is_file()
    with _told_in_one_line(settings):
        current = is_there and is_current(
            database_url(settings), connect_timeout_s=settings.database_connect_timeout_s
        )
    if not current:
        problem = (
            f"{settings.database_place} has not the schema of this version. Run: mediaport migrate"
        )
        raise SettingError(settings.database_setting, problem)


@contextmanager
def _told_in_one_line(settings: Settings) -> Iterator[None]:
    from alembic.util import CommandError  # noqa: PLC0415 - slow to import

    from mediaport.application.ports.unavailable import PartUnavailable  # noqa: PLC0415

    try:
        yield
    except OSError as error:
        raise SettingError(settings.database_setting, str(error)) from error
    except PartUnavailable as error:
        raise SettingError(
            settings.database_setting, f"{settings.database_place}: {error.cause}"
        ) from error
    except CommandError as error:
        problem = f"{settings.database_place} was made by another version: {error}"
        raise SettingError(settings.database_setting, problem) from error
