"""Every images adapter keeps the contract; Pillow's is held to real files, besides."""

import struct
import time
import zlib
from abc import abstractmethod
from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from mediaport.adapters.memory import images as memory
from mediaport.adapters.pillow.images import PillowImages
from mediaport.application.ports.images import BrokenImage, ByteReader, Images
from mediaport.domain.errors import NotAnImage
from mediaport.domain.policy import ContentType
from tests import pictures

TYPES = list(ContentType)


class Reader:
    """Reads parts of bytes at hand, and remembers how much was asked for."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.bytes_read = 0

    async def __call__(self, start: int, length: int) -> bytes:
        part = self._body[start : start + length]
        self.bytes_read += len(part)
        return part


def reader(body: bytes) -> ByteReader:
    return Reader(body)


class ImagesContract:
    """The tests; `images` and `picture` come from the subclass."""

    @pytest.fixture
    @abstractmethod
    def images(self) -> Images: ...

    @abstractmethod
    def picture(
        self, content_type: ContentType, width: int, height: int, *, located: bool
    ) -> bytes:
        """A picture that this adapter understands."""

    @pytest.mark.parametrize("content_type", TYPES)
    @pytest.mark.parametrize("located", [False, True])
    async def test_the_header_is_understood(
        self, images: Images, content_type: ContentType, located: bool
    ) -> None:
        body = self.picture(content_type, 60, 40, located=located)

        facts = await images.inspect(reader(body), size_bytes=len(body))

        assert (facts.content_type, facts.width, facts.height) == (content_type, 60, 40)
        assert facts.has_location == located

    @pytest.mark.parametrize("body", [b"", b"x", b"<html></html>", b"GIF89a" + b"\0" * 50])
    async def test_what_is_no_image_is_refused(self, images: Images, body: bytes) -> None:
        with pytest.raises(NotAnImage):  # row 20
            await images.inspect(reader(body), size_bytes=len(body))

    @pytest.mark.parametrize("content_type", TYPES)
    async def test_the_place_is_taken_out(self, images: Images, content_type: ContentType) -> None:
        body = self.picture(content_type, 60, 40, located=True)

        cleaned = await images.remove_location(body)

        facts = await images.inspect(reader(cleaned), size_bytes=len(cleaned))
        assert not facts.has_location  # row 27
        assert (facts.width, facts.height) == (60, 40)

    @pytest.mark.parametrize(
        ("size", "expected"),
        [
            ((60, 40), [(60, 40), (60, 40)]),
            ((300, 200), [(128, 85), (300, 200)]),
            ((400, 1200), [(43, 128), (171, 512)]),
            ((1800, 1200), [(128, 85), (512, 341)]),
            ((2000, 2), [(128, 1), (512, 1)]),
        ],
    )
    async def test_thumbnails_fit_and_are_never_enlarged(
        self, images: Images, size: tuple[int, int], expected: list[tuple[int, int]]
    ) -> None:
        body = self.picture(ContentType.JPEG, *size, located=False)

        made = await images.make_thumbnails(body, sizes=(128, 512))

        assert [thumbnail.size for thumbnail in made.thumbnails] == [128, 512]
        assert [(each.width, each.height) for each in made.thumbnails] == expected
        assert made.placeholder

    async def test_what_cannot_be_decoded_is_broken(self, images: Images) -> None:
        with pytest.raises(BrokenImage) as broken:
            await images.make_thumbnails(b"\xff\xd8\xff nothing", sizes=(128,))

        assert broken.value.reason


class TestMemoryImages(ImagesContract):
    @pytest.fixture
    def images(self) -> memory.MemoryImages:
        return memory.MemoryImages()

    def picture(
        self, content_type: ContentType, width: int, height: int, *, located: bool
    ) -> bytes:
        return memory.picture(content_type, width=width, height=height, at_home=located)


class TestPillowImages(ImagesContract):
    @pytest.fixture
    def images(self) -> PillowImages:
        return PillowImages(max_pixels=40_000_000, threads=2)

    def picture(
        self, content_type: ContentType, width: int, height: int, *, located: bool
    ) -> bytes:
        return pictures.picture(content_type, width=width, height=height, located=located)

    async def facts(self, images: Images, body: bytes) -> Any:
        return await images.inspect(reader(body), size_bytes=len(body))

    async def only_thumbnail(self, images: Images, body: bytes) -> Image.Image:
        made = await images.make_thumbnails(body, sizes=(128,))
        return Image.open(BytesIO(made.thumbnails[0].body))

    @pytest.mark.parametrize("content_type", TYPES)
    @pytest.mark.parametrize("orientation", range(1, 9))
    async def test_thumbnails_are_upright_whatever_the_orientation(
        self, images: Images, content_type: ContentType, orientation: int
    ) -> None:
        stored = pictures.corners()
        turned = {
            1: [],
            2: [Image.Transpose.FLIP_LEFT_RIGHT],
            3: [Image.Transpose.ROTATE_180],
            4: [Image.Transpose.FLIP_TOP_BOTTOM],
            5: [Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_90],
            6: [Image.Transpose.ROTATE_270],
            7: [Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_270],
            8: [Image.Transpose.ROTATE_90],
        }[orientation]
        upright = stored
        for turn in turned:
            upright = upright.transpose(turn)
        body = pictures.picture(content_type, orientation=orientation, image=stored)

        facts = await self.facts(images, body)
        thumbnail = await self.only_thumbnail(images, body)

        assert (facts.width, facts.height) == upright.size == thumbnail.size  # row 28
        for corner in ((5, 5), (-6, 5), (5, -6), (-6, -6)):
            at = (corner[0] % upright.width, corner[1] % upright.height)
            expected, seen = upright.getpixel(at), thumbnail.convert("RGB").getpixel(at)
            assert isinstance(expected, tuple)
            assert isinstance(seen, tuple)
            assert all(abs(a - b) < 40 for a, b in zip(expected, seen, strict=True)), corner

    @pytest.mark.parametrize("content_type", TYPES)
    async def test_the_place_goes_and_everything_else_stays(
        self, images: Images, content_type: ContentType
    ) -> None:
        icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        body = pictures.picture(
            content_type, orientation=6, located=True, xmp=pictures.XMP, icc=icc
        )
        assert (await self.facts(images, body)).has_location

        cleaned = await images.remove_location(body)

        before, after = Image.open(BytesIO(body)), Image.open(BytesIO(cleaned))
        assert before.tobytes() == after.tobytes()  # row 27
        assert after.getexif()[pictures.ORIENTATION] == 6
        assert after.getexif()[pictures.MAKE] == "Camera"
        assert after.getexif().get_ifd(pictures.GPS_DIRECTORY) == {}
        assert after.info["icc_profile"] == icc
        assert struct.pack(">I", 52) not in after.info["exif"]
        assert b"52,31" not in cleaned
        assert b"13,24" not in cleaned
        assert b'exif:PixelXDimension="60"' in cleaned
        assert len(cleaned) == len(body)
        assert not (await self.facts(images, cleaned)).has_location

    @pytest.mark.parametrize("keyword", [b"Raw profile type exif", b"XML:com.adobe.xmp\0\1\0\0"])
    async def test_compressed_metadata_of_a_png_goes_as_a_whole(
        self, images: Images, keyword: bytes
    ) -> None:
        body = pictures.png_with(
            pictures.picture(ContentType.PNG), b"iTXt", keyword + b"\0" + zlib.compress(b"x" * 99)
        )
        assert (await self.facts(images, body)).has_location

        cleaned = await images.remove_location(body)

        assert keyword not in cleaned
        assert Image.open(BytesIO(cleaned)).tobytes() == Image.open(BytesIO(body)).tobytes()

    @pytest.mark.parametrize(
        ("chunk", "data"),
        [
            (b"zTXt", b"XML:com.adobe.xmp\0\0" + zlib.compress(pictures.XMP)),
            (b"tEXt", b"exif:GPSLatitude\0" + b"52/1, 31/1"),
            (b"iTXt", b"XML:com.adobe.xmp\0"),
        ],
    )
    async def test_text_of_a_png_that_may_say_where_goes_as_a_whole(
        self, images: Images, chunk: bytes, data: bytes
    ) -> None:
        body = pictures.png_with(pictures.picture(ContentType.PNG), chunk, data)
        assert (await self.facts(images, body)).has_location

        cleaned = await images.remove_location(body)

        assert data not in cleaned
        assert not (await self.facts(images, cleaned)).has_location

    async def test_the_place_goes_from_every_picture_of_a_file(self, images: Images) -> None:
        body = BytesIO()
        second = pictures.corners()
        exif = Image.open(BytesIO(pictures.picture(located=True))).getexif()
        pictures.corners().save(
            body, "MPO", save_all=True, append_images=[second], exif=exif.tobytes()
        )
        located = pictures.picture(located=True, xmp=pictures.XMP)
        original = body.getvalue() + located
        assert (await self.facts(images, original)).has_location

        cleaned = await images.remove_location(original)

        assert len(cleaned) == len(original)
        assert b"52,31" not in cleaned
        for at in (0, len(body.getvalue())):
            later = Image.open(BytesIO(cleaned[at:]))
            assert later.getexif().get_ifd(pictures.GPS_DIRECTORY) == {}
            later.load()

    @pytest.mark.parametrize("pointer", [0x7FFFFFFF, 0, 9])
    async def test_a_bad_pointer_costs_no_orientation(self, images: Images, pointer: int) -> None:
        body = pictures.picture(orientation=6, located=True)
        start = body.index(b"\x88\x25\x00\x04")
        at = start + 8
        broken = body[:at] + pointer.to_bytes(4, "big") + body[at + 4 :]

        facts = await self.facts(images, broken)
        cleaned = await images.remove_location(broken)
        thumbnail = await self.only_thumbnail(images, cleaned)

        assert (facts.width, facts.height) == thumbnail.size == (40, 60)

    async def test_a_last_chunk_without_padding_is_looked_into(self, images: Images) -> None:
        exif = Image.open(BytesIO(pictures.picture(located=True))).getexif().tobytes() + b"\0"
        tail = exif[6:] if len(exif) % 2 else exif[6:] + b"\0"
        body = pictures.picture(ContentType.WEBP)
        body += b"EXIF" + len(tail).to_bytes(4, "little") + tail

        assert len(tail) % 2
        assert (await self.facts(images, body)).has_location

    @pytest.mark.parametrize("content_type", [ContentType.JPEG, ContentType.WEBP])
    async def test_metadata_that_cannot_be_read_goes_as_a_whole(
        self, images: Images, content_type: ContentType
    ) -> None:
        body = pictures.picture(content_type, located=True)
        broken = body.replace(b"II*\0", b"II+\0").replace(b"MM\0*", b"MM\0+")
        assert broken != body
        assert (await self.facts(images, broken)).has_location

        cleaned = await images.remove_location(broken)

        assert len(cleaned) < len(broken)
        assert not (await self.facts(images, cleaned)).has_location
        assert Image.open(BytesIO(cleaned)).tobytes() == Image.open(BytesIO(body)).tobytes()

    @pytest.mark.parametrize(
        "xmp",
        [
            b"<x a:GPSLatitude='1'/>",
            b'<x drone-dji:GpsLongtitude = "+13.4"/>',
            b"<exif:GPSAltitude/>",
            b"<exif:GPSLatitude>52<b>x</b></exif:GPSLatitude>",
            b"<exif:GPSLatitude>never closed",
            b"<GPSLatitude>52</GPSLatitude>",
            b"<x GPSLatitude='52'/>",
            b"<geo:lat>48.85</geo:lat>",
            b"<x drone-dji:Latitude='48' drone-dji:GimbalLongtitude='2'/>",
            b"<Iptc4xmpExt:LocationCreated><x/></Iptc4xmpExt:LocationCreated>",
            "<x:gps>1</x:gps>".encode("utf-16"),
        ],
    )
    async def test_the_place_is_found_in_xmp_however_it_is_written(
        self, images: Images, xmp: bytes
    ) -> None:
        body = pictures.picture(ContentType.JPEG, xmp=xmp)

        assert (await self.facts(images, body)).has_location
        assert not (await self.facts(images, await images.remove_location(body))).has_location

    async def test_xmp_without_a_place_stays(self, images: Images) -> None:
        body = pictures.picture(ContentType.JPEG, xmp=b"<x exif:Lens='GPS'>gps</x>")

        assert not (await self.facts(images, body)).has_location

    @pytest.mark.parametrize(
        ("width", "height"), [(30_000, 30_000), (39_999_999, 1), (2**31 - 1, 2**31 - 1)]
    )
    async def test_a_pixel_bomb_is_known_by_its_header(
        self, images: Images, width: int, height: int
    ) -> None:
        body = pictures.png_bomb(width, height)

        facts = await self.facts(images, body)
        assert (facts.width, facts.height) == (width, height)  # row 23
        with pytest.raises(BrokenImage):
            await images.make_thumbnails(body, sizes=(128,))

    @pytest.mark.parametrize("size", [(0, 5), (5, 0)])
    async def test_an_image_of_no_pixels_is_none(
        self, images: Images, size: tuple[int, int]
    ) -> None:
        with pytest.raises(NotAnImage, match="pixels"):
            await self.facts(images, pictures.png_bomb(*size))

    @pytest.mark.parametrize(
        "body",
        [
            b"\xff\xd8\xff\xe0\0\x10JFIF",
            b"\xff\xd8\xff\xd9\0\0\0\0",
            b"\xff\xd8\xff\xe1\0\x04ab\0\0\0\0",
            b"\x89PNG\r\n\x1a\n\0\0\0\rJUNK" + b"\0" * 40,
            b"RIFF\x10\0\0\0WEBPJUNK" + b"\0" * 40,
            b"RIFF\x10\0\0\0WEBPVP8 " + b"\0" * 40,
            b"%PDF-1.7 " + b"\0" * 50,
            b'<svg xmlns="http://www.w3.org/2000/svg"></svg>',
        ],
    )
    async def test_a_broken_header_is_no_image(self, images: Images, body: bytes) -> None:
        with pytest.raises(NotAnImage):  # row 20
            await self.facts(images, body)

    @pytest.mark.parametrize(
        "body",
        [
            b"\xff\xd8" + b"\xff\xe2\0\2" * 100_000,
            pictures.png_bomb(5, 5)[:33] + pictures.png_chunk(b"tIME", b"") * 100_000,
            b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0" + b"\0" * 10 + b"JUNK\0\0\0\0" * 100_000,
            pictures.picture(xmp=b"<" * 60_000),
            pictures.picture(xmp=b"<a:gps" * 10_000),
            pictures.picture(xmp=b" a:gps=" * 9_000),
            pictures.picture(xmp=b" a:gps='" * 8_000 + b'"'),
            pictures.picture(xmp=b"<" + b"a" * 60_000),
            pictures.picture(ContentType.PNG, xmp=b"<" + b"a" * 900_000),
            pictures.picture(ContentType.PNG, xmp=b" a:gps" + b" " * 900_000),
            pictures.picture(
                ContentType.PNG, xmp=b"<gps" + b"a" * 480_000 + b">" + b"</a>" * 120_000
            ),
            pictures.picture(ContentType.PNG, xmp=b"<a:lat>" + b"</a:lon>" * 110_000),
            pictures.picture(ContentType.PNG, xmp=b" latitudelatitude" * 60_000),
            pictures.png_with(pictures.png_bomb(5, 5), b"eXIf", pictures.exif_loop(600)),
            pictures.png_with(pictures.png_bomb(5, 5), b"eXIf", pictures.exif_loop(1000)),
        ],
    )
    async def test_no_header_takes_long_to_read(self, images: Images, body: bytes) -> None:
        started = time.process_time()
        with suppress(NotAnImage):
            await self.facts(images, body)

        # Generous: patterns that go over the text more than once take minutes.
        assert time.process_time() - started < 1.0

    async def test_no_file_takes_long_to_clean(self, images: Images) -> None:
        body = BytesIO()
        pictures.corners().save(body, "MPO", save_all=True, append_images=[pictures.corners()])
        started = time.process_time()

        with pytest.raises(NotAnImage, match="metadata"):
            await images.remove_location(body.getvalue() + b"Exif\0\0II*\0" * 300_000)

        assert time.process_time() - started < 1.0

    async def test_too_much_metadata_is_no_image(self, images: Images) -> None:
        exif = pictures.exif_loop(1000)
        body = pictures.png_bomb(5, 5)
        body = body[:33] + pictures.png_chunk(b"eXIf", exif) * 200 + body[33:]

        with pytest.raises(NotAnImage, match="metadata"):
            await self.facts(images, body)

    async def test_a_second_header_is_no_image(self, images: Images) -> None:
        small, large = pictures.png_bomb(10, 10), pictures.png_bomb(39_999_999, 1)
        body = small[:33] + large[8:]

        with pytest.raises(NotAnImage, match="second PNG header"):
            await self.facts(images, body)
        with pytest.raises(BrokenImage):
            await images.make_thumbnails(body, sizes=(128,))

    async def test_a_scan_bomb_costs_nothing(self, images: Images) -> None:
        body = BytesIO()
        Image.effect_noise((600, 600), 50).save(body, "JPEG", progressive=True)
        jpeg = body.getvalue()
        last = jpeg.rindex(b"\xff\xda")
        bomb = jpeg[:-2] + jpeg[last:-2] * 500 + jpeg[-2:]
        assert (await images.make_thumbnails(jpeg, sizes=(128,))).thumbnails

        started = time.process_time()
        with pytest.raises(BrokenImage) as broken:
            await images.make_thumbnails(bomb, sizes=(128,))

        assert broken.value.reason == "too_many_scans"  # row 24
        assert time.process_time() - started < 1.0

    async def test_only_the_beginning_is_read(self, images: Images) -> None:
        noise = Image.effect_noise((1500, 1500), 100)
        body = pictures.picture(ContentType.JPEG, image=noise)
        window = Reader(body)

        await images.inspect(window, size_bytes=len(body))

        assert len(body) > 500_000
        assert window.bytes_read <= 2 * 64 * 1024

    @pytest.mark.parametrize(
        ("image", "pixel"),
        [
            (Image.new("L", (20, 20), 200), (200, 200, 200, 255)),
            (Image.new("1", (20, 20), 1), (255, 255, 255, 255)),
            (Image.new("LA", (20, 20), (200, 100)), (200, 200, 200, 100)),
            (Image.new("RGBA", (20, 20), (10, 200, 30, 0)), (None, None, None, 0)),
            (Image.new("P", (20, 20), 0), (0, 0, 0, 255)),
            (Image.new("I;16", (20, 20), 32896), (128, 128, 128, 255)),
        ],
        ids=["L", "1", "LA", "RGBA", "P", "I;16"],
    )
    async def test_every_kind_of_png_keeps_its_colours(
        self, images: Images, image: Image.Image, pixel: tuple[int | None, ...]
    ) -> None:
        thumbnail = await self.only_thumbnail(
            images, pictures.picture(ContentType.PNG, image=image)
        )

        seen = thumbnail.convert("RGBA").getpixel((10, 10))
        assert isinstance(seen, tuple)
        for found, expected in zip(seen, pixel, strict=True):
            assert expected is None or abs(found - expected) <= 4  # row 28

    async def test_cmyk_is_shown_in_its_colours(self, images: Images) -> None:
        body = BytesIO()
        Image.new("CMYK", (20, 20), (0, 255, 255, 0)).save(body, "JPEG", quality=95)

        thumbnail = await self.only_thumbnail(images, body.getvalue())

        seen = thumbnail.convert("RGB").getpixel((10, 10))
        assert isinstance(seen, tuple)
        assert seen[0] > 200  # row 28: red
        assert max(seen[1:]) < 90

    @pytest.mark.parametrize("icc", [b"broken profile", b"\0" * 200])
    async def test_a_broken_profile_is_dropped(self, images: Images, icc: bytes) -> None:
        thumbnail = await self.only_thumbnail(images, pictures.picture(icc=icc))

        seen = thumbnail.convert("RGB").getpixel((5, 5))
        assert isinstance(seen, tuple)
        assert seen[0] > 200  # row 28: red

    async def test_thumbnails_carry_no_metadata(self, images: Images) -> None:
        body = pictures.picture(ContentType.WEBP, located=True, xmp=pictures.XMP)

        thumbnail = await self.only_thumbnail(images, body)

        assert thumbnail.format == "WEBP"
        assert not {"exif", "xmp", "icc_profile"} & set(thumbnail.info)  # row 27

    @pytest.mark.parametrize("content_type", TYPES)
    async def test_a_truncated_body_is_broken(
        self, images: Images, content_type: ContentType
    ) -> None:
        noise = Image.effect_noise((300, 300), 100)
        body = pictures.picture(content_type, image=noise)

        with pytest.raises(BrokenImage) as broken:  # row 26
            await images.make_thumbnails(body[: len(body) // 2], sizes=(128,))

        assert broken.value.reason == "undecodable"

    @pytest.mark.parametrize("content_type", [ContentType.PNG, ContentType.WEBP])
    async def test_an_animation_shows_its_first_frame(
        self, images: Images, content_type: ContentType
    ) -> None:
        frames = [Image.new("RGB", (30, 30), colour) for colour in ("red", "blue")]
        body = BytesIO()
        frames[0].save(
            body, content_type.removeprefix("image/"), save_all=True, append_images=frames[1:]
        )

        facts = await self.facts(images, body.getvalue())
        thumbnail = await self.only_thumbnail(images, body.getvalue())

        seen = thumbnail.convert("RGB").getpixel((15, 15))
        assert (facts.width, facts.height) == (30, 30)
        assert isinstance(seen, tuple)
        assert seen[0] > 200  # row 25

    async def test_what_trails_an_image_reaches_no_thumbnail(self, images: Images) -> None:
        payload = b"<script>alert(1)</script>"

        made = await images.make_thumbnails(
            pictures.picture(ContentType.PNG) + payload, sizes=(128, 512)
        )

        assert all(payload not in thumbnail.body for thumbnail in made.thumbnails)  # row 21

    @settings(suppress_health_check=list(HealthCheck), max_examples=150, deadline=None)
    @given(
        content_type=st.sampled_from(TYPES),
        at=st.floats(min_value=0, max_value=1, exclude_max=True),
        noise=st.binary(min_size=1, max_size=12),
    )
    async def test_a_damaged_file_is_refused_or_understood(
        self, images: Images, content_type: ContentType, at: float, noise: bytes
    ) -> None:
        body = pictures.picture(content_type, located=True, xmp=pictures.XMP, orientation=6)
        place = int(at * len(body))
        damaged = body[:place] + noise + body[place + len(noise) :]
        try:
            facts = await self.facts(images, damaged)
        except NotAnImage:
            return

        assert facts.width >= 1
        assert facts.height >= 1
        cleaned = await images.remove_location(damaged)
        assert not (await self.facts(images, cleaned)).has_location
