"""What of a photo's metadata is published, by rule, held to Pillow's view of the same bytes."""

import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from mediaport.adapters.pillow.decoding.pool import Decoders, Limits
from mediaport.adapters.pillow.images import PillowImages
from mediaport.domain.errors import NotAnImage
from mediaport.domain.media import ImageFacts
from mediaport.domain.policy import ContentType, MetadataRule
from mediaport.entrypoints.container import Container
from mediaport.entrypoints.settings import load
from tests import geotagged, pictures
from tests.geotagged import PHOTOS, TELLING
from tests.reading import Reader

TYPES = list(ContentType)
STRIPPING = [MetadataRule.STRIP_LOCATION, MetadataRule.STRIP_ALL]
LOCATION = MetadataRule.STRIP_LOCATION


def images(rule: MetadataRule = LOCATION) -> PillowImages:
    """The adapter; no decoder is started for what does not decode."""
    decoders = Decoders(count=1, limits=Limits.of(max_pixels=1, sizes=(128,)))
    return PillowImages(decoders, max_pixels=1, quality=80, metadata=rule)


async def facts(body: bytes, rule: MetadataRule = LOCATION) -> ImageFacts:
    return await images(rule).inspect(Reader(body), size_bytes=len(body))


async def stripped(body: bytes, rule: MetadataRule = LOCATION) -> bytes:
    return await images(rule).strip(body)


def seen(body: bytes) -> tuple[bytes, bytes | None, int]:
    """What must stay: pixels, colour profile, orientation."""
    image = Image.open(BytesIO(body))
    image.load()
    orientation = image.getexif().get(pictures.ORIENTATION, 1)
    return image.tobytes(), image.info.get("icc_profile"), orientation


@pytest.mark.filterwarnings("ignore:Image appears to be a malformed MPO:UserWarning")
@pytest.mark.parametrize("rule", STRIPPING)
@pytest.mark.parametrize("name", PHOTOS)
async def test_no_published_byte_says_where(name: str, rule: MetadataRule) -> None:
    body = PHOTOS[name]
    assert any(place in body for place in TELLING)

    needs_stripping = (await facts(body, rule)).needs_stripping
    cleaned = await stripped(body, rule)

    assert needs_stripping  # row 27
    assert [place for place in TELLING if place in cleaned] == []
    torn = name == "torn EXIF"  # then there was no orientation, either
    assert seen(cleaned)[: 2 if torn else 3] == seen(body)[: 2 if torn else 3]


@pytest.mark.parametrize("name", PHOTOS)
async def test_what_is_kept_is_kept_with_its_place(name: str) -> None:
    assert not (await facts(PHOTOS[name], MetadataRule.KEEP)).needs_stripping


@pytest.mark.parametrize("rule", MetadataRule)
async def test_the_rule_is_a_setting(rule: MetadataRule) -> None:
    loaded, _ = load({"MEDIA_METADATA": rule.value}, env_file=Path("/nonexistent"))
    body = geotagged.jpeg(exif_data=geotagged.exif())

    found = await Container(settings=loaded).images().inspect(Reader(body), size_bytes=len(body))

    assert found.needs_stripping == (rule is not MetadataRule.KEEP)


@pytest.mark.parametrize("content_type", TYPES)
async def test_the_place_goes_and_everything_else_stays(content_type: ContentType) -> None:
    body = pictures.picture(
        content_type, orientation=6, located=True, xmp=pictures.XMP, icc=geotagged.ICC
    )

    cleaned = await stripped(body)

    after = Image.open(BytesIO(cleaned))
    assert seen(cleaned) == seen(body)  # row 27
    assert after.getexif()[pictures.MAKE] == "Camera"
    assert pictures.GPS_DIRECTORY not in after.getexif()
    assert b'exif:PixelXDimension="60"' in cleaned
    assert len(cleaned) == len(body)
    assert not (await facts(cleaned)).needs_stripping


async def test_what_a_person_wrote_stays() -> None:
    resources = geotagged.photoshop((0x0404, geotagged.PLACE))
    body = geotagged.jpeg(
        geotagged.segment(0xFE, b"My GPS broke near Paris, lat"),
        geotagged.segment(0xED, b"Photoshop 3.0\0" + resources),
    )

    cleaned = await stripped(body)

    assert b"My GPS broke near Paris, lat" in cleaned
    assert b"Title" in cleaned
    assert b"Author" in cleaned
    assert len(cleaned) == len(body)


UNTELLING = [
    *(geotagged.plain(content_type) for content_type in TYPES),
    geotagged.jpeg(geotagged.segment(0xE1, geotagged.XMP_SIGNATURE + geotagged.xmp(""))),
    geotagged.jpeg(geotagged.segment(0xFE, b"A comment"), trailer=b"\0" * 100),
    geotagged.jpeg(geotagged.segment(0xE0, b"JFXX\0\x13"), exif_data=geotagged.exif(located=False)),
    geotagged.mpf(geotagged.jpeg(), geotagged.jpeg(), first=geotagged.jpeg()),
    geotagged.png((b"tEXt", b"Author\0Ada"), (b"tIME", b"1234567"), late=True),
    geotagged.png(
        (b"iTXt", b"Title\0\0\0de\0Titel\0Ada"), (b"zTXt", b"A\0\0" + zlib.compress(b"b"))
    ),
    geotagged.webp((b"XMP ", geotagged.xmp("<a:Lens>GPS</a:Lens>", 'a:Lens="GPS"'))),
    geotagged.webp((b"meta", b"odd")),
]


