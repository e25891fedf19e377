"""Bringing a database to the schema that this version needs."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy.engine import URL

PACKAGE = Path(__file__).resolve().parents[2]


def alembic_config(url: URL | str) -> Config:
    """Alembic's configuration for a database; migrations lie in the wheel or in the checkout."""
    installed = PACKAGE / "migrations"
    folder = installed if installed.is_dir() else PACKAGE.parent / "migrations"
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url
    return config


def upgrade(url: URL | str) -> None:
    """Run every migration that the database lacks. Makes no change where none is due."""
    command.upgrade(alembic_config(url), "head")
