"""A user likes a post, or no longer does."""

from dataclasses import dataclass

from mediaport.application.ports.clock import Clock
from mediaport.application.ports.post_repository import PostRepository
from mediaport.domain.posts import PostId
from mediaport.domain.users import UserId


@dataclass(frozen=True, slots=True)
class LikePost:
    """Counts one like per user and post."""

    posts: PostRepository
    clock: Clock

    async def __call__(self, post_id: PostId, *, by: UserId) -> int:
        """How many likes there are, with this one.

        Raises:
            PostNotFound: There is no such post.
        """
        return await self.posts.like(post_id, by=by, now=self.clock.now())

    async def take_back(self, post_id: PostId, *, by: UserId) -> int:
        """How many likes there are, without this one.

        Raises:
            PostNotFound: There is no such post.
        """
        return await self.posts.unlike(post_id, by=by)
