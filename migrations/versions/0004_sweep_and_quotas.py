"""What the sweep finds by time, whose turn it is, what quotas ask for, and keys in byte order."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
PENDING = sa.text("status = 'pending'")
UNATTACHED = sa.text("unattached_since IS NOT NULL")
KEYS = (
    ("media", "incoming_key"),
    ("media", "object_key"),
    ("media_variants", "object_key"),
    ("object_deletions", "object_key"),
)


def upgrade() -> None:
    op.create_table(
        "leases",
        sa.Column("name", sa.String(50), nullable=False),
        sa.Column("claimed_until", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )
    op.add_column("media", sa.Column("unattached_since", INSTANT))
    op.execute(
        "UPDATE media SET unattached_since = ready_at WHERE status = 'ready'"
        " AND NOT EXISTS (SELECT 1 FROM posts WHERE posts.media_id = media.id)"
        " AND NOT EXISTS (SELECT 1 FROM users WHERE users.avatar_media_id = media.id)"
    )
    op.create_index(
        "ix_media_unattached",
        "media",
        ["unattached_since"],
        sqlite_where=UNATTACHED,
        postgresql_where=UNATTACHED,
    )
    op.create_index("ix_media_quota", "media", ["owner_id", "status", "expires_at", "size_bytes"])
    op.drop_index("ix_media_pending", "media")
    collate("C")


def downgrade() -> None:
    collate("default")
    op.create_index(
        "ix_media_pending",
        "media",
        ["owner_id", "expires_at"],
        sqlite_where=PENDING,
        postgresql_where=PENDING,
    )
    op.drop_index("ix_media_quota", "media")
    op.drop_index("ix_media_unattached", "media")
    op.drop_column("media", "unattached_since")
    op.drop_table("leases")


def collate(collation: str) -> None:
    """Order keys so. SQLite compares bytes anyway."""
    if op.get_bind().dialect.name == "sqlite":
        return
    for table, column in KEYS:
        op.execute(f'ALTER TABLE {table} ALTER {column} TYPE varchar(1024) COLLATE "{collation}"')
