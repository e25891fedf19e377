"""What S3 says in XML, and what it is told in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote_plus
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from mediaport.application.ports.object_store import ListedObject

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


class Unreadable(Exception):
    """Raised when an answer is not what S3 answers."""

    def __init__(self, problem: object) -> None:
        super().__init__(f"its answer cannot be read: {problem}")


@dataclass(frozen=True, slots=True)
class Fault:
    """What S3 says is wrong, or of which key."""

    code: str
    message: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a listing, and where the next one begins, if there is one."""

    objects: Sequence[ListedObject]
    next_token: str | None


def fault_in(body: bytes) -> Fault | None:
    """The fault that an answer tells of; None where it is no such answer."""
    try:
        root = _root(body)
    except Unreadable:  # nothing, or a proxy's own words
        return None
    return _fault(root) if root.tag.rpartition("}")[2] == "Error" else None


def etag_of_copy(body: bytes) -> str:
    """The ETag that a copy got.

    Raises:
        Unreadable: It does not say.
    """
    return _text(_root(body), "ETag")


def size_in(content_range: str) -> int:
    """How long the whole is that a part was sent of, as `bytes 0-9/100` says.

    Raises:
        Unreadable: It does not say.
    """
    try:
        return int(content_range.rpartition("/")[2])
    except ValueError as error:
        raise Unreadable(error) from error


def page_of(body: bytes) -> Page:
    """A part of a listing that was asked for with escaped keys, as some fit in no XML.

    Raises:
        Unreadable: It is none.
    """
    root = _root(body)
    is_truncated = _text(root, "IsTruncated") == "true"
    try:
        objects = [_listed(each) for each in root.iterfind("{*}Contents")]
    except ValueError as error:
        raise Unreadable(error) from error
    return Page(objects, _text(root, "NextContinuationToken") if is_truncated else None)


def deletion_of(keys: Sequence[str]) -> bytes:
    """The call to delete these, that answers only what was not done."""
    objects = "".join(f"<Object><Key>{_escaped(key)}</Key></Object>" for key in keys)
    return f'<Delete xmlns="{NAMESPACE}"><Quiet>true</Quiet>{objects}</Delete>'.encode()


def not_deleted(body: bytes) -> Fault | None:
    """The first deletion that was refused.

    Raises:
        Unreadable: It is no answer to a deletion.
    """
    root = _root(body)
    if root.tag.rpartition("}")[2] != "DeleteResult":
        raise Unreadable(f"it answers a deletion by {root.tag}")
    found = root.find("{*}Error")
    return None if found is None else _fault(found)


def _root(body: bytes) -> ET.Element:
    # The store is ours to trust, its answers are short, and expat itself stops entities that grow.
    try:
        return ET.fromstring(body.strip())  # noqa: S314
    except ET.ParseError as error:
        raise Unreadable(error) from error


def _fault(element: ET.Element) -> Fault:
    code, message, key = (
        element.findtext(f"{{*}}{name}", "") for name in ("Code", "Message", "Key")
    )
    return Fault(code, message, key)


def _listed(element: ET.Element) -> ListedObject:
    return ListedObject(
        key=unquote_plus(_text(element, "Key")),
        size_bytes=int(_text(element, "Size")),
        modified_at=datetime.fromisoformat(_text(element, "LastModified")).astimezone(UTC),
    )


def _text(element: ET.Element, name: str) -> str:
    found = element.findtext(f"{{*}}{name}")
    if found is None:
        raise Unreadable(f"it has no {name}")
    return found


def _escaped(key: str) -> str:
    return escape(key, {"\r": "&#xD;", "\n": "&#xA;"})  # which XML takes for white space
