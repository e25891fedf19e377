"""The peer's tables, as SQLAlchemy's ORM declares them: our schema, without what only we need."""

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """What all models share."""

    type_annotation_map = {int: BigInteger, datetime: DateTime(timezone=True)}  # noqa: RUF012 - the ORM's own way


class Variant(Base):
    """A thumbnail."""

    __tablename__ = "media_variants"

    media_id: Mapped[int] = mapped_column(ForeignKey("media.id"), primary_key=True)
    size: Mapped[int] = mapped_column(primary_key=True)
    url: Mapped[str]


class Media(Base):
    """An image, pending or ready."""

    __tablename__ = "media"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int]
    kind: Mapped[str]
    status: Mapped[str] = mapped_column(default="pending")
    bucket: Mapped[str]
    incoming_key: Mapped[str]
    object_key: Mapped[str]
    public_url: Mapped[str]
    content_type: Mapped[str]
    size_bytes: Mapped[int]
    alt: Mapped[str | None]
    etag: Mapped[str | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    placeholder: Mapped[str | None]
    thumbnails_status: Mapped[str] = mapped_column(default="pending")
    thumbnails_error: Mapped[str | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ready_at: Mapped[datetime | None]
    variants: Mapped[list[Variant]] = relationship()


class User(Base):
    """Someone with an account."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str]
    avatar_media_id: Mapped[int | None] = mapped_column(ForeignKey("media.id"))
    created_at: Mapped[datetime]
    avatar: Mapped[Media | None] = relationship()


class Post(Base):
    """What a user published."""

    __tablename__ = "posts"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    body: Mapped[str]
    media_id: Mapped[int | None] = mapped_column(ForeignKey("media.id"))
    like_count: Mapped[int] = mapped_column(default=0)
    comment_count: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    owner: Mapped[User] = relationship()
    media: Mapped[Media | None] = relationship()


class Like(Base):
    """Who likes which post."""

    __tablename__ = "likes"

    post_id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(primary_key=True)
