"""A media item: what may be uploaded, who may do what, and which state follows which."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaport.domain.errors import (
    ContentTypeMismatch,
    ContentTypeNotAllowed,
    DomainError,
    KindUnknown,
    MediaAlreadyReady,
    MediaNotFound,
    MediaNotReady,
    SizeMismatch,
    SizeNotPositive,
    SizeTooLarge,
    TextUnfit,
    TooManyPixels,
    UploadExpired,
    WrongKind,
)
from mediaport.domain.keys import KeyPrefixes, originals_of, variant_key
from mediaport.domain.media import (
    ImageFacts,
    Media,
    MediaId,
    Status,
    ThumbnailsStatus,
    Variant,
)
from mediaport.domain.policy import AVATAR, POST_IMAGE, ContentType, Kind, UploadPolicy
from mediaport.domain.users import UserId

NOW = datetime(2026, 1, 1, tzinfo=UTC)
OWNER, STRANGER = UserId(3), UserId(4)
PREFIXES = KeyPrefixes(incoming="incoming/", public="public/")
POLICY = UploadPolicy(
    max_bytes={POST_IMAGE: 5_242_880, AVATAR: 2_097_152},
    max_pixels=40_000_000,
    max_pending=3,
    max_pending_bytes=1000,
    max_stored_bytes=5000,
    url_ttl_s=300,
    pending_ttl_s=3600,
    unattached_ttl_s=86_400,
    thumbnail_sizes=(128, 512),
)
FACTS = ImageFacts(content_type=ContentType.JPEG, width=640, height=480, needs_stripping=False)
VARIANTS = (
    Variant(size=128, object_key="k_128.webp", public_url="u", width=128, height=96, size_bytes=9),
)


def requested(
    *,
    kind: Kind = POST_IMAGE,
    content_type: str = "image/jpeg",
    size_bytes: int = 1000,
    media_id: int = 7,
) -> Media:
    return Media.request(
        id=MediaId(media_id),
        owner_id=OWNER,
        kind=kind,
        content_type=content_type,
        size_bytes=size_bytes,
        policy=POLICY,
        prefixes=PREFIXES,
        name="random",
        bucket="b",
        public_base_url="https://cdn.example",
        now=NOW,
    )


def ready() -> Media:
    return requested().complete(FACTS, etag="e", size_bytes=1000, now=NOW)


def test_a_request_is_pending_under_keys_that_only_we_choose() -> None:
    media = requested()

    assert media.status is Status.PENDING
    assert media.incoming_key == "incoming/3/7/random.jpg"
    assert media.object_key == "public/media/3/7/random.jpg"
    assert media.public_url == "https://cdn.example/public/media/3/7/random.jpg"
    assert media.url_of("public/x.webp") == "https://cdn.example/public/x.webp"
    assert media.shown_url is None


@pytest.mark.parametrize("content_type", ["image/gif", "text/html", "IMAGE/JPEG", ""])
def test_other_content_types_are_not_allowed(content_type: str) -> None:
    with pytest.raises(ContentTypeNotAllowed) as refused:
        requested(content_type=content_type)

    assert refused.value.context["allowed_content_types"] == [
        "image/jpeg",
        "image/png",
        "image/webp",
    ]


@pytest.mark.parametrize(("kind", "limit"), [(POST_IMAGE, 5_242_880), (AVATAR, 2_097_152)])
def test_each_kind_has_its_own_limit(kind: Kind, limit: int) -> None:
    assert requested(kind=kind, size_bytes=limit).size_bytes == limit
    with pytest.raises(SizeTooLarge, match=f"at most {limit}"):
        requested(kind=kind, size_bytes=limit + 1)


def test_an_upload_has_at_least_one_byte() -> None:
    with pytest.raises(SizeNotPositive):
        requested(size_bytes=0)


def test_a_completed_upload_is_ready_and_shown() -> None:
    media = ready()

    assert media.is_ready
    assert media.owes_thumbnails
    assert (media.width, media.height) == (640, 480)
    assert media.shown_url == media.public_url


def test_nothing_is_completed_twice() -> None:
    with pytest.raises(MediaAlreadyReady):
        ready().complete(FACTS, etag="other", size_bytes=1000, now=NOW)


def test_a_pending_upload_can_be_completed_until_it_expires() -> None:
    media = requested()

    media.require_uploadable(NOW + timedelta(seconds=3599))
    with pytest.raises(UploadExpired):
        media.require_uploadable(NOW + timedelta(seconds=3600))
    with pytest.raises(MediaAlreadyReady):
        ready().require_uploadable(NOW)


def test_a_stranger_is_told_that_there_is_nothing() -> None:
    with pytest.raises(MediaNotFound):
        ready().require_owner(STRANGER)


def test_only_ready_media_of_the_kind_and_owner_may_be_attached() -> None:
    ready().require_attachable(by=OWNER, kind=POST_IMAGE)

    with pytest.raises(MediaNotFound):
        ready().require_attachable(by=STRANGER, kind=POST_IMAGE)
    with pytest.raises(WrongKind):
        ready().require_attachable(by=OWNER, kind=AVATAR)
    with pytest.raises(MediaNotReady):
        requested().require_attachable(by=OWNER, kind=POST_IMAGE)


def test_the_stored_object_is_held_to_what_was_declared() -> None:
    media = requested()

    media.check_stored(size_bytes=1000, content_type="image/jpeg")
    with pytest.raises(SizeMismatch, match="Declared 1000 bytes, stored 999"):
        media.check_stored(size_bytes=999, content_type="image/jpeg")
    with pytest.raises(ContentTypeMismatch):
        media.check_stored(size_bytes=1000, content_type="image/png")


def test_the_image_is_held_to_what_was_declared() -> None:
    media = requested()

    media.check_image(FACTS, max_pixels=640 * 480)
    with pytest.raises(TooManyPixels, match="640 x 480 = 307200 pixels"):
        media.check_image(FACTS, max_pixels=640 * 480 - 1)
    with pytest.raises(TooManyPixels, match="32768 on a side"):  # row 23
        media.check_image(replace(FACTS, width=39_999_999, height=1), max_pixels=10**9)
    with pytest.raises(ContentTypeMismatch, match="Declared image/jpeg, found image/png"):
        media.check_image(replace(FACTS, content_type=ContentType.PNG), max_pixels=10**9)


def test_thumbnails_are_made_or_fail_for_ready_media_only() -> None:
    made = ready().with_thumbnails(VARIANTS, placeholder="p")
    failed = ready().without_thumbnails(reason="undecodable")

    assert not made.owes_thumbnails
    assert failed.thumbnails_status is ThumbnailsStatus.FAILED
    assert failed.shown_url is None  # row 26: not offered as a picture
    with pytest.raises(MediaNotReady):
        requested().with_thumbnails(VARIANTS, placeholder="p")
    with pytest.raises(MediaNotReady):
        requested().without_thumbnails(reason="undecodable")


def test_thumbnails_that_were_lost_are_owed_again() -> None:
    made = ready().with_thumbnails(VARIANTS, placeholder="p")

    assert made.owing_thumbnails() == ready()
    assert ready().without_thumbnails(reason="gave_up").owing_thumbnails() == ready()
    with pytest.raises(MediaNotReady):
        requested().owing_thumbnails()


@pytest.mark.parametrize(
    ("media", "lacking"),
    [
        (requested(), ()),
        (ready(), ()),  # they are owed: the workers make them
        (ready().with_thumbnails(VARIANTS, placeholder="p"), (64, 512)),
        (ready().without_thumbnails(reason="gave_up"), (64, 128, 512)),
        (ready().without_thumbnails(reason="original_missing"), (64, 128, 512)),
        (ready().without_thumbnails(reason="undecodable"), ()),
    ],
)
def test_media_lack_the_sizes_that_nobody_else_will_make(
    media: Media, lacking: tuple[int, ...]
) -> None:
    assert media.lacking((64, 128, 512)) == lacking


def test_alt_text_is_text_of_bounded_length() -> None:
    assert ready().described("A dog\nin the sun").alt == "A dog\nin the sun"
    assert ready().described(None).alt is None
    for unfit in ("x" * 1501, "a\0b", "\x1b[31m", "\ud800"):
        with pytest.raises(TextUnfit):
            ready().described(unfit)


def test_all_public_keys_are_known_before_the_thumbnails_are() -> None:
    key = "public/media/3/7/random"

    assert ready().published_keys((128, 512)) == [
        f"{key}.jpg",
        f"{key}_128.webp",
        f"{key}_512.webp",
    ]
    made = ready().with_thumbnails(VARIANTS, placeholder="p")
    assert "k_128.webp" in made.published_keys(())


def test_a_variant_lies_beside_its_original() -> None:
    assert variant_key("public/a.b/c.jpg", 128) == "public/a.b/c_128.webp"


@pytest.mark.parametrize("original", ["public/a.b/c.jpg", "p/c_128.webp", "p/two\nlines.png"])
def test_an_original_is_among_those_that_its_variants_can_have(original: str) -> None:
    assert original in originals_of(variant_key(original, 512))


@pytest.mark.parametrize("key", ["public/a/c.jpg", "public/a/c.webp", "p/c_x.webp", "p/c_1.png"])
def test_what_is_no_variant_has_no_original(key: str) -> None:
    assert originals_of(key) == []


@pytest.mark.parametrize(
    "illegal",
    [
        {"status": Status.READY},
        {"etag": "e"},
        {"ready_at": NOW},
        {"thumbnails_status": ThumbnailsStatus.FAILED, "thumbnails_error": "x"},
        {"variants": VARIANTS},
        {"placeholder": "p"},
        {"thumbnails_error": "x"},
        {"size_bytes": 0},
    ],
)
def test_a_row_in_an_illegal_state_is_not_read_back(illegal: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="media 7"):
        replace(requested(), **illegal)  # type: ignore[arg-type]  # illegal on purpose


CALLS = {
    "complete": lambda media: media.complete(FACTS, etag="e", size_bytes=1000, now=NOW),
    "make": lambda media: media.with_thumbnails(VARIANTS, placeholder="p"),
    "fail": lambda media: media.without_thumbnails(reason="undecodable"),
    "owe": lambda media: media.owing_thumbnails(),
    "describe": lambda media: media.described("alt"),
    "attach": lambda media: media.require_attachable(by=OWNER, kind=POST_IMAGE) or media,
    "upload": lambda media: media.require_uploadable(NOW) or media,
}


@given(st.lists(st.sampled_from(sorted(CALLS)), max_size=12))
def test_no_sequence_of_calls_reaches_an_illegal_state(calls: list[str]) -> None:
    media = requested()
    was_ready = False
    for call in calls:
        try:
            after = CALLS[call](media)
        except DomainError:
            continue

        replace(after)  # every invariant holds
        assert (after.id, after.owner_id, after.kind) == (media.id, media.owner_id, media.kind)
        assert (after.object_key, after.incoming_key) == (media.object_key, media.incoming_key)
        assert after.is_ready or not was_ready  # ready never goes back to pending
        if call in {"make", "fail", "attach"}:
            assert after.is_ready
        was_ready = after.is_ready
        media = after


def test_there_are_the_kinds_of_the_policy_alone() -> None:
    with pytest.raises(KindUnknown, match="post_image, avatar"):
        requested(kind=Kind("banner"))


@pytest.mark.parametrize("kind", ["", "Banner", "1st", "a-b", "a" * 21, "a\n"])
def test_a_kind_is_a_short_word(kind: str) -> None:
    with pytest.raises(ValueError, match="is no kind"):
        replace(POLICY, max_bytes={Kind(kind): 1})


@given(
    st.sampled_from([POST_IMAGE, AVATAR]),
    st.one_of(st.sampled_from(ContentType).map(str), st.text(max_size=20)),
    st.integers(min_value=-(10**30), max_value=10**30),
)
def test_whatever_is_declared_only_what_fits_is_requested(
    kind: Kind, content_type: str, size_bytes: int
) -> None:
    fits = content_type in set(ContentType) and 1 <= size_bytes <= POLICY.max_bytes[kind]
    try:
        requested(kind=kind, content_type=content_type, size_bytes=size_bytes)
    except DomainError:
        assert not fits
    else:
        assert fits