@pytest.mark.parametrize("body", UNTELLING, ids=range(11))
async def test_a_photo_without_a_place_is_published_as_it_is(body: bytes) -> None:
    assert not (await facts(body)).needs_stripping
    assert await stripped(body) == body


async def test_announced_pictures_stay_where_they_are() -> None:
    second = geotagged.jpeg(
        geotagged.segment(0xE1, geotagged.XMP_SIGNATURE + geotagged.LOCATED_XMP[:-40]),
        exif_data=geotagged.exif(),
    )
    body = geotagged.mpf(second, first=geotagged.jpeg(exif_data=geotagged.exif())) + geotagged.MP4

    cleaned = await stripped(body)

    assert len(cleaned) == len(body) - len(geotagged.MP4)
    with Image.open(BytesIO(cleaned)) as image:
        image.seek(1)
        assert image.tobytes() == Image.open(BytesIO(second)).tobytes()


@pytest.mark.parametrize("content_type", TYPES)
@pytest.mark.parametrize("orientation", [1, 6])
async def test_all_metadata_goes_but_profile_and_orientation(
    content_type: ContentType, orientation: int
) -> None:
    body = pictures.picture(
        content_type, orientation=orientation, located=True, xmp=pictures.XMP, icc=geotagged.ICC
    )
    if content_type is ContentType.PNG:
        body = pictures.png_with(body, b"tIME", b"1234567")
        body = pictures.png_with(body, b"tEXt", b"Software\0Program")
    elif content_type is ContentType.JPEG:
        body = body[:2] + geotagged.segment(0xFE, b"Program") + body[2:]

    cleaned = await stripped(body, MetadataRule.STRIP_ALL)

    assert seen(cleaned) == seen(body)
    assert [
        word for word in (b"Camera", b"xmpmeta", b"Program", b"1234567") if word in cleaned
    ] == []
    exif = dict(Image.open(BytesIO(cleaned)).getexif())
    assert exif == ({} if orientation == 1 else {pictures.ORIENTATION: orientation})
    assert not (await facts(cleaned, MetadataRule.STRIP_ALL)).needs_stripping


async def test_of_several_pictures_the_first_alone_is_left() -> None:
    first = geotagged.plain(ContentType.JPEG)
    body = geotagged.mpf(geotagged.jpeg(), first=first)

    cleaned = await stripped(body, MetadataRule.STRIP_ALL)

    assert cleaned == await stripped(first, MetadataRule.STRIP_ALL)


@pytest.mark.parametrize("content_type", [ContentType.PNG, ContentType.WEBP])
async def test_an_animation_stays_one(content_type: ContentType) -> None:
    frames = [Image.effect_noise((300, 300), sigma) for sigma in range(20, 100, 10)]
    body = BytesIO()
    form = content_type.removeprefix("image/")
    frames[0].save(body, form, save_all=True, append_images=frames[1:], quality=90)
    located = pictures.picture(content_type, located=True)
    assert not (await facts(body.getvalue())).needs_stripping

    name = b"eXIf" if content_type is ContentType.PNG else b"EXIF"
    data = geotagged.exif()
    original = body.getvalue()
    if content_type is ContentType.PNG:
        original = pictures.png_with(original, name, data)
    else:
        original += geotagged.chunk(name, data)
        original = original[:4] + struct.pack("<I", len(original) - 8) + original[8:]
    cleaned = await stripped(original)

    assert located != original
    assert not any(place in cleaned for place in TELLING)
    with Image.open(BytesIO(original)) as before, Image.open(BytesIO(cleaned)) as after:
        assert after.n_frames == before.n_frames == 8  # type: ignore[attr-defined]
        for number in range(8):
            before.seek(number)
            after.seek(number)
            assert before.tobytes() == after.tobytes()


def _noise(content_type: ContentType) -> bytes:
    """A photo of more than 500 KB with nothing to hide."""
    return geotagged.plain(content_type, quality=95, image=Image.effect_noise((1400, 1400), 100))


def _in_small_chunks(png: bytes, *late: tuple[bytes, bytes]) -> bytes:
    """A PNG file as libpng writes it, with 8 KiB of picture data in each chunk."""
    with Image.open(BytesIO(png)) as image:
        rows = b"".join(
            b"\0" + image.tobytes()[at : at + 1400] for at in range(0, 1400 * 1400, 1400)
        )
    data = zlib.compress(rows, 1)
    parts = [(b"IDAT", data[at : at + 8192]) for at in range(0, len(data), 8192)]
    chunks = b"".join(pictures.png_chunk(*each) for each in (*parts, *late, (b"IEND", b"")))
    return png[: png.index(b"IDAT") - 4] + chunks


