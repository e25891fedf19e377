"""Newest posts first, page by page."""

from collections.abc import Sequence
from dataclasses import dataclass

from mediaport.application.ports.post_repository import Position, PostRepository
from mediaport.application.ports.shown import ShownPost
from mediaport.application.ports.user_repository import UserRepository
from mediaport.domain.users import UserId

MAX_PAGE = 100


@dataclass(frozen=True, slots=True)
class ListFeed:
    """Pages by key, not by number: a post that arrives while someone reads shifts nothing."""

    posts: PostRepository
    users: UserRepository

    async def __call__(
        self,
        *,
        viewer: UserId,
        limit: int,
        before: Position | None = None,
        username: str | None = None,
    ) -> tuple[Sequence[ShownPost], Position | None]:
        """A page of posts, of everyone or of one user, and where the next page starts, if any.

        Raises:
            UserNotFound: No user has that name.
        """
        owner = (await self.users.profile(username)).user.id if username is not None else None
        found = await self.posts.page(viewer=viewer, owner=owner, before=before, limit=limit + 1)
        page = found[:limit]
        if len(found) <= limit:
            return page, None
        return page, Position(created_at=page[-1].created_at, id=page[-1].id)
