"""A user publishes text, a picture, or both."""

from dataclasses import dataclass

from mediaport.application.ports.clock import Clock
from mediaport.application.ports.media_repository import MediaRepository
from mediaport.application.ports.post_repository import PostRepository
from mediaport.application.ports.shown import ShownPost
from mediaport.domain.media import MediaId
from mediaport.domain.policy import POST_IMAGE
from mediaport.domain.posts import Post, PostId
from mediaport.domain.users import UserId


@dataclass(frozen=True, slots=True)
class CreatePost:
    """Attaches ready media to a new post; a unique key decides who attaches it first."""

    posts: PostRepository
    media: MediaRepository
    clock: Clock

    async def __call__(self, *, body: str, media_id: MediaId | None, by: UserId) -> ShownPost:
        """The new post as its owner sees it.

        Raises:
            EmptyPost: It has neither text nor picture.
            TextUnfit: The text is too long, or no text.
            MediaNotFound: There is no such media of theirs.
            WrongKind: The media is no post image.
            MediaNotReady: The media was not completed.
            MediaAlreadyAttached: Another post shows the media.
        """
        if media_id is not None:
            media = await self.media.get(media_id)
            media.require_attachable(by=by, kind=POST_IMAGE)
        now = self.clock.now()

        def make(post_id: PostId) -> Post:
            return Post(id=post_id, owner_id=by, body=body, media_id=media_id, created_at=now)

        post = await self.posts.add(make)
        return await self.posts.show(post.id, viewer=by)
