"""What can be said of a block without running it: that it is of its language, and fits."""

import configparser
import json
import re
import tomllib
from collections.abc import Callable, Mapping
from io import StringIO
from textwrap import dedent

import msgspec
import yaml  # type: ignore[import-untyped]
from dotenv import dotenv_values

from mediaport.entrypoints.settings import Settings, load
from tests.docs.blocks import Block

SETTINGS = {field.name.upper() for field in msgspec.structs.fields(Settings)}
# What libraries read by themselves, and what belongs to other programs of a page.
PREFIXES = "AWS|OTEL|PG|POSTGRES|MINIO|REDIS|HTTPS?|NO|COMPOSE|ACME|UVICORN|TEST"
STANDARD = re.compile(rf"({PREFIXES})_?[A-Z0-9_]*")
INSTRUCTIONS = [
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "RUN",
    "USER",
    "VOLUME",
    "WORKDIR",
]
BRACES = {")": "(", "]": "[", "}": "{"}


def is_yaml(text: str) -> None:
    """One document or more."""
    documents = [*yaml.safe_load_all(text)]
    assert any(documents), "it holds nothing"


def is_settings(text: str) -> None:
    """Settings that there are, with values that fit."""
    values = {name: value or "" for name, value in dotenv_values(stream=StringIO(text)).items()}
    ours = {name: value for name, value in values.items() if not STANDARD.fullmatch(name)}
    unknown = ours.keys() - SETTINGS
    assert not unknown, f"there are no settings {unknown}"
    load(values)


def is_ini(text: str) -> None:
    """Sections and values, as systemd's units have them, too."""
    parser = configparser.ConfigParser(strict=False, interpolation=None, allow_no_value=True)
    parser.read_string(text)


def is_balanced(text: str) -> None:
    """At least each brace has its other half: for languages that nothing here can read."""
    comments = r"#.*|//.*|/\*[\s\S]*?\*/"
    strings = r""""(\\.|[^"\\\n])*"|'(\\.|[^'\\\n])*'|`[^`]*`"""
    opened: list[str] = [""]
    for sign in re.findall(r"[()\[\]{}]", re.sub(f"{strings}|{comments}", "", text)):
        if sign in BRACES.values():
            opened.append(sign)
        else:
            assert opened.pop() == BRACES[sign], f"one {sign} too many"
    assert opened == [""], f"{opened} are not closed"


def is_dockerfile(text: str) -> None:
    """Instructions, each of a kind that there is."""
    joined = re.sub(r"\\\n", " ", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE))
    for line in filter(str.strip, joined.splitlines()):
        assert line.split()[0] in INSTRUCTIONS, line


def is_python(text: str) -> None:
    """It compiles; what is no file runs, besides."""
    compile(dedent(text), "block", "exec")


def anything(_: str) -> None:
    """Run, drawn or read by people."""


LANGUAGES: Mapping[str, Callable[[str], object]] = {
    "bash": anything,
    "caddyfile": is_balanced,
    "css": is_balanced,
    "diff": anything,
    "dockerfile": is_dockerfile,
    "dotenv": is_settings,
    "html": anything,
    "http": anything,
    "ini": is_ini,
    "js": is_balanced,
    "json": json.loads,
    "mermaid": anything,
    "nginx": is_balanced,
    "promql": is_balanced,
    "python": is_python,
    "sh": anything,
    "sql": is_balanced,
    "text": anything,
    "toml": tomllib.loads,
    "ts": is_balanced,
    "tsx": is_balanced,
    "yaml": is_yaml,
}


def check(block: Block) -> None:
    """Raise whatever is wrong with it."""
    LANGUAGES[block.language.lower()](block.text)
