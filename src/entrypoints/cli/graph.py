"""The object graph of a command that works beside servers, with the same settings as theirs."""

from typing import TYPE_CHECKING

from mediaport.entrypoints.cli.logs import start_logging
from mediaport.entrypoints.cli.migrate import require_migrated
from mediaport.entrypoints.settings import Settings

if TYPE_CHECKING:
    from mediaport.entrypoints.container import Container


def graph_of(settings: Settings) -> "Container":
    """Log as servers do, and build it over a database that has the schema of this version.

    Raises:
        SettingError: It has not, or cannot be read.
    """
    start_logging(settings)
    require_migrated(settings)
    from mediaport.entrypoints.container import Container  # noqa: PLC0415 - slow to import

    return Container(settings=settings)
