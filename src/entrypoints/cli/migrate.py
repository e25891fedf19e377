"""`mediaport migrate`: bring the database up to date."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from mediaport.entrypoints.settings import SettingError, Settings, load


@click.command()
@click.option("--to", "revision", help="Go back: undo what came after this revision, such as 0005.")
def migrate(revision: str | None) -> None:
    """Bring the database to the schema of this version. Changes nothing where none is due."""
    settings, _ = load()
    if revision is None:
        run_migrations(settings)
        click.echo(f"The database is up to date: {settings.database_place}")
    else:
        undo_migrations(settings, revision)
        click.echo(f"The database is at revision {revision}: {settings.database_place}")


def run_migrations(settings: Settings) -> None:
    """Make the data folder, where there is an embedded part, and run every migration that is due.

    Raises:
        SettingError: The data folder or the database cannot be used.
    """
    with _told_in_one_line(settings):
        if not (settings.database_url and settings.s3_bucket):
            settings.data_path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if _is_current(settings):
        return  # without Alembic: what serves from here on would keep its 11 MB
    from alembic.util import CommandError  # noqa: PLC0415 - slow to import

    from mediaport.adapters.sql.migrations import upgrade  # noqa: PLC0415 - slow to import
    from mediaport.entrypoints.parts import database_url  # noqa: PLC0415 - slow to import

    with _told_in_one_line(settings):
        try:
            upgrade(database_url(settings), connect_timeout_s=settings.database_connect_timeout_s)
        except CommandError as error:
            problem = f"{settings.database_place} was made by another version: {error}"
            raise SettingError(settings.database_setting, problem) from error


def undo_migrations(settings: Settings, revision: str) -> None:
    """Go back to the schema of an earlier version.

    Raises:
        SettingError: The database cannot be used.
        click.BadParameter: There is no such revision.
    """
    from alembic.util import CommandError  # noqa: PLC0415 - slow to import

    from mediaport.adapters.sql.migrations import downgrade  # noqa: PLC0415 - slow to import
    from mediaport.entrypoints.parts import database_url  # noqa: PLC0415 - slow to import

    require_migrated(settings)
    url, timeout_s = database_url(settings), settings.database_connect_timeout_s
    with _told_in_one_line(settings):
        try:
            downgrade(url, revision, connect_timeout_s=timeout_s)
        except CommandError as error:
            raise click.BadParameter(str(error), param_hint="--to") from error


def require_migrated(settings: Settings) -> None:
    """Let pass a database that has the schema of this version.

    Raises:
        SettingError: It has not, or cannot be read.
    """
    if not _is_current(settings):
        problem = (
            f"{settings.database_place} has not the schema of this version. Run: mediaport migrate"
        )
        raise SettingError(settings.database_setting, problem)


def _is_current(settings: Settings) -> bool:
    from mediaport.adapters.sql.revision import is_current  # noqa: PLC0415 - slow to import
    from mediaport.entrypoints.parts import database_url  # noqa: PLC0415 - slow to import

    if settings.database_url is None and not settings.database_path.is_file():
        return False
    url, timeout_s = database_url(settings), settings.database_connect_timeout_s
    with _told_in_one_line(settings):
        return is_current(url, connect_timeout_s=timeout_s)


@contextmanager
def _told_in_one_line(settings: Settings) -> Iterator[None]:
    from mediaport.application.ports.unavailable import PartUnavailable  # noqa: PLC0415

    try:
        yield
    except OSError as error:
        raise SettingError(settings.database_setting, str(error)) from error
    except PartUnavailable as error:
        raise SettingError(
            settings.database_setting, f"{settings.database_place}: {error.cause}"
        ) from error
