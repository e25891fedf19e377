"""A user says something under a post."""

from dataclasses import dataclass

from mediaport.application.ports.clock import Clock
from mediaport.application.ports.post_repository import PostRepository
from mediaport.application.ports.shown import ShownComment
from mediaport.domain.posts import Comment, CommentId, PostId
from mediaport.domain.users import UserId


@dataclass(frozen=True, slots=True)
class CommentOnPost:
    """Keeps a comment and counts it."""

    posts: PostRepository
    clock: Clock

    async def __call__(self, post_id: PostId, *, body: str, by: UserId) -> ShownComment:
        """The new comment.

        Raises:
            PostNotFound: There is no such post.
            TextUnfit: The text is empty, too long, or no text.
        """
        now = self.clock.now()

        def make(comment_id: CommentId) -> Comment:
            return Comment(id=comment_id, post_id=post_id, author_id=by, body=body, created_at=now)

        return await self.posts.add_comment(post_id, make)
