"""What must be true of rows and objects at any moment, and what when all is done."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from mediaport.application.media.make_thumbnails import MAX_STARTS
from mediaport.domain.keys import variant_key
from mediaport.domain.media import Media, MediaId, ThumbnailsStatus
from tests.stateful.bodies import GOOD, LENGTH, Body, Look
from tests.stateful.rows import Rows

MAX_PENDING, MAX_PENDING_BYTES, MAX_STORED_BYTES = 4, 3 * LENGTH + 1, 10 * LENGTH + 1


class Stored(Protocol):
    """An object."""

    @property
    def body(self) -> bytes: ...

    @property
    def content_type(self) -> str: ...


Objects = Mapping[str, Stored]


@dataclass
class Memory:
    """What was seen so far.

    Attributes:
        media: Each media item as it was seen last.
        put: What was put to each media item's signed URLs.
        published: What was found under the key of each media item that became ready.
        alts: What media were said to show, where the answer came.
        cut_short: Media whose thumbnails someone did not make in peace.
        starts: How often that may have counted as a start.
        sizes: Of thumbnails, as they were set, the present ones last.
    """

    media: dict[MediaId, Media] = field(default_factory=dict)
    put: dict[MediaId, list[Body]] = field(default_factory=dict)
    published: dict[MediaId, Body] = field(default_factory=dict)
    alts: dict[MediaId, str] = field(default_factory=dict)
    cut_short: set[MediaId] = field(default_factory=set)
    starts: Counter[MediaId] = field(default_factory=Counter)
    sizes: list[tuple[int, ...]] = field(default_factory=list)

    @property
    def every_size(self) -> set[int]:
        """All sizes that thumbnails ever had."""
        return {size for sizes in self.sizes for size in sizes}


def check(memory: Memory, rows: Rows, objects: Objects, *, now: datetime) -> None:
    """Hold everything to what must be true at any moment."""
    memory.media.update(rows.media)
    _what_is_shown_is_whole(rows)
    for media in rows.media.values():
        assert memory.alts.get(media.id, media.alt) == media.alt, f"{media.id} lost its alt text"
        if media.is_ready:
            _ready_media_have_their_objects(memory, media, objects)
    _what_is_public_was_verified(memory, objects)
    _every_object_is_accounted_for(memory, rows, objects)
    _quotas_hold(rows, now)
    for post in rows.posts.values():
        counted = (rows.liked[post.id], rows.commented[post.id])
        assert (post.like_count, post.comment_count) == counted


def _what_is_shown_is_whole(rows: Rows) -> None:
    for media_id, user in rows.shown.items():
        assert media_id in rows.media, f"media {media_id} is shown and gone"  # row 19
        media = rows.media[media_id]
        assert media.is_ready, f"media {media_id} is shown and not ready"  # row 16
        assert media.owner_id == user, f"media {media_id} is shown by a stranger"  # row 16
    attached = [post.media_id for post in rows.posts.values() if post.media_id is not None]
    assert len(attached) == len(set(attached)), "two posts show one media item"  # row 17


def _ready_media_have_their_objects(memory: Memory, media: Media, objects: Objects) -> None:
    stored = objects.get(media.object_key)
    assert stored is not None, f"media {media.id} is ready, its object missing"  # rows 19 and 50
    body = memory.published.setdefault(media.id, _body_of(memory, media, stored))
    assert stored.body == body.published, f"media {media.id} was changed"  # row 3
    assert media.etag == hashlib.md5(stored.body, usedforsecurity=False).hexdigest()  # row 50
    facts = (len(stored.body), body.width, body.height)
    assert (media.size_bytes, media.width, media.height) == facts  # row 4
    if media.thumbnails_status is ThumbnailsStatus.FAILED:
        gave_up = memory.starts[media.id] >= MAX_STARTS and media.thumbnails_error == "gave_up"
        is_broken = body.look is Look.BROKEN and media.thumbnails_error == "truncated"
        assert gave_up or is_broken, f"media {media.id}: {media.thumbnails_error}"  # row 26
    if media.thumbnails_status is not ThumbnailsStatus.READY:
        return
    made = tuple(variant.size for variant in media.variants)
    assert made in memory.sizes, f"media {media.id} has thumbnails of {made} px"  # row 47
    for variant in media.variants:
        assert variant.object_key in objects, f"thumbnail {variant} is missing"  # row 47


def _body_of(memory: Memory, media: Media, stored: Stored) -> Body:
    """What was uploaded for a media item and verified, by the bytes that are public."""
    for body in memory.put.get(media.id, []):
        if body.look in GOOD and body.published == stored.body:
            assert stored.content_type == media.content_type
            return body
    raise AssertionError(f"{stored} of media {media.id} is public, not verified")


def _what_is_public_was_verified(memory: Memory, objects: Objects) -> None:
    public = {key: stored for key, stored in objects.items() if key.startswith("public/")}
    for media in memory.media.values():
        if stored := public.pop(media.object_key, None):
            _body_of(memory, media, stored)  # rows 4, 12, 20 and 22
        for size in memory.every_size:
            thumbnail = public.pop(variant_key(media.object_key, size), None)
            if thumbnail:
                body = memory.published[media.id]
                assert thumbnail.body == body.thumbnail(size)  # row 46
    assert not public, f"public and of no media item: {public}"


def _every_object_is_accounted_for(memory: Memory, rows: Rows, objects: Objects) -> None:
    unknown = objects.keys() - set(_keys(memory, rows)) - rows.deletions
    unknown -= set(_half_made(memory))
    assert not unknown, f"nobody will remove {sorted(unknown)}"  # row 53


def _keys(memory: Memory, rows: Rows) -> Iterator[str]:
    for media in rows.media.values():
        yield media.object_key
        yield from (variant_key(media.object_key, size) for size in memory.every_size)
        if not media.is_ready:
            yield media.incoming_key


def _half_made(memory: Memory) -> Iterator[str]:
    """Thumbnails that nothing may refer to: what is made in sizes that are dropped then, or before
    another process gives up, when its maker is killed. `reconcile` finds them.
    """
    for media_id in memory.cut_short:
        media = memory.media[media_id]
        if media.thumbnails_error or len(set(memory.sizes)) > 1:
            yield from (variant_key(media.object_key, size) for size in memory.every_size)


def _quotas_hold(rows: Rows, now: datetime) -> None:
    for user in rows.avatars:
        theirs = [media for media in rows.media.values() if media.owner_id == user]
        if rows.counted is not None:
            assert rows.counted.get(user, (0, 0, 0)) == _count(theirs)
        pending = [m.size_bytes for m in theirs if not m.is_ready and m.expires_at > now]
        stored = sum(media.size_bytes for media in theirs if media.is_ready)
        assert len(pending) <= MAX_PENDING, f"{len(pending)} uploads are pending"  # row 31
        assert sum(pending) <= MAX_PENDING_BYTES, f"{sum(pending)} bytes are pending"  # row 31
        # What was completed at the last moment, its place free already, comes on top.
        late = sum(media.size_bytes for media in theirs if _was_late(media))
        assert stored - late + sum(pending) <= MAX_STORED_BYTES, f"{stored} bytes are stored"


def _count(media: Sequence[Media]) -> tuple[int, int, int]:
    pending = [each.size_bytes for each in media if not each.is_ready]
    return len(pending), sum(pending), sum(each.size_bytes for each in media if each.is_ready)


def _was_late(media: Media) -> bool:
    return media.ready_at is not None and media.ready_at >= media.expires_at


def check_settled(memory: Memory, rows: Rows) -> None:
    """Hold everything to what must be true once workers and sweep had their time."""
    owing = [media.id for media in rows.media.values() if media.owes_thumbnails]
    assert not owing, f"media {owing} still owe their thumbnails"  # rows 43, 44 and 45


def check_end(memory: Memory, rows: Rows, keys: set[str]) -> None:
    """Hold everything to what must be true once all that was due is done."""
    assert rows.media.keys() == rows.shown.keys(), "unattached media are left"
    assert not rows.deletions, "deletions are left"
    assert not rows.leases, "leases are left"
    assert not rows.completing_until, "claims are left"
    wanted = {media.object_key for media in rows.media.values()}
    wanted |= {v.object_key for media in rows.media.values() for v in media.variants}
    assert wanted <= keys, f"objects are missing: {sorted(wanted - keys)}"  # row 19
    left = keys - wanted - set(_half_made(memory))
    assert not left, f"objects are left: {sorted(left)}"  # rows 3 and 53
