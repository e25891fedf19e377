"""`python -m tests.check_migrations`: do the migrations make exactly the tables? For the gate."""

import tempfile
from pathlib import Path

from alembic import command

from mediaport.adapters.sql.migrations import alembic_config

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        config = alembic_config(f"sqlite+aiosqlite:///{Path(folder) / 'check.db'}")
        command.upgrade(config, "head")
        command.check(config)
