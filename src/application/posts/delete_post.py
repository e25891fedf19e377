"""The owner takes a post back, and its picture with it."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from mediaport.application.media.deletion_plan import DeletionPlan
from mediaport.application.media.remove_objects import RemoveObjects
from mediaport.application.ports.clock import Clock
from mediaport.application.ports.media_repository import MediaRepository, ObjectDeletion
from mediaport.application.ports.post_repository import PostRepository
from mediaport.domain.errors import MediaNotFound, PostNotFound
from mediaport.domain.posts import Post, PostId
from mediaport.domain.users import UserId

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DeletePost:
    """Forgets a post with its likes, comments and media in one transaction."""

    posts: PostRepository
    media: MediaRepository
    clock: Clock
    plan: DeletionPlan
    remove_objects: RemoveObjects

    async def __call__(self, post_id: PostId, *, by: UserId) -> None:
        """Delete the post.

        Raises:
            PostNotFound: There is no such post of theirs.
        """
        post = await self.posts.get(post_id)
        post.require_owner(by)
        deletions = await self._objects_of(post)
        await self.posts.delete(post, deletions=deletions)
        log.info("Post deleted", extra={"post_id": post.id, "media_id": post.media_id})
        await self.remove_objects.at_once(deletions)

    async def _objects_of(self, post: Post) -> Sequence[ObjectDeletion]:
        if post.media_id is None:
            return []
        try:
            media = await self.media.get(post.media_id)
        except MediaNotFound as error:
            # A post keeps its media from being deleted: the post itself went meanwhile.
            raise PostNotFound(post.id) from error
        return self.plan.all_of(media, now=self.clock.now())
