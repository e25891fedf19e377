"""Posts with at most one picture, and the comments under them."""

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from mediaport.domain.errors import EmptyPost, PostNotFound, TextUnfit
from mediaport.domain.media import MediaId
from mediaport.domain.text import check_text
from mediaport.domain.users import UserId

PostId = NewType("PostId", int)
CommentId = NewType("CommentId", int)

POST_MAX_LENGTH = 2000
COMMENT_MAX_LENGTH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What a user published: text, a picture, or both. Text and picture never change."""

    id: PostId
    owner_id: UserId
    body: str
    created_at: datetime
    media_id: MediaId | None = None
    like_count: int = 0
    comment_count: int = 0

    def __post_init__(self) -> None:
        check_text("body", self.body, max_length=POST_MAX_LENGTH)
        if not self.body.strip() and self.media_id is None:
            raise EmptyPost

    def require_owner(self, user_id: UserId) -> None:
        """Let the owner alone pass.

        Raises:
            PostNotFound: It is someone else's; whether it exists is not told.
        """
        if self.owner_id != user_id:
            raise PostNotFound(self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A short text under a post."""

    id: CommentId
    post_id: PostId
    author_id: UserId
    body: str
    created_at: datetime

    def __post_init__(self) -> None:
        check_text("body", self.body, max_length=COMMENT_MAX_LENGTH)
        if not self.body.strip():
            raise TextUnfit("body", reason="is empty")
