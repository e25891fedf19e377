"""Bringing a database to the schema that this version needs."""

from alembic import command
from alembic.config import Config
from sqlalchemy.engine import URL

from mediaport.adapters.sql.failures import translated_errors
from mediaport.adapters.sql.revision import MIGRATIONS, passing_engine


def alembic_config(url: URL | str, *, connect_timeout_s: float = 60) -> Config:
    """Alembic's configuration for a database."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["engine"] = passing_engine(url, connect_timeout_s)
    return config


def upgrade(url: URL | str, *, connect_timeout_s: float = 60) -> None:
    """Run every migration that the database lacks. Makes no change where none is due.

    Raises:
        PartUnavailable: The database does not answer, or is none.
    """
    with translated_errors():
        command.upgrade(alembic_config(url, connect_timeout_s=connect_timeout_s), "head")


def downgrade(url: URL | str, revision: str, *, connect_timeout_s: float = 60) -> None:
    """Undo every migration that came after a revision, newest first.

    Raises:
        PartUnavailable: The database does not answer, or is none.
    """
    with translated_errors():
        command.downgrade(alembic_config(url, connect_timeout_s=connect_timeout_s), revision)
