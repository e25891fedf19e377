"""What a decoder answers to one order. It runs in the decoder's process."""

import traceback
from concurrent.futures import Executor

from mediaport.adapters.pillow.formats.walk import layout_of, orientation_of
from mediaport.adapters.pillow.messages import Answer, Broken, Made, Order, Picture
from mediaport.adapters.pillow.thumbnails import make_thumbnails
from mediaport.application.ports.images import BrokenImage
from mediaport.domain.errors import NotAnImage

# What broken files usually make Pillow raise. All else is told in full: it may be a defect of ours.
_USUAL = (OSError, ValueError, SyntaxError, EOFError, MemoryError)


def answer(order: Order, original: bytes, beside: Executor) -> Answer:
    """Thumbnails of an original, or why there are none. `beside` may take a part of the work."""
    try:
        layout = layout_of(original)
        if layout.width * layout.height > order.max_pixels:
            return Broken(reason="too_many_pixels", detail=f"{layout.width} x {layout.height}")
        made = make_thumbnails(
            original,
            layout=layout,
            orientation=orientation_of(original, layout),
            sizes=order.sizes,
            quality=order.quality,
            beside=beside if order.two_cores else None,
        )
    except NotAnImage as error:
        return Broken(reason="undecodable", detail=str(error))
    except MemoryError:
        return Broken(reason="too_much_memory", detail="it needs more memory than an image may")
    except BrokenImage as error:
        cause = error.__cause__
        is_usual = cause is None or isinstance(cause, _USUAL)
        trace = None if is_usual else "".join(traceback.format_exception(cause))
        return Broken(reason=error.reason, detail=str(error), trace=trace)
    pictures = tuple(
        Picture(size=each.size, width=each.width, height=each.height, body=each.body)
        for each in made.thumbnails
    )
    return Made(pictures=pictures, placeholder=made.placeholder)
