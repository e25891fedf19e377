"""Still WebP pictures, decoded straight by the libwebp that Pillow brings.

Pillow decodes every WebP file as an animation, in three canvases of the full size: twice the time
and three times the memory. libwebp's plain decoder fills one buffer, which Pillow then works on.

Source: RFC 9649, section 2; libwebp's `decode.h`, `WebPDecodeRGBAInto`.
"""

import ctypes
from functools import cache

from PIL import Image, _webp

_ANIMATED, _PROFILE = 0x02, 0x20


def decode_still(original: bytes, size: tuple[int, int]) -> Image.Image | None:
    """The picture in RGBA; its profile is in `info`.

    None where it is animated or libwebp cannot be reached: then Pillow is to decode it.

    Raises:
        OSError: It cannot be decoded.
    """
    library = _libwebp()
    extended = original[12:16] == b"VP8X"
    flags = original[20] if extended else 0
    if library is None or flags & _ANIMATED:
        return None
    width, height = size
    pixels = bytearray(4 * width * height)
    found = (ctypes.c_int(), ctypes.c_int())
    known = library.WebPGetInfo(original, len(original), *map(ctypes.byref, found))
    if not known or (found[0].value, found[1].value) != size:
        raise OSError("its picture is broken, or of another size than its header says")
    into = (ctypes.c_char * len(pixels)).from_buffer(pixels)
    if not library.WebPDecodeRGBAInto(original, len(original), into, len(pixels), 4 * width):
        raise OSError("its picture is broken or ends too early")
    image = Image.frombuffer("RGBA", size, pixels, "raw", "RGBA", 0, 1)
    if flags & _PROFILE and original[30:34] == b"ICCP":
        end = 38 + int.from_bytes(original[34:38], "little")
        image.info["icc_profile"] = original[38:end]
    return image


@cache
def _libwebp() -> ctypes.CDLL | None:
    try:
        library = ctypes.CDLL(_webp.__file__)  # finds what that module is linked to, as well
        library.WebPGetInfo.argtypes = [
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.POINTER(ctypes.c_int),
            ctypes.POINTER(ctypes.c_int),
        ]
        library.WebPDecodeRGBAInto.argtypes = [
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_void_p,
            ctypes.c_size_t,
            ctypes.c_int,
        ]
        library.WebPDecodeRGBAInto.restype = ctypes.c_void_p
    except (OSError, AttributeError):
        return None
    return library
