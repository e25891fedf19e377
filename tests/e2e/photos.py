"""Files as users choose them: photos of some weight, and things that are no photos."""

from io import BytesIO
from random import Random

from PIL import Image
from playwright.async_api import FilePayload

from mediaport.domain.policy import ContentType
from tests.pictures import picture


def photo(name: str = "lake.jpg", *, width: int = 60, height: int = 40) -> FilePayload:
    """A small picture."""
    return file(name, picture(width=width, height=height))


def heavy_photo(name: str = "photo.jpg", *, width: int = 600, height: int = 400) -> FilePayload:
    """A picture of noise, which no format makes small: a little more than a byte for each pixel."""
    noise = Random(name).randbytes(width * height * 3)
    body = BytesIO()
    Image.frombytes("RGB", (width, height), noise).save(body, "JPEG", quality=95)
    return file(name, body.getvalue())


def file(name: str, body: bytes, content_type: str = ContentType.JPEG) -> FilePayload:
    """A file of any content."""
    return {"name": name, "mimeType": content_type, "buffer": body}
