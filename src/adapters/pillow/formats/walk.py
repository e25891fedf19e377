"""One walk for any file, and one way to clean it."""

from types import MappingProxyType

from mediaport.adapters.pillow.formats import jpeg, jpeg_edits, png, sniffing, webp
from mediaport.adapters.pillow.formats.edits import apply
from mediaport.adapters.pillow.formats.layout import Layout, Walk, read, refuse_excess
from mediaport.adapters.pillow.metadata import exif
from mediaport.adapters.pillow.metadata.publishing import BlockKind
from mediaport.domain.errors import NotAnImage
from mediaport.domain.policy import ContentType, MetadataRule

_EDITS = MappingProxyType(
    {ContentType.JPEG: jpeg_edits.edits, ContentType.PNG: png.edits, ContentType.WEBP: webp.edits}
)


def walk(size_bytes: int) -> Walk:
    """The layout of a file of that many bytes.

    A generator that asks for parts of the file, `start, length = yield`: so the same walk serves an
    object far away, asked for in ranges, and bytes at hand.

    Raises:
        NotAnImage: It is of no accepted format, of two formats, or its header is broken.
    """
    head = yield from read(0, min(size_bytes, sniffing.HEAD_BYTES))
    if head.startswith(jpeg.SIGNATURE):
        layout = yield from jpeg.walk(size_bytes)
    elif head.startswith(png.SIGNATURE):
        layout = yield from png.walk(size_bytes)
    elif head.startswith(webp.SIGNATURE) and head[8:12] == b"WEBP":
        layout = yield from webp.walk(size_bytes)
    else:
        raise sniffing.foreign_format(head)
    sniffing.refuse_second_format(head[: layout.picture_start])
    refuse_excess(layout.blocks + layout.later_blocks)
    if layout.width < 1 or layout.height < 1:
        raise NotAnImage(f"its header says {layout.width} x {layout.height} pixels")
    return layout


def advance(steps: Walk, data: bytes | None = None) -> tuple[int, int] | Layout:
    """The part that a walk asks for next, once it has the one before; at its end, the layout."""
    try:
        return next(steps) if data is None else steps.send(data)
    except StopIteration as end:
        layout: Layout = end.value
        return layout


def layout_of(original: bytes) -> Layout:
    """The layout of a file at hand.

    Raises:
        NotAnImage: As `walk` does.
    """
    steps = walk(len(original))
    found = advance(steps)
    while not isinstance(found, Layout):
        start, length = found
        found = advance(steps, original[start : start + length])
    return found


def orientation_of(original: bytes, layout: Layout) -> int:
    """How a file at hand is turned: 1 to 8."""
    blocks = (block for block in layout.blocks if block.kind is BlockKind.EXIF)
    payloads = (original[block.payload_start : block.payload_end] for block in blocks)
    return exif.first_orientation(payloads) or 1


def stripped(original: bytes, rule: MetadataRule) -> bytes:
    """The file as the rule lets it be published, its pixels bit by bit the same.

    Raises:
        NotAnImage: Its metadata are such that some would be left.
    """
    cleaned = _edited(original, rule)
    try:
        is_clean = _edited(cleaned, rule) == cleaned
    except NotAnImage:
        is_clean = False
    if not is_clean:
        raise NotAnImage("its metadata cannot be taken out")
    return cleaned


def _edited(original: bytes, rule: MetadataRule) -> bytes:
    content_type = layout_of(original).content_type
    return apply(original, _EDITS[content_type](original, rule))