def _animated() -> bytes:
    frames = [Image.effect_noise((200, 200), sigma) for sigma in range(50, 80)]
    body = BytesIO()
    frames[0].save(body, "WEBP", save_all=True, append_images=frames[1:], quality=95)
    return body.getvalue()


def _two() -> bytes:
    return geotagged.mpf(_noise(ContentType.JPEG), first=_noise(ContentType.JPEG))


LARGE: dict[str, Callable[[], bytes]] = {
    "JPEG": lambda: _noise(ContentType.JPEG),
    "PNG": lambda: _noise(ContentType.PNG),
    "PNG in small chunks": lambda: _in_small_chunks(_noise(ContentType.PNG)),
    "WebP": lambda: _noise(ContentType.WEBP),
    "animated WebP": _animated,
    "two JPEGs": _two,
}


@pytest.mark.parametrize("name", LARGE)
@pytest.mark.parametrize("rule", [MetadataRule.STRIP_LOCATION, MetadataRule.KEEP])
async def test_a_photo_without_a_place_is_never_read_whole(name: str, rule: MetadataRule) -> None:
    body = LARGE[name]()
    read = Reader(body)

    found = await images(rule).inspect(read, size_bytes=len(body))

    assert len(body) > 500_000
    assert not found.needs_stripping
    assert read.bytes_read <= 210_000
    assert read.requests <= 5


async def test_a_place_behind_the_picture_is_found_without_reading_it_all() -> None:
    body = _in_small_chunks(_noise(ContentType.PNG), (b"eXIf", geotagged.exif()))
    read = Reader(body)

    found = await images().inspect(read, size_bytes=len(body))

    assert found.needs_stripping
    assert (found.width, found.height) == (1400, 1400)
    assert read.bytes_read <= 200_000


@pytest.mark.parametrize("pointer", [0x7FFFFFFF, 0, 9])
async def test_a_bad_pointer_costs_no_orientation(pointer: int) -> None:
    body = pictures.picture(orientation=6, located=True)
    at = body.index(b"\x88\x25\x00\x04") + 8
    broken = body[:at] + pointer.to_bytes(4, "big") + body[at + 4 :]

    cleaned = await stripped(broken)

    assert seen(cleaned) == seen(broken)
    assert len(cleaned) == len(broken)


@settings(suppress_health_check=list(HealthCheck), max_examples=300, deadline=None)
@given(
    name=st.sampled_from(sorted(PHOTOS)),
    rule=st.sampled_from(STRIPPING),
    at=st.floats(min_value=0, max_value=1, exclude_max=True),
    noise=st.binary(min_size=1, max_size=12),
)
async def test_a_damaged_file_is_refused_or_cleaned_once_and_for_all(
    name: str, rule: MetadataRule, at: float, noise: bytes
) -> None:
    body = PHOTOS[name]
    place = int(at * len(body))
    damaged = body[:place] + noise + body[place + len(noise) :]
    try:
        found = await facts(damaged, rule)
        cleaned = await stripped(damaged, rule)
    except NotAnImage:
        return

    assert found.width >= 1
    assert found.height >= 1
    assert await stripped(cleaned, rule) == cleaned
    assert found.needs_stripping or cleaned == damaged


async def test_padding_behind_a_picture_stays_under_any_rule() -> None:
    body = await stripped(geotagged.plain(ContentType.JPEG), MetadataRule.STRIP_ALL) + bytes(100)

    found = await facts(body, MetadataRule.STRIP_ALL)

    assert not found.needs_stripping
    assert await stripped(body, MetadataRule.STRIP_ALL) == body


async def test_a_damaged_length_stays_as_it_is() -> None:
    body = geotagged.jpeg(b"\xff\xe3\0\0")

    found = await facts(body)

    assert not found.needs_stripping
    assert await stripped(body) == body


async def test_a_second_start_in_a_header_is_refused() -> None:
    with pytest.raises(NotAnImage, match="second start"):
        await facts(geotagged.jpeg(b"\xff\xd8"))


_MARKS = (
    b"",
    b"\0",
    b"\xff",
    b"\xff\xff",
    b"\xff\xd8",
    b"\xff\xd9",
    b"\xff\xda\0\2",
    b"\xff\xe1\0\6",
)


@settings(suppress_health_check=list(HealthCheck), max_examples=500, deadline=None)
@given(
    # Without the announced pictures: the middle of their scans is not read from afar.
    body=st.sampled_from([body for body in UNTELLING if b"MPF\0" not in body]),
    rule=st.sampled_from(STRIPPING),
    at=st.floats(min_value=0, max_value=1, exclude_max=True),
    removed=st.integers(min_value=0, max_value=6),
    noise=st.sampled_from(_MARKS) | st.binary(max_size=6),
)
async def test_what_passes_from_afar_passes_at_hand(
    body: bytes, rule: MetadataRule, at: float, removed: int, noise: bytes
) -> None:
    place = int(at * len(body))
    damaged = body[:place] + noise + body[place + removed :]
    try:
        found = await facts(damaged, rule)
        cleaned = await stripped(damaged, rule)
    except NotAnImage:
        return

    assert found.needs_stripping or cleaned == damaged
