"""Runs that make thumbnails anew, and claims on deletions, so that none hits what was made anew."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "thumbnail_remakes",
        sa.Column("id", ID, nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("recipe", sa.String(100), nullable=False),
        sa.Column("last_media_id", ID, server_default=sa.text("0"), nullable=False),
        sa.Column("finished_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_thumbnail_remakes"),
        sqlite_autoincrement=True,
    )
    op.add_column("object_deletions", sa.Column("claimed_until", INSTANT))
    op.create_index("ix_object_deletions_object_key", "object_deletions", ["object_key"])


def downgrade() -> None:
    op.drop_index("ix_object_deletions_object_key", "object_deletions")
    op.drop_column("object_deletions", "claimed_until")
    op.drop_table("thumbnail_remakes")
