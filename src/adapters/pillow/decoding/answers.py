"""What a decoder answers to one order. It runs in the decoder's process."""

import traceback
from concurrent.futures import Executor

from mediaport.adapters.pillow.decoding.messages import Answer, Broken, Made, Order, Picture
from mediaport.adapters.pillow.formats.walk import layout_of, orientation_of
from mediaport.adapters.pillow.thumbnails import make_thumbnails
from mediaport.application.ports.images import BrokenImage
from mediaport.domain.errors import NotAnImage


def answer(order: Order, original: bytes, beside: Executor) -> Answer:
    """Thumbnails of an original, or why there are none. `beside` may take a part of the work."""
    try:
        return _made(order, original, beside)
    except NotAnImage as error:
        return Broken(reason="undecodable", detail=str(error))
    except BrokenImage as error:
        return Broken(reason=error.reason, detail=str(error))
    except MemoryError:
        return Broken(reason="too_much_memory", detail="it needs more memory than an image may")
    except Exception as error:
        trace = "".join(traceback.format_exception(error))
        return Broken(reason="unexpected_error", detail=repr(error), trace=trace)


def _made(order: Order, original: bytes, beside: Executor) -> Made:
    layout = layout_of(original)
    if layout.width * layout.height > order.max_pixels:
        raise BrokenImage("too_many_pixels", f"{layout.width} x {layout.height} pixels")
    made = make_thumbnails(
        original,
        layout=layout,
        orientation=orientation_of(original, layout),
        sizes=order.sizes,
        quality=order.quality,
        beside=beside if order.two_cores else None,
    )
    pictures = tuple(
        Picture(size=each.size, width=each.width, height=each.height, body=each.body)
        for each in made.thumbnails
    )
    return Made(pictures=pictures, placeholder=made.placeholder)
