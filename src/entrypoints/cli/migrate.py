"""`mediaport migrate`: bring the database up to date."""

import click

from mediaport.entrypoints.settings import Settings, load


@click.command()
def migrate() -> None:
    """Bring the database to the schema of this version. Changes nothing where none is due."""
    settings, _ = load()
    run_migrations(settings)
    click.echo(f"The database is up to date: {settings.database_url}")


def run_migrations(settings: Settings) -> None:
    """Make the data folder and run every migration that is due."""
    from mediaport.adapters.sql.migrations import upgrade  # noqa: PLC0415 - slow to import

    settings.data_path.mkdir(parents=True, exist_ok=True)
    upgrade(settings.database_url)
