"""Every problem code with its status, what it is about, and the values that come with it."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

from docs.reference.markdown import code, first_sentence, table
from mediaport.domain.errors import DomainError
from mediaport.entrypoints import http
from mediaport.entrypoints.http.problems import STATUSES

INTRODUCTION = """\
# Problems

Every error is `application/problem+json` after RFC 9457: `type` (`urn:mediaport:problem:` and the
code), `title`, `status`, `detail` (a sentence to act on), `code` (stable: switch on it), and the
values that explain it. 429 and 503 say in `Retry-After` when to try again.

## Refusals

"""
OTHERS = """
## Of requests and parts

"""
PART = "`database`, `object_store` or `thumbnail_queue`"
# What is made up where it is answered, for want of an error of ours.
BY_HAND = (
    ("400", "malformed_request", "The body is no JSON", ""),
    ("405", "method_not_allowed", "The path has other methods; `Allow` names them", ""),
    ("413", "request_too_large", "The body is too large for the API, which takes no image", ""),
    ("503", "PART_unavailable", f"A part is down: {PART}. Nothing is half-done", "`part`"),
    ("507", "PART_full", f"A part has no room left: {PART}", "`part`"),
)


def page() -> str:
    """The page."""
    refusals = (
        (str(int(status)), code(error.code), _when(error), ", ".join(map(code, _values(error))))
        for error, status in sorted(STATUSES.items(), key=lambda row: (int(row[1]), row[0].code))
    )
    heads = ("status", "code", "when", "values")
    others = sorted({*BY_HAND, *_others()})
    rows = ((status, code(slug), when, values) for status, slug, when, values in others)
    return INTRODUCTION + table(heads, refusals) + OTHERS + table(heads, rows)


def _when(error: type[DomainError]) -> str:
    return first_sentence(error).removesuffix(".").removeprefix("Raised ").removeprefix("when ")


def _values(error: type[DomainError]) -> list[str]:
    """The names that the error's class hands on beside its sentence."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(error)))
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return [
        keyword.arg
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr == "__init__"
        for keyword in call.keywords
        if keyword.arg
    ]


def _others() -> Iterator[tuple[str, str, str, str]]:
    """What handlers say by themselves: each `problem(status, code, detail)` in them."""
    for path in sorted(Path(http.__path__[0]).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(
                    func=ast.Name(id="problem"),
                    args=[ast.Attribute(attr=status), ast.Constant(value=slug), detail, *_],
                ):
                    yield str(int(HTTPStatus[status])), str(slug), _sentence(detail).strip("."), ""


def _sentence(detail: ast.expr) -> str:
    """What is said, with the names of values in their places."""
    match detail:
        case ast.Constant(value=text):
            return str(text)
        case ast.JoinedStr(values=parts):
            return "".join(_sentence(part) for part in parts)
        case _:
            return "…"
