"""All tables. Alembic compares them with the migrations; the constraints here decide the races.

Foreign keys restrict: a row that something refers to cannot be purged, whoever comes first.
"""

from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    text,
)

from mediaport.adapters.sql.types import Id, ObjectKey, UtcDateTime
from mediaport.domain.attachments import PLACE_MAX_LENGTH
from mediaport.domain.media import Status, ThumbnailsStatus
from mediaport.domain.policy import ContentType

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    """A CHECK that a column holds a value of the enum."""
    allowed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({allowed})", name=column)


users = Table(
    "users",
    metadata,
    Column("id", Id, primary_key=True),
    Column("username", String(30), nullable=False, unique=True),
    Column("password_hash", String(255), nullable=False),
    Column(
        "avatar_media_id",
        Id,
        ForeignKey("media.id", ondelete="RESTRICT", use_alter=True),
        unique=True,
    ),
    Column("created_at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,
)

media = Table(
    "media",
    metadata,
    Column("id", Id, primary_key=True),
    Column("owner_id", Id, ForeignKey("users.id", ondelete="RESTRICT"), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("status", String(20), nullable=False),
    Column("bucket", String(255), nullable=False),
    Column("incoming_key", ObjectKey, nullable=False, unique=True),
    Column("object_key", ObjectKey, nullable=False, unique=True),
    Column("public_url", String(2048), nullable=False),
    Column("content_type", String(50), nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("alt", Text),
    Column("etag", String(255)),
    Column("width", Integer),
    Column("height", Integer),
    Column("placeholder", String(255)),
    # What a feed shows of `media_variants`, beside the row that it reads anyway: JSON, and null
    # where an older version made the thumbnails.
    Column("variants", Text),
    Column("thumbnails_status", String(20), nullable=False),
    Column("thumbnails_error", String(50)),
    Column("thumbnails_starts", Integer, nullable=False, server_default=text("0")),
    Column("thumbnails_claimed_until", UtcDateTime),
    Column("completion_claimed_until", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("ready_at", UtcDateTime),
    Column("unattached_since", UtcDateTime),
    one_of("status", Status),
    one_of("content_type", ContentType),
    one_of("thumbnails_status", ThumbnailsStatus),
    CheckConstraint("size_bytes > 0", name="size_bytes"),
    CheckConstraint(
        "status = 'pending' AND thumbnails_status = 'pending' AND etag IS NULL"
        " AND width IS NULL AND height IS NULL AND ready_at IS NULL"
        " OR status = 'ready' AND etag IS NOT NULL"
        " AND width > 0 AND height > 0 AND ready_at IS NOT NULL",
        name="ready",
    ),
    Index(None, "owner_id", "created_at", "id"),
    # All that a quota asks for, so that the index alone answers.
    Index("ix_media_quota", "owner_id", "status", "expires_at", "size_bytes"),
    Index(
        "ix_media_expiring",
        "expires_at",
        sqlite_where=text("status = 'pending'"),
        postgresql_where=text("status = 'pending'"),
    ),
    # Whose turn it is, and what they have waited for.
    Index(
        "ix_media_owed_by_owner",
        "owner_id",
        "ready_at",
        sqlite_where=text("status = 'ready' AND thumbnails_status = 'pending'"),
        postgresql_where=text("status = 'ready' AND thumbnails_status = 'pending'"),
    ),
    Index(
        "ix_media_unattached",
        "unattached_since",
        sqlite_where=text("unattached_since IS NOT NULL"),
        postgresql_where=text("unattached_since IS NOT NULL"),
    ),
    sqlite_autoincrement=True,
)

# Kept by triggers (migration 0005): what was presigned and what was published of each owner.
media_usage = Table(
    "media_usage",
    metadata,
    Column("owner_id", Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("pending", BigInteger, nullable=False),
    Column("pending_bytes", BigInteger, nullable=False),
    Column("stored_bytes", BigInteger, nullable=False),
)

media_variants = Table(
    "media_variants",
    metadata,
    Column("media_id", Id, ForeignKey("media.id", ondelete="RESTRICT"), nullable=False),
    Column("size", Integer, nullable=False),
    Column("object_key", ObjectKey, nullable=False, unique=True),
    Column("url", String(2048), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    PrimaryKeyConstraint("media_id", "size"),
    CheckConstraint("width > 0 AND height > 0 AND size_bytes > 0", name="positive"),
)

posts = Table(
    "posts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("owner_id", Id, ForeignKey("users.id", ondelete="RESTRICT"), nullable=False),
    Column("body", Text, nullable=False),
    Column("media_id", Id, ForeignKey("media.id", ondelete="RESTRICT"), unique=True),
    Column("like_count", Integer, nullable=False, server_default=text("0")),
    Column("comment_count", Integer, nullable=False, server_default=text("0")),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("like_count >= 0 AND comment_count >= 0", name="counts"),
    Index(None, "created_at", "id"),
    Index(None, "owner_id", "created_at", "id"),
    sqlite_autoincrement=True,
)

# What the places of an app show that this is built into.
attachments = Table(
    "attachments",
    metadata,
    Column("place", String(PLACE_MAX_LENGTH), primary_key=True),
    Column(
        "media_id", Id, ForeignKey("media.id", ondelete="RESTRICT"), nullable=False, unique=True
    ),
    Column("attached_at", UtcDateTime, nullable=False),
)

likes = Table(
    "likes",
    metadata,
    Column("post_id", Id, ForeignKey("posts.id", ondelete="RESTRICT"), nullable=False),
    Column("user_id", Id, ForeignKey("users.id", ondelete="RESTRICT"), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("post_id", "user_id"),
    Index(None, "user_id"),
)

comments = Table(
    "comments",
    metadata,
    Column("id", Id, primary_key=True),
    Column("post_id", Id, ForeignKey("posts.id", ondelete="RESTRICT"), nullable=False),
    Column("author_id", Id, ForeignKey("users.id", ondelete="RESTRICT"), nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index(None, "post_id", "created_at", "id"),
    Index(None, "author_id"),
    sqlite_autoincrement=True,
)

object_deletions = Table(
    "object_deletions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("object_key", ObjectKey, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("claimed_until", UtcDateTime),
    Index(None, "due_at"),
    Index(None, "object_key"),
    sqlite_autoincrement=True,
)

leases = Table(
    "leases",
    metadata,
    Column("name", String(50), primary_key=True),
    Column("claimed_until", UtcDateTime, nullable=False),
)

thumbnail_remakes = Table(
    "thumbnail_remakes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("started_at", UtcDateTime, nullable=False),
    Column("recipe", String(100), nullable=False),
    Column("last_media_id", Id, nullable=False, server_default=text("0")),
    Column("finished_at", UtcDateTime),
    sqlite_autoincrement=True,
)
