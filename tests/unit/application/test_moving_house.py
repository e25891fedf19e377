"""A user takes all along, and comes in elsewhere: once, however often it is tried."""

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest

from mediaport.adapters.memory.archive import MemoryArchive
from mediaport.adapters.memory.images import picture
from mediaport.application.ports.archive import (
    ArchiveUnfit,
    ExportedComment,
    ExportedLike,
    ExportedMedia,
    ExportedPost,
    ExportedProfile,
)
from mediaport.application.users import export_user, import_user
from mediaport.application.users.import_user import Brought
from mediaport.domain.errors import MediaNotFound, StorageQuotaExceeded, UserNotFound
from mediaport.domain.media import Media
from mediaport.domain.policy import AVATAR, ContentType
from mediaport.domain.users import UserId
from tests.world import World


@pytest.fixture
def old(world: World) -> World:
    """The server that a user leaves."""
    return world


@pytest.fixture
def new() -> World:
    """The server that a user comes to."""
    return World()


async def a_life(world: World) -> UserId:
    """Ada has posted, been answered, liked, and has an avatar."""
    ada, bob = await world.user("ada"), await world.user("bob")
    media = await world.ready(ada, body=picture(width=1000, height=800))
    await world.use.describe_media()(media.id, alt="A dog", by=ada)
    shown = await world.use.create_post()(body="Look", media_id=media.id, by=ada)
    world.clock.advance(seconds=60)
    await world.use.create_post()(body="Hello", media_id=None, by=ada)
    plain = await world.ready(ada)
    await world.use.create_post()(body="", media_id=plain.id, by=ada)
    his = await world.use.create_post()(body="Hi", media_id=None, by=bob)
    for post in (shown, his):
        await world.use.like_post()(post.id, by=ada)
        await world.use.comment_on_post()(post.id, body="Nice", by=ada)
    await world.use.comment_on_post()(shown.id, body="Thanks", by=bob)
    avatar = await world.ready(ada, AVATAR)
    await world.use.set_avatar()(avatar.id, by=ada)
    await world.uploaded(ada)
    return ada


async def exported(world: World) -> MemoryArchive:
    archive = MemoryArchive()
    await world.use.export_user()("ada", archive)
    return archive


async def imported(world: World, archive: MemoryArchive, *, to: UserId) -> Brought:
    checked = await world.use.check_archive()(archive)
    told: list[Brought] = []
    brought: Brought = await world.use.import_user()(archive, checked, to=to, tell=told.append)
    assert len(told) == checked.posts
    return brought


def of_kind(archive: MemoryArchive, kind: type) -> list[object]:
    return [each for each in archive.facts if isinstance(each, kind)]


async def test_all_that_a_user_has_is_written(old: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_user, "PAGE", 2)
    ada = await a_life(old)
    archive = MemoryArchive()

    taken = await old.use.export_user()("ada", archive)

    assert (taken.posts, taken.comments, taken.likes, taken.media) == (3, 2, 2, 3)
    assert (taken.lost, taken.pending) == (0, 1)
    media = [each for each in old.tables.media.values() if each.is_ready]
    assert archive.profile() == ExportedProfile(
        username="ada", created_at=old.tables.users[ada].created_at, avatar=media[-1].id
    )
    assert [each.alt for each in archive.media()] == ["A dog", None, None]
    assert archive.originals == {each.id: old.store.objects[each.object_key].body for each in media}
    assert taken.size_bytes == sum(len(body) for body in archive.originals.values())
    assert [(post.body, post.media, post.like_count) for post in archive.posts()] == [
        ("Look", media[0].id, 1),
        ("Hello", None, 0),
        ("", media[1].id, 0),
    ]
    assert len(of_kind(archive, ExportedComment)) == len(of_kind(archive, ExportedLike)) == 2
    assert "password" not in str(archive.facts)


async def test_who_is_not_there_is_not_exported(old: World) -> None:
    with pytest.raises(UserNotFound):
        await exported(old)


