"""Reads `compose.yaml` and the Dockerfile, as far as their tests need it."""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mediaport.entrypoints.settings import Settings
from tests.servers.found import ROOT, missing

COMPOSE = (ROOT / "compose.yaml").read_text()
REQUIRED = sorted(set(re.findall(r"\$\{(\w+):\?", COMPOSE)))
SETTINGS = {name.upper() for name in Settings.__struct_fields__}
# Where the images of others listen, and a program that each of them brings.
OTHERS = {
    "postgres": (5432, "pg_isready"),
    "redis": (6379, "redis-cli"),
    "minio": (9000, "curl"),
}
LONG_RUNNING = {*OTHERS, "api", "worker"}
ONE_SHOT = {"migrate", "provision", "doctor"}
PATIENCE_S = 120

Services = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Instruction:
    """One line of a Dockerfile: `NAME --flag=value rest`."""

    name: str
    flags: Mapping[str, str]
    rest: str


def stages() -> list[list[Instruction]]:
    """The Dockerfile's instructions, each stage from its FROM on."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    found: list[list[Instruction]] = []
    for line in re.sub(r"\s*\\\n\s*", " ", text).splitlines():
        if parts := re.fullmatch(r"(\w+)((?: --[\w-]+=\S+)*) (.*)", line):
            flags = dict(re.findall(r"--([\w-]+)=(\S+)", parts[2]))
            found += [[]] if parts[1] == "FROM" else []
            found[-1].append(Instruction(parts[1], flags, parts[3]))
        else:
            assert not line
    return found


def stage(name: str) -> list[Instruction]:
    """The stage of this name."""
    (only,) = [each for each in stages() if each[0].rest.endswith(f" AS {name}")]
    return only


def said(name: str) -> str:
    """What the one instruction of this name in the last stage says."""
    (only,) = [each.rest for each in stages()[-1] if each.name == name]
    return only


def image_environment(root: Path) -> dict[str, str]:
    """What the last stage sets, with its folders below `root`."""
    return variables(moved(said("ENV"), root), {"PATH": os.environ["PATH"]})


def variables(rest: str, known: Mapping[str, str]) -> dict[str, str]:
    """`NAME=value` pairs; `$NAME` in a value is what is known."""
    pairs = [pair.partition("=") for pair in shlex.split(rest)]
    return {
        name: re.sub(r"\$(\w+)", lambda each: known[each[1]], value) for name, _, value in pairs
    }


def moved(text: str, root: Path) -> str:
    """A text with the folders of the container below another root."""
    return re.sub(r"(?<![\w/.])/(opt/mediaport|build|data)\b", rf"{root}/\1", text)


def carry_out(
    stage: Sequence[Instruction],
    context: Path,
    root: Path,
    outside: Mapping[str, str],
    *,
    others: Mapping[str, Path] = MappingProxyType({}),
) -> None:
    """Do what a stage says, with this machine's shell. `others` are the roots of other stages."""
    environment, folder = dict(outside), root
    for each in stage[1:]:
        text = moved(each.rest, others[each.flags["from"]] if "from" in each.flags else root)
        if each.name == "ENV":
            environment |= variables(text, environment)
        elif each.name == "WORKDIR":
            folder = Path(text)
            folder.mkdir(parents=True)
        elif each.name == "COPY":
            copy(shlex.split(text), context, folder)
        else:
            assert each.name == "RUN"
            done = subprocess.run(
                ["sh", "-c", text],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=5 * PATIENCE_S,
            )
            assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"


def copy(words: Sequence[str], context: Path, folder: Path) -> None:
    """As COPY: of a folder, what is in it."""
    *sources, target = words
    for source in (context / each for each in sources):
        if source.is_dir():
            shutil.copytree(source, folder / target, dirs_exist_ok=True)
        else:
            assert target.endswith("/")
            (folder / target).mkdir(parents=True, exist_ok=True)
            shutil.copy(source, folder / target)


def sent() -> list[str]:
    """The files that .dockerignore lets through to the builder."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    tops = [
        top
        for top in ROOT.iterdir()
        if is_sent(top.name, patterns) or any(each.startswith(f"!{top.name}/") for each in patterns)
    ]
    files = [file for top in tops for file in (top.rglob("*") if top.is_dir() else [top])]
    names = [str(file.relative_to(ROOT)) for file in files if file.is_file()]
    return [name for name in names if is_sent(name, patterns)]


def is_sent(name: str, patterns: Sequence[str]) -> bool:
    """Docker's rule: the last pattern that fits the path, or a folder above it, decides."""
    answer = True
    for pattern in patterns:
        parts = re.split(r"(\*\*/|\*)", pattern.removeprefix("!"))
        wild = {"**/": "(?:.*/)?", "*": "[^/]*"}
        if re.fullmatch("".join(wild.get(p) or re.escape(p) for p in parts) + "(?:/.*)?", name):
            answer = pattern.startswith("!")
    return answer


def filled_in(text: str, environment: Mapping[str, str]) -> str:
    """As compose fills in `${NAME:?what to do}` and `${NAME:-default}`."""

    def value(found: re.Match[str]) -> str:
        name, how, otherwise = found.groups()
        if name in environment or how == "-":
            return environment.get(name, otherwise)
        raise LookupError(f"{name} is missing: {otherwise}")

    return re.sub(r"\$\{(\w+):([-?])([^}]*)\}", value, text)


def compose_config(dotenv: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """What `docker compose` itself makes of the file, for which it needs no engine."""
    read = {"CORS_ORIGINS", *REQUIRED}
    outside = {name: value for name, value in os.environ.items() if name not in read}
    arguments = ["--env-file", os.devnull, "--profile", "doctor", "config", "--format", "json"]
    return subprocess.run(
        [*compose_command(), *arguments],
        cwd=ROOT,
        env={**outside, **dotenv},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )


def compose_command() -> list[str]:
    """The command: docker's plugin, else what `make compose` has built."""
    if docker := shutil.which("docker"):
        plugin = [docker, "compose"]
        asked = subprocess.run(
            [*plugin, "version"], capture_output=True, check=False, timeout=PATIENCE_S
        )
        if asked.returncode == 0:
            return plugin
    built = ROOT / ".cache/bin/docker-compose"
    return [str(built)] if built.exists() else missing("docker compose", "run `make compose`")


def ours(services: Services) -> list[str]:
    """The services that run the product's image."""
    return [name for name in services if name not in OTHERS]


def values_of(services: Services, variable: str) -> set[str]:
    """What the product's services are told by a variable."""
    told = [services[name]["environment"].get(variable) for name in ours(services)]
    assert any(told)
    return {value for value in told if value}


def readdressed(value: str, addresses: Mapping[str, str]) -> str:
    """A value with the addresses of this machine."""
    for written, actual in addresses.items():
        value = value.replace(written, actual)
    return value


def ask(command: Sequence[str], port: int, *, host: str, actual: int) -> int:
    """The exit status of another image's health check, for a server of this machine."""
    program, *rest = (each.replace(f":{port}", f":{actual}") for each in command)
    if program == "redis-cli":
        rest = ["-h", host, "-p", str(actual), *rest]
    done = subprocess.run(
        [program, *(each.replace("127.0.0.1", host) for each in rest)],
        env={"PATH": os.environ["PATH"], "PGPORT": str(actual)},
        capture_output=True,
        check=False,
        timeout=PATIENCE_S,
    )
    return done.returncode
