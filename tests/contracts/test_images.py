"""Every images adapter keeps the contract; Pillow's is held to real files, besides."""

from abc import abstractmethod
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from mediaport.adapters.memory import images as memory
from mediaport.adapters.pillow.decoding.pool import Decoders, Limits
from mediaport.adapters.pillow.images import PillowImages
from mediaport.application.ports.images import BrokenImage, ByteReader, Images
from mediaport.domain.errors import NotAnImage
from mediaport.domain.policy import ContentType
from tests import pictures
from tests.reading import Reader

TYPES = list(ContentType)


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
        assert facts.needs_stripping == located

    @pytest.mark.parametrize("body", [b"", b"x", b"<html></html>", b"GIF89a" + b"\0" * 50])
    async def test_what_is_no_image_is_refused(self, images: Images, body: bytes) -> None:
        with pytest.raises(NotAnImage):  # row 20
            await images.inspect(reader(body), size_bytes=len(body))

    @pytest.mark.parametrize("content_type", TYPES)
    async def test_the_place_is_taken_out(self, images: Images, content_type: ContentType) -> None:
        body = self.picture(content_type, 60, 40, located=True)

        cleaned = await images.strip(body)

        facts = await images.inspect(reader(cleaned), size_bytes=len(cleaned))
        assert not facts.needs_stripping  # row 27
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
    async def images(self) -> AsyncIterator[PillowImages]:
        decoders = Decoders(
            count=1, limits=Limits.of(max_pixels=40_000_000, sizes=(128, 512, 1024))
        )
        yield PillowImages(decoders, max_pixels=40_000_000, quality=80)
        await decoders.close()

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

    async def test_a_second_header_is_no_image(self, images: Images) -> None:
        small, large = pictures.png_bomb(10, 10), pictures.png_bomb(39_999_999, 1)
        body = small[:33] + large[8:]

        with pytest.raises(NotAnImage, match="second PNG header"):
            await self.facts(images, body)
        with pytest.raises(BrokenImage):
            await images.make_thumbnails(body, sizes=(128,))

    async def test_a_scan_bomb_costs_nothing(self, images: Images) -> None:
        bomb = pictures.scan_bomb()
        assert (await images.make_thumbnails(pictures.scan_bomb(0), sizes=(128,))).thumbnails

        with pytest.raises(BrokenImage) as broken:
            await images.make_thumbnails(bomb, sizes=(128,))

        assert broken.value.reason == "too_many_scans"  # row 24

    async def test_what_follows_a_jpeg_counts_for_no_scan(self, images: Images) -> None:
        film = pictures.picture(ContentType.JPEG) + b"\0\xff\xda" * 500

        assert (await images.make_thumbnails(film, sizes=(128,))).thumbnails

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
