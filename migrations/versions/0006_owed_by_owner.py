"""Thumbnails are made in turns: whose is next, and what they have waited for."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

OWED = sa.text("status = 'ready' AND thumbnails_status = 'pending'")


def upgrade() -> None:
    op.create_index(
        "ix_media_owed_by_owner",
        "media",
        ["owner_id", "ready_at"],
        sqlite_where=OWED,
        postgresql_where=OWED,
    )
    # PostgreSQL may take it for the other one, and then looks through all that others are owed.
    op.drop_index("ix_media_owed", "media")


def downgrade() -> None:
    op.create_index(
        "ix_media_owed", "media", ["ready_at"], sqlite_where=OWED, postgresql_where=OWED
    )
    op.drop_index("ix_media_owed_by_owner", "media")
