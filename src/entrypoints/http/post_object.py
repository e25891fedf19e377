"""The post, and pages of posts, as the API shows them."""

from collections.abc import Hashable, Sequence
from datetime import datetime
from typing import Annotated, cast

import msgspec
from msgspec import Meta

from mediaport.application.ports.post_repository import Position
from mediaport.application.ports.shown import ShownPost
from mediaport.entrypoints.http.media_object import MediaObject, MediaObjects
from mediaport.entrypoints.http.users import PersonObject, person_object
from mediaport.entrypoints.http.wire import to_cursor

# As many posts as are kept ready: some 3 MB, with what they are made from.
MAX_READY = 1000


class PostWithCounts(msgspec.Struct, frozen=True, kw_only=True):
    """A post as the caller sees it."""

    id: int
    body: str
    owner: PersonObject
    media_id: int | None
    media_url: str | None
    media: MediaObject | None
    like_count: int
    comment_count: int
    liked_by_me: bool
    created_at: datetime


class PostPage(msgspec.Struct, frozen=True, kw_only=True):
    """Posts, newest first."""

    items: list[PostWithCounts]
    next_cursor: Annotated[str | None, Meta(description="Null on the last page")]


def post_object(shown: ShownPost, media_objects: MediaObjects) -> PostWithCounts:
    """A post as the API shows it."""
    media = shown.media
    return PostWithCounts(
        id=shown.id,
        body=shown.body,
        owner=person_object(shown.owner, media_objects),
        media_id=shown.media_id,
        media_url=media_objects.shown_url(media) if media else None,
        media=media_objects.shown(media) if media else None,
        like_count=shown.like_count,
        comment_count=shown.comment_count,
        liked_by_me=shown.liked_by_me,
        created_at=shown.created_at,
    )


class PostPages:
    """Makes pages of posts as the API shows them; keeps ready what first pages show."""

    def __init__(self, media_objects: MediaObjects, *, max_ready: int = MAX_READY) -> None:
        self._media_objects, self._max_ready = media_objects, max_ready
        self._ready: dict[int, tuple[ShownPost, PostWithCounts]] = {}
        self._edition: Hashable = None

    def page(
        self, shown: Sequence[ShownPost], following: Position | None, *, is_first: bool
    ) -> PostPage:
        """A page of posts as the API shows it."""
        if is_first:
            if (edition := self._media_objects.edition()) != self._edition:
                self._edition = edition
                self._ready.clear()  # the URLs in it are those of before
            items = [self._ready_object(post) for post in shown]
        else:
            items = [post_object(post, self._media_objects) for post in shown]
        return PostPage(items=items, next_cursor=to_cursor(following))

    def _ready_object(self, shown: ShownPost) -> PostWithCounts:
        """The JSON that stands for a post in an answer. The same post is often the same object."""
        known = self._ready.get(id(shown))
        if known is None or known[0] is not shown:
            if len(self._ready) >= self._max_ready:
                del self._ready[next(iter(self._ready))]
            json = msgspec.Raw(msgspec.json.encode(post_object(shown, self._media_objects)))
            known = self._ready[id(shown)] = shown, cast("PostWithCounts", json)
        return known[1]
