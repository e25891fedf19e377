"""What the peer answers, as pydantic declares it: the same fields as ours."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from bench.peers import models


class PresignRequest(BaseModel):
    """What is going to be uploaded."""

    kind: str
    content_type: str
    size_bytes: int = Field(ge=1, le=5_242_880)
    filename: str | None = None


class UploadInstructions(BaseModel):
    """How to upload."""

    method: str
    url: str
    headers: dict[str, str]
    expires_at: datetime
    expires_in: int


class Presigned(BaseModel):
    """A pending media item with the permission to upload it."""

    media_id: int
    status: str
    kind: str
    upload_url: str
    public_url: str
    upload: UploadInstructions


class Media(BaseModel):
    """A media item."""

    id: int
    kind: str
    status: str
    content_type: str
    size_bytes: int
    width: int | None
    height: int | None
    alt: str | None
    placeholder: str | None
    public_url: str
    media_url: str | None
    original_url: str | None
    thumbnails_status: str
    thumbnails_error: str | None
    created_at: datetime
    thumb_128_url: str | None
    thumb_512_url: str | None
    thumb_1024_url: str | None

    @classmethod
    def of(cls, media: models.Media) -> "Media":
        """A media item as the API shows it."""
        urls = {variant.size: variant.url for variant in media.variants}
        shown = media.public_url if media.status == "ready" else None
        return cls(
            id=media.id,
            kind=media.kind,
            status=media.status,
            content_type=media.content_type,
            size_bytes=media.size_bytes,
            width=media.width,
            height=media.height,
            alt=media.alt,
            placeholder=media.placeholder,
            public_url=media.public_url,
            media_url=shown,
            original_url=shown,
            thumbnails_status=media.thumbnails_status,
            thumbnails_error=media.thumbnails_error,
            created_at=media.created_at,
            thumb_128_url=urls.get(128),
            thumb_512_url=urls.get(512),
            thumb_1024_url=urls.get(1024),
        )


class Person(BaseModel):
    """Someone who posted."""

    id: int
    username: str
    avatar_url: str | None
    avatar_thumb_url: str | None

    @classmethod
    def fields_of(cls, user: models.User) -> dict[str, Any]:
        """What every view of a user has."""
        avatar = user.avatar
        thumbs = {each.size: each.url for each in avatar.variants} if avatar else {}
        return {
            "id": user.id,
            "username": user.username,
            "avatar_url": avatar.public_url if avatar else None,
            "avatar_thumb_url": thumbs.get(128),
        }


class Profile(Person):
    """A user with their avatar."""

    avatar: Media | None
    created_at: datetime

    @classmethod
    def of(cls, user: models.User) -> "Profile":
        """A user as their profile shows them."""
        avatar = Media.of(user.avatar) if user.avatar else None
        return cls(**cls.fields_of(user), avatar=avatar, created_at=user.created_at)


class PostCreate(BaseModel):
    """A new post."""

    body: str = Field(max_length=2000)
    media_id: int | None = None


class Post(BaseModel):
    """A post as the caller sees it."""

    id: int
    body: str
    owner: Person
    media_id: int | None
    media_url: str | None
    media: Media | None
    like_count: int
    comment_count: int
    liked_by_me: bool
    created_at: datetime

    @classmethod
    def of(cls, post: models.Post, *, liked_by_me: bool) -> "Post":
        """A post as the API shows it."""
        media = Media.of(post.media) if post.media else None
        return cls(
            id=post.id,
            body=post.body,
            owner=Person(**Person.fields_of(post.owner)),
            media_id=post.media_id,
            media_url=media.media_url if media else None,
            media=media,
            like_count=post.like_count,
            comment_count=post.comment_count,
            liked_by_me=liked_by_me,
            created_at=post.created_at,
        )


class PostPage(BaseModel):
    """Posts, newest first."""

    items: list[Post]
    next_cursor: str | None
