"""`mediaport migrate`: bring the database up to date."""

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
    from sqlalchemy.exc import OperationalError  # noqa: PLC0415 - slow to import

    from mediaport.adapters.sql.migrations import upgrade  # noqa: PLC0415 - slow to import
    from mediaport.entrypoints.container import database_url  # noqa: PLC0415 - slow to import

    try:
        settings.data_path.mkdir(parents=True, exist_ok=True)
        upgrade(database_url(settings))
    except OSError as error:
        raise SettingError("DATA_DIR", str(error), "./var") from error
    except OperationalError as error:
        problem = f"{settings.database_path}: {error.orig}"
        raise SettingError("DATA_DIR", problem, "./var") from error
