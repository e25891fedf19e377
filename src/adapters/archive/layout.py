"""What lies where in an archive, version 1."""

from datetime import datetime
from types import MappingProxyType

import msgspec

from mediaport.application.ports.archive import (
    ArchiveUnfit,
    Exported,
    ExportedComment,
    ExportedLike,
    ExportedMedia,
    ExportedPost,
)
from mediaport.domain.policy import ContentType

MANIFEST, PROFILE, README = "manifest.json", "profile.json", "README.txt"
ORIGINALS = "originals"
# One JSON object in each line.
LISTS: MappingProxyType[type[Exported], str] = MappingProxyType(
    {
        ExportedMedia: "media.jsonl",
        ExportedPost: "posts.jsonl",
        ExportedComment: "comments.jsonl",
        ExportedLike: "likes.jsonl",
    }
)
ABOUT = """\
This is all that {username} has on a Mediaport server, as of {exported_at:%Y-%m-%d %H:%M} UTC.

profile.json    who it is
posts.jsonl     what they posted: one post in each line, oldest first
comments.jsonl  what they said under posts of anyone's; "post" is the number of the post
likes.jsonl     which posts they like
media.jsonl     their pictures: description (alt), size, date
originals/      the pictures themselves, as they were published, by their number in media.jsonl
manifest.json   the version of this format, for programs

The files are text, but for the pictures: any editor shows them. Times are in UTC.
"""


class Manifest(msgspec.Struct, kw_only=True):
    """What an archive says of itself. `counts` are the lines of each list."""

    format: str
    version: int
    username: str
    exported_at: datetime
    counts: dict[str, int]


def original_name(media: ExportedMedia) -> str:
    """Where the original of a media item lies. Nothing in an archive chooses its own name.

    Raises:
        ArchiveUnfit: It is of no type that there is.
    """
    try:
        extension = ContentType(media.content_type).extension
    except ValueError as error:
        unfit = f"media {media.id} is of type {media.content_type[:50]!r}, which there is not"
        raise ArchiveUnfit(unfit) from error
    return f"{ORIGINALS}/{media.id}.{extension}"
