"""The comments under a post, oldest first, page by page."""

from collections.abc import Sequence
from dataclasses import dataclass

from mediaport.application.ports.post_repository import Position, PostRepository
from mediaport.application.ports.shown import ShownComment
from mediaport.domain.posts import PostId


@dataclass(frozen=True, slots=True)
class ListComments:
    """Pages by key, as the feed does."""

    posts: PostRepository

    async def __call__(
        self, post_id: PostId, *, limit: int, after: Position | None = None
    ) -> tuple[Sequence[ShownComment], Position | None]:
        """A page of comments and where the next page starts, if there is one.

        Raises:
            PostNotFound: There is no such post.
        """
        found = await self.posts.comments(post_id, after=after, limit=limit + 1)
        page = found[:limit]
        if len(found) <= limit:
            return page, None
        return page, Position(created_at=page[-1].created_at, id=page[-1].id)