async def test_what_the_store_has_lost_is_told_and_what_was_just_deleted_is_not(
    old: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_life(old)
    first, *_ = [each for each in old.tables.media.values() if each.is_ready]
    await old.store.delete([each.object_key for each in old.tables.media.values()])
    get = old.media.get

    async def gone(media_id: int) -> Media:
        if media_id != first.id:
            raise MediaNotFound(media_id)
        return await get(first.id)

    monkeypatch.setattr(old.media, "get", gone)

    archive = await exported(old)

    (lost,) = archive.media()
    assert (lost.id, lost.sha256) == (first.id, None)
    assert archive.profile().avatar is None
    # Posts of what is not in it are not in it, either.
    assert [post.body for post in archive.posts()] == ["Look", "Hello"]


async def test_a_user_comes_in_with_pictures_texts_and_dates(old: World, new: World) -> None:
    await a_life(old)
    await new.user("somebody")
    to = await new.user("ada")
    new.clock.advance(seconds=999)

    brought = await imported(new, await exported(old), to=to)

    assert brought == Brought(posts=3, media=3, has_new_avatar=True)
    there = [each for each in old.tables.posts.values() if each.body != "Hi"]
    here = list(new.tables.posts.values())
    assert [(each.body, each.created_at) for each in here] == [
        (each.body, each.created_at) for each in there
    ]
    assert {each.owner_id for each in here} == {to}
    media = list(new.tables.media.values())
    assert [each.alt for each in media] == ["A dog", None, None]
    assert all(each.owes_thumbnails for each in media)
    assert [here[0].media_id, here[2].media_id] == [media[0].id, media[1].id]
    assert new.tables.users[to].avatar_media_id == media[2].id
    assert not [key for key in new.store.objects if not key.startswith("public/")]
    await new.work()
    assert all(each.variants for each in new.tables.media.values())


async def test_what_was_brought_is_not_brought_twice(
    old: World, new: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_user, "PAGE", 2)
    await a_life(old)
    archive, to = await exported(old), await new.user("ada")
    await imported(new, archive, to=to)
    before = dict(new.tables.posts), dict(new.tables.media), dict(new.store.objects)

    brought = await imported(new, archive, to=to)

    assert brought == Brought(there_already=3)
    assert (new.tables.posts, new.tables.media, new.store.objects) == before


async def test_an_import_that_was_stopped_goes_on(old: World, new: World) -> None:
    await a_life(old)
    archive, to = await exported(old), await new.user("ada")
    checked = await new.use.check_archive()(archive)

    def stop(_: Brought) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await new.use.import_user()(archive, checked, to=to, tell=stop)
    brought = await imported(new, archive, to=to)

    assert brought == Brought(posts=2, media=2, there_already=1, has_new_avatar=True)
    assert len(new.tables.posts) == 3


async def test_two_posts_of_one_moment_and_text_both_come(old: World, new: World) -> None:
    ada = await old.user("ada")
    for _ in range(2):
        await old.use.create_post()(body="Twice", media_id=None, by=ada)
    archive, to = await exported(old), await new.user("ada")

    assert await imported(new, archive, to=to) == Brought(posts=2)
    assert await imported(new, archive, to=to) == Brought(there_already=2)


async def test_posts_whose_picture_was_lost_come_with_their_text(old: World, new: World) -> None:
    await a_life(old)
    await old.store.delete([each.object_key for each in old.tables.media.values()])
    to = await new.user("ada")

    brought = await imported(new, await exported(old), to=to)

    assert brought == Brought(posts=2, left_out=1)
    assert not new.tables.media


async def test_what_is_there_counts_when_more_comes(old: World, new: World) -> None:
    await a_life(old)
    archive, to = await exported(old), await new.user("ada")
    small = new.set_anew(media_max_stored_bytes=sum(map(len, archive.originals.values())))
    await new.ready(to)

    with pytest.raises(StorageQuotaExceeded):
        await imported(small, archive, to=to)


MEDIA, POST = ExportedMedia, ExportedPost
LATER = timedelta(days=999)


@pytest.mark.parametrize(
    ("kind", "change", "said"),
    [
        (ExportedProfile, {"avatar": 1}, "the picture of the profile"),
        (ExportedProfile, {"avatar": 99}, "the picture of the profile"),
        (MEDIA, {"kind": "banner"}, "media 1: There is no kind 'banner'"),
        (MEDIA, {"content_type": "image/gif"}, "media 1: Content type 'image/gif'"),
        (MEDIA, {"content_type": "image/png"}, "media 1:"),
        (MEDIA, {"size_bytes": 10**9}, "media 1: Declared 1000000000 bytes"),
        (MEDIA, {"size_bytes": 9}, "media 1: the original"),
        (MEDIA, {"sha256": "0"}, "media 1: the original"),
        (MEDIA, {"alt": "\x00"}, "media 1: "),
        (MEDIA, {"created_at": LATER}, "is still to come"),
        (MEDIA, {"created_at": None}, "has no time zone"),
        (POST, {"id": 2}, "there are two posts 2"),
        (POST, {"media": 2}, "post 3 shows media 2, as another post does"),
        (POST, {"media": 3}, "the picture of post 1"),
        (POST, {"media": 99}, "the picture of post 1"),
        (POST, {"body": "x" * 2001}, "post 1: "),
        (POST, {"body": " ", "media": None}, "post 1: "),
        (POST, {"created_at": LATER}, "post 1: "),
    ],
)
async def test_an_archive_that_lies_changes_nothing(
    old: World, new: World, kind: type, change: dict[str, object], said: str
) -> None:
    await a_life(old)
    archive = await exported(old)
    place = next(at for at, each in enumerate(archive.facts) if isinstance(each, kind))
    fact = archive.facts[place]
    match change.get("created_at", 0):
        case timedelta():
            change = {"created_at": fact.created_at + LATER}
        case None:
            change = {"created_at": fact.created_at.replace(tzinfo=None)}
    archive.facts[place] = replace(fact, **change)  # type: ignore[arg-type]  # of those above

    with pytest.raises(ArchiveUnfit) as refused:
        await new.use.check_archive()(archive)

    assert said in str(refused.value)
    assert not new.store.objects
    assert not new.tables.media


async def test_two_media_of_one_number_are_refused(old: World, new: World) -> None:
    await a_life(old)
    archive = await exported(old)
    archive.add(next(archive.media()))

    with pytest.raises(ArchiveUnfit, match="there are two media 1"):
        await new.use.check_archive()(archive)


@pytest.mark.parametrize(
    "body",
    [b"no picture", picture(ContentType.PNG), picture(width=40_000, height=40_000)],
)
async def test_what_is_no_picture_is_refused(old: World, new: World, body: bytes) -> None:
    await a_life(old)
    archive = await exported(old)
    archive.originals[1] = body
    with_hash(archive, body)

    with pytest.raises(ArchiveUnfit, match="media 1: "):
        await new.use.check_archive()(archive)


async def test_pictures_are_stripped_as_uploads_are(old: World, new: World) -> None:
    await a_life(old)
    archive = await exported(old)
    body = archive.originals[1] = picture(at_home=True)
    with_hash(archive, body)
    to = await new.user("ada")

    await imported(new, archive, to=to)

    assert not [each for each in new.store.objects.values() if b"at home" in each.body]


async def test_more_than_a_user_may_have_is_refused_at_once(old: World, new: World) -> None:
    await a_life(old)
    small = new.set_anew(media_max_stored_bytes=50)

    with pytest.raises(ArchiveUnfit, match="more than a user may have: 50"):
        await small.use.check_archive()(await exported(old))


def with_hash(archive: MemoryArchive, body: bytes) -> None:
    """Let the facts about the first picture say what is there."""

    archive.facts = [
        replace(each, sha256=sha256(body).hexdigest(), size_bytes=len(body))
        if isinstance(each, ExportedMedia) and each.id == 1
        else each
        for each in archive.facts
    ]
