"""Users, media, their variants, and the objects to delete."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
PENDING = sa.text("status = 'pending'")
OWED = sa.text("status = 'ready' AND thumbnails_status = 'pending'")


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    # Users refer to media and media to users. SQLite cannot add a key later, and need not:
    # it takes one to a table that is still to come.
    avatar = sa.ForeignKeyConstraint(
        ["avatar_media_id"], ["media.id"], name="fk_users_avatar_media_id", ondelete="RESTRICT"
    )
    op.create_table(
        "users",
        sa.Column("id", ID, nullable=False),
        sa.Column("username", sa.String(30), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("avatar_media_id", ID),
        sa.Column("created_at", INSTANT, nullable=False),
        *([avatar] if is_sqlite else []),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("avatar_media_id", name="uq_users_avatar_media_id"),
        sa.UniqueConstraint("username", name="uq_users_username"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "media",
        sa.Column("id", ID, nullable=False),
        sa.Column("owner_id", ID, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("bucket", sa.String(255), nullable=False),
        sa.Column("incoming_key", sa.String(1024), nullable=False),
        sa.Column("object_key", sa.String(1024), nullable=False),
        sa.Column("public_url", sa.String(2048), nullable=False),
        sa.Column("content_type", sa.String(50), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("alt", sa.Text()),
        sa.Column("etag", sa.String(255)),
        sa.Column("width", sa.Integer()),
        sa.Column("height", sa.Integer()),
        sa.Column("placeholder", sa.String(255)),
        sa.Column("thumbnails_status", sa.String(20), nullable=False),
        sa.Column("thumbnails_error", sa.String(50)),
        sa.Column("thumbnails_starts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("thumbnails_claimed_until", INSTANT),
        sa.Column("completion_claimed_until", INSTANT),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("ready_at", INSTANT),
        sa.CheckConstraint("kind IN ('post_image', 'avatar')", name=op.f("ck_media_kind")),
        sa.CheckConstraint("status IN ('pending', 'ready')", name=op.f("ck_media_status")),
        sa.CheckConstraint(
            "content_type IN ('image/jpeg', 'image/png', 'image/webp')",
            name=op.f("ck_media_content_type"),
        ),
        sa.CheckConstraint(
            "thumbnails_status IN ('pending', 'ready', 'failed')",
            name=op.f("ck_media_thumbnails_status"),
        ),
        sa.CheckConstraint("size_bytes > 0", name=op.f("ck_media_size_bytes")),
        sa.CheckConstraint(
            "status = 'pending' AND thumbnails_status = 'pending' AND etag IS NULL"
            " AND width IS NULL AND height IS NULL AND ready_at IS NULL"
            " OR status = 'ready' AND etag IS NOT NULL"
            " AND width > 0 AND height > 0 AND ready_at IS NOT NULL",
            name=op.f("ck_media_ready"),
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["users.id"], name="fk_media_owner_id", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_media"),
        sa.UniqueConstraint("incoming_key", name="uq_media_incoming_key"),
        sa.UniqueConstraint("object_key", name="uq_media_object_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_media_owner_id_created_at_id", "media", ["owner_id", "created_at", "id"])
    op.create_index(
        "ix_media_pending",
        "media",
        ["owner_id", "expires_at"],
        sqlite_where=PENDING,
        postgresql_where=PENDING,
    )
    op.create_index(
        "ix_media_expiring",
        "media",
        ["expires_at"],
        sqlite_where=PENDING,
        postgresql_where=PENDING,
    )
    op.create_index(
        "ix_media_owed", "media", ["ready_at"], sqlite_where=OWED, postgresql_where=OWED
    )
    if not is_sqlite:
        op.create_foreign_key(
            "fk_users_avatar_media_id",
            "users",
            "media",
            ["avatar_media_id"],
            ["id"],
            ondelete="RESTRICT",
        )
    op.create_table(
        "media_variants",
        sa.Column("media_id", ID, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("object_key", sa.String(1024), nullable=False),
        sa.Column("url", sa.String(2048), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "width > 0 AND height > 0 AND size_bytes > 0", name=op.f("ck_media_variants_positive")
        ),
        sa.ForeignKeyConstraint(
            ["media_id"], ["media.id"], name="fk_media_variants_media_id", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("media_id", "size", name="pk_media_variants"),
        sa.UniqueConstraint("object_key", name="uq_media_variants_object_key"),
    )
    op.create_table(
        "object_deletions",
        sa.Column("id", ID, nullable=False),
        sa.Column("object_key", sa.String(1024), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_object_deletions"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_object_deletions_due_at", "object_deletions", ["due_at"])


def downgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint("fk_users_avatar_media_id", "users")
    for table in ("object_deletions", "media_variants", "media", "users"):
        op.drop_table(table)
