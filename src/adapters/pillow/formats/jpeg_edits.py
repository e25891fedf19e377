"""What is to be changed in a JPEG file at hand: all of its pictures are walked to their ends."""

import re
import struct

from mediaport.adapters.pillow.formats import mpf
from mediaport.adapters.pillow.formats.edits import Edit, edits_of_blocks
from mediaport.adapters.pillow.formats.jpeg import (
    END,
    FRAMES,
    LONGEST_SIGNATURE,
    MARKER,
    MAX_PICTURES,
    METADATA,
    SCAN,
    SIGNATURE,
    STANDALONE,
    START,
    Picture,
    blocks_of,
)
from mediaport.adapters.pillow.formats.layout import refuse_excess
from mediaport.adapters.pillow.metadata.publishing import BlockKind
from mediaport.domain.errors import NotAnImage
from mediaport.domain.policy import MetadataRule

_NO_PADDING = re.compile(rb"[^\0]")
_FILL = b"\xff"  # may stand before any marker
_MAX_SEGMENTS, _HEADER_BYTES = 20_000, 4


def edits(original: bytes, rule: MetadataRule) -> list[Edit]:
    """What is to be changed for the file to be published.

    Nothing moves where there are several pictures, as offsets tell where they are, nor after the
    header of a picture, as what looks like a segment there may be damaged picture data: what has to
    go is blanked.

    Raises:
        NotAnImage: It has more segments, or more metadata, than any honest file.
    """
    pictures, made = _pictures(original)
    if rule is MetadataRule.STRIP_ALL:
        del pictures[1:]
        follows = _NO_PADDING.search(original, pictures[0].end)
        made = [Edit(pictures[0].end, len(original))] if follows else []
    refuse_excess(each for picture in pictures for each in picture.blocks)
    for picture in pictures:
        made += [Edit(start, end, _FILL * (end - start)) for start, end in picture.junk]
        edits_here = edits_of_blocks(
            picture.blocks, original, rule, header_bytes=_HEADER_BYTES, written=_segment
        )
        for edit in edits_here:
            stays = len(pictures) > 1 or edit.start > picture.header_end
            made.append(_blanked(edit) if stays and edit.moves else edit)
    return made


def _segment(marker: bytes, data: bytes) -> bytes:
    return b"\xff" + marker + struct.pack(">H", 2 + len(data)) + data


def _blanked(edit: Edit) -> Edit:
    start = edit.start + _HEADER_BYTES
    return Edit(start, edit.end, b"\0" * (edit.end - start))


def _pictures(original: bytes) -> tuple[list[Picture], list[Edit]]:
    """All pictures of a file, and the edits that leave nothing but padding beside them."""
    pictures, made = [_picture(original, 0)], []
    index = next((each for each in pictures[0].blocks if each.kind is BlockKind.PICTURES), None)
    places = []
    if index is not None:
        data = original[index.payload_start : index.payload_end]
        places = mpf.pictures(data, at=index.payload_start)
    while found := _NO_PADDING.search(original, pictures[-1].end):
        end, at = pictures[-1].end, found.start()
        if not original.startswith(SIGNATURE, at):
            at = min((start for start, _ in places if start > at), default=len(original))
        following = _picture(original, at) if original.startswith(SIGNATURE, at) else Picture()
        if following.size == (0, 0) or len(pictures) == MAX_PICTURES:
            made.append(Edit(end, len(original)))
            break
        made.append(Edit(end, at, b"\0" * (at - end)))
        pictures.append(following)
    return pictures, made


def _picture(original: bytes, at: int) -> Picture:
    """The picture that starts there, to the end of its last scan, or of the file."""
    picture, at = Picture(header_end=len(original), end=len(original)), at + 2
    for _ in range(_MAX_SEGMENTS):
        found = MARKER.search(original, at)
        if found is None:
            return picture
        start, marker = found.start(), original[found.start() + 1]
        if start < picture.header_end and original[at:start].strip(b"\xff\0"):
            picture.junk.append((at, start))
        if marker in {START, END}:
            picture.end = start + 2 if marker == END else start
            return picture
        length = int.from_bytes(original[start + 2 : start + 4], "big")
        at = start + 2 if marker in STANDALONE else start + 2 + max(length, 2)
        at = min(at, len(original))
        if marker in FRAMES and at - start >= 9:
            height, width = struct.unpack_from(">HH", original, start + 5)
            picture.size = (width, height)
        elif marker == SCAN:
            picture.header_end = min(picture.header_end, start)
        elif marker in METADATA and at - start >= 4:
            picture.blocks += blocks_of(
                marker, original[start + 4 : at][:LONGEST_SIGNATURE], start, at
            )
    raise NotAnImage(f"it has more than {_MAX_SEGMENTS} JPEG segments")
