"""What is shown of posts, pictures and people: what a viewer may see, ready to be answered.

Read models, not entities: a page has sixty of them, nothing is decided by them, and nothing in them
is private. They are named tuples, as these are made at a fraction of what other objects cost.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple, Self

from mediaport.domain.media import Media, MediaId, Status, ThumbnailsStatus, shown_url
from mediaport.domain.policy import ContentType, Kind
from mediaport.domain.posts import Comment, CommentId, Post, PostId
from mediaport.domain.users import User, UserId


class ShownMedia(NamedTuple):
    """What everyone may see of a media item. `thumbnails` are URLs, by size in pixels."""

    id: MediaId
    kind: Kind
    status: Status
    content_type: ContentType
    size_bytes: int
    width: int | None
    height: int | None
    alt: str | None
    placeholder: str | None
    public_url: str
    thumbnails_status: ThumbnailsStatus
    thumbnails_error: str | None
    created_at: datetime
    thumbnails: Mapping[int, str]

    @property
    def shown_url(self) -> str | None:
        """The URL of a picture that can be shown."""
        return shown_url(self.public_url, self.status, self.thumbnails_status)

    @classmethod
    def of(cls, media: Media) -> Self:
        """What is shown of a media item."""
        same = (getattr(media, name) for name in cls._fields[:-1])
        thumbnails = {each.size: each.public_url for each in media.variants}
        return cls._make((*same, thumbnails))


class Author(NamedTuple):
    """Who posted or commented."""

    id: UserId
    username: str
    avatar: ShownMedia | None

    @classmethod
    def of(cls, user: User, avatar: Media | None) -> Self:
        """What is shown of a user."""
        return cls(user.id, user.username, ShownMedia.of(avatar) if avatar else None)


class ShownPost(NamedTuple):
    """A post with all that a viewer sees of it."""

    id: PostId
    body: str
    created_at: datetime
    media_id: MediaId | None
    like_count: int
    comment_count: int
    liked_by_me: bool
    owner: Author
    media: ShownMedia | None

    @classmethod
    def of(cls, post: Post, *, owner: Author, media: Media | None, liked_by_me: bool) -> Self:
        """What is shown of a post."""
        return cls(
            post.id,
            post.body,
            post.created_at,
            post.media_id,
            post.like_count,
            post.comment_count,
            liked_by_me,
            owner,
            ShownMedia.of(media) if media else None,
        )


class ShownComment(NamedTuple):
    """A comment with the one who wrote it."""

    id: CommentId
    post_id: PostId
    body: str
    created_at: datetime
    author: Author

    @classmethod
    def of(cls, comment: Comment, *, author: Author) -> Self:
        """What is shown of a comment."""
        return cls(comment.id, comment.post_id, comment.body, comment.created_at, author)
