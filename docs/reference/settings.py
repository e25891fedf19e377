"""Every setting, from the class that reads them."""

from collections.abc import Mapping
from typing import Any

import msgspec

from docs.reference.markdown import code
from mediaport.entrypoints.settings import SECRETS, Settings

INTRODUCTION = """\
# Settings

They come from the environment, else from `.env` in the folder where the command is started, else
from the defaults. An empty value is no value. One that does not fit stops the start with one line.
`mediaport settings` prints what is in force, and where it came from. `.env.example` in the
repository holds all of them, to be copied.

"""


def page() -> str:
    """The page."""
    (schema,), parts = msgspec.json.schema_components([Settings], ref_template="{name}")
    fields: Mapping[str, Any] = parts[schema["$ref"]]["properties"]
    return INTRODUCTION + "\n".join(_setting(name, field) for name, field in fields.items())


def _setting(name: str, field: Mapping[str, Any]) -> str:
    """A heading, which can be searched for and linked to, and what there is to know."""
    default = _default(getattr(Settings(), name))
    example = str((field.get("examples") or [""])[0])
    lowest, highest = field.get("minimum"), field.get("maximum")
    rows = [
        ("default", default),
        ("from, to", f"{lowest}, {highest}" if lowest is not None and highest is not None else ""),
        ("example", code(example) if code(example) != default else ""),
        ("secret", "never shown, never logged" if name in SECRETS else ""),
    ]
    lines = [f"{field['description'].replace('<', '&lt;')}.\n"]
    lines += [f"- {what}: {value}" for what, value in rows if value]
    return f"## {name.upper()}\n\n" + "\n".join(lines) + "\n"


def _default(value: Any) -> str:
    match value:
        case None | ():
            return ""
        case bool():
            return code(str(value).lower())
        case tuple():
            return code(",".join(map(str, value)))
        case _:
            return code(value)
