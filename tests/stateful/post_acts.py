"""What users do with their posts and profiles."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from mediaport.application.ports.shown import ShownPost
from mediaport.application.ports.user_repository import Profile
from mediaport.domain.errors import (
    DomainError,
    MediaAlreadyAttached,
    MediaNotFound,
    MediaNotReady,
    PostNotFound,
    UsernameTaken,
    WrongKind,
)
from mediaport.domain.media import Media, MediaId
from mediaport.domain.policy import AVATAR, POST_IMAGE, Kind
from mediaport.domain.posts import Post
from mediaport.domain.users import UserId
from tests.stateful.media_acts import STORE
from tests.stateful.product import Deed, OnMedia, Product
from tests.stateful.rows import Rows


def _refusal_to_show(rows: Rows, media: Media, by: UserId, kind: Kind) -> type[DomainError] | None:
    current = rows.media.get(media.id)
    if current is None or by != media.owner_id:
        return MediaNotFound  # row 16
    if media.kind is not kind:
        return WrongKind  # row 16
    return None if current.is_ready else MediaNotReady  # row 16


@dataclass(frozen=True)
class Register:
    """Someone comes, with a new name or one that is taken."""

    name: int = 0

    def deed(self, product: Product, rows: Rows) -> Deed | None:
        """The request."""
        name = f"user_{self.name}"
        return Deed(
            partial(product.use.register_user(), username=name, password="correct horse"),
            refusal=UsernameTaken if name in rows.names else None,
        )


@dataclass(frozen=True)
class CreatePost(OnMedia):
    """Someone publishes a picture."""

    def of(self, product: Product, rows: Rows, media: Media, by: UserId) -> Deed:
        """The request."""

        def check(answer: ShownPost, after: Rows) -> None:
            post = after.posts[answer.id]
            shown = after.media[media.id]
            assert answer == ShownPost.of(post, owner=answer.owner, media=shown, liked_by_me=False)

        return Deed(
            partial(product.use.create_post(), body="look", media_id=media.id, by=by),
            refusal=self._refusal(rows, media, by),
            focus=media.id,
            check=check,
        )

    def _refusal(self, rows: Rows, media: Media, by: UserId) -> type[DomainError] | None:
        refusal = _refusal_to_show(rows, media, by, POST_IMAGE)
        if refusal is None and media.id in rows.shown:
            return MediaAlreadyAttached  # row 17
        return refusal


@dataclass(frozen=True)
class SetAvatar(OnMedia):
    """Someone shows another avatar."""

    def of(self, product: Product, rows: Rows, media: Media, by: UserId) -> Deed:
        """The request."""
        replaced = rows.avatars[by]

        def check(answer: Profile, after: Rows) -> None:
            assert after.avatars[by] == media.id
            assert replaced in {None, media.id} or replaced not in after.media

        return Deed(
            partial(product.use.set_avatar(), media.id, by=by),
            refusal=_refusal_to_show(rows, media, by, AVATAR),
            focus=media.id,
            shrugs_off=STORE,
            check=check,
        )


@dataclass(frozen=True)
class Show:
    """The owner shows a picture, where pictures of its kind are shown."""

    media: int = 0

    def deed(self, product: Product, rows: Rows) -> Deed | None:
        """The request."""
        media = product.media(rows, self.media)
        if media is None:
            return None
        act = CreatePost(self.media) if media.kind is POST_IMAGE else SetAvatar(self.media)
        return act.deed(product, rows)


@dataclass(frozen=True)
class ClearAvatar:
    """Someone shows no avatar."""

    user: int = 0

    def deed(self, product: Product, rows: Rows) -> Deed | None:
        """The request."""
        by = product.user(rows, self.user)
        worn = rows.avatars[by]
        shown = None if worn is None else MediaId(worn)

        def check(answer: Profile, after: Rows) -> None:
            assert answer.avatar is None
            assert after.avatars[by] is None
            assert shown not in after.media

        ask = partial(product.use.set_avatar(), None, by=by)
        return Deed(ask, focus=shown, shrugs_off=STORE, check=check)


def _post(product: Product, rows: Rows, pick: int) -> Post | None:
    """The one that shows the media item in focus for 0, if one does; else one of all."""
    in_focus = [post for post in rows.posts.values() if post.media_id == product.focus]
    posts = in_focus if pick == 0 and in_focus else sorted(rows.posts.values(), key=_newest_first)
    return posts[pick % len(posts)] if posts else None


def _newest_first(post: Post) -> int:
    return -post.id


@dataclass(frozen=True)
class DeletePost:
    """Someone takes a post back."""

    post: int = 0
    by: int = 0

    def deed(self, product: Product, rows: Rows) -> Deed | None:
        """The request."""
        post = _post(product, rows, self.post)
        if post is None:
            return None
        by = product.user(rows, self.by, owner=post.owner_id)

        def check(answer: None, after: Rows) -> None:
            assert post.id not in after.posts
            assert post.media_id not in after.media

        return Deed(
            partial(product.use.delete_post(), post.id, by=by),
            refusal=None if by == post.owner_id else PostNotFound,
            focus=post.media_id,
            shrugs_off=STORE,
            check=check,
        )


@dataclass(frozen=True)
class Answer:
    """Someone likes a post, twice, or comments on it."""

    post: int = 0
    by: int = 0
    is_like: bool = True

    def deed(self, product: Product, rows: Rows) -> Deed | None:
        """The request."""
        post = _post(product, rows, self.post)
        if post is None:
            return None
        by = product.user(rows, self.by)

        async def ask() -> Any:
            if self.is_like:
                await product.use.like_post()(post.id, by=by)
                return await product.use.like_post()(post.id, by=by)
            return await product.use.comment_on_post()(post.id, body="nice", by=by)

        return Deed(ask, focus=post.media_id)
