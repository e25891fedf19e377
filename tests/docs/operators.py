"""Stand-ins for an operator's programs, which need machines or accounts: they check and do nothing.

Started as `operators.py PROGRAM ARGUMENTS...`, by a script of that program's name on PATH.
"""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Never

# What these do is not ours to check.
ACCEPTED = [
    "apt",
    "apt-get",
    "brew",
    "caddy",
    "certbot",
    "crontab",
    "helm",
    "journalctl",
    "nginx",
    "scp",
    "ssh",
    "systemctl",
    "terraform",
    "xdg-open",
]
DOCKER = [
    "build",
    "compose",
    "exec",
    "images",
    "info",
    "inspect",
    "load",
    "login",
    "logs",
    "network",
    "ps",
    "pull",
    "push",
    "run",
    "save",
    "stop",
    "tag",
    "volume",
]
KUBECTL = [
    "apply",
    "create",
    "delete",
    "describe",
    "diff",
    "exec",
    "get",
    "kustomize",
    "logs",
    "port-forward",
    "rollout",
    "scale",
    "wait",
]


def refuse(problem: str) -> Never:
    """End with one line."""
    sys.exit(f"stand-in: {problem}")


def docker(arguments: list[str]) -> None:
    """Known words, files that are there."""
    words = [each for each in arguments if not each.startswith("-")]
    if not words or not {*DOCKER} & {*words}:
        refuse(f"docker {shlex.join(arguments)}: no such command")
    look_for_files(arguments, "-f", "--file", "--env-file")


def kubectl(arguments: list[str]) -> None:
    """Known words, files that are there."""
    words = [each for each in arguments if not each.startswith("-")]
    if not {*KUBECTL} & {*words}:
        refuse(f"kubectl {shlex.join(arguments)}: no such command")
    look_for_files(arguments, "-f", "--filename", "-k", "--kustomize")


def look_for_files(arguments: list[str], *options: str) -> None:
    """Refuse a file that an option names and that is not there."""
    for option, value in pairwise(arguments):
        named = value if option in options else None
        if named and named != "-" and "logs" not in arguments and not Path(named).exists():
            refuse(f"there is no {named}")


def aws(arguments: list[str]) -> None:
    """Operations that the service has, with files that are there."""
    service, operation = (*arguments, "", "")[:2]
    for value in arguments:
        for scheme in ("file://", "fileb://"):
            if value.startswith(scheme) and not Path(value.removeprefix(scheme)).exists():
                refuse(f"there is no {value}")
    if (service, operation) == ("cloudformation", "deploy"):
        look_for_files(arguments, "--template-file")
    elif service not in {"s3", "configure"} and operation != "wait":
        check = (
            "import sys, botocore.session as b, botocore as c\n"
            "m = b.get_session().get_service_model(sys.argv[1].replace('s3api', 's3'))\n"
            "names = [c.xform_name(n, '-') for n in m.operation_names]\n"
            "sys.exit(0 if sys.argv[2] in names else f'aws {sys.argv[1]} has no {sys.argv[2]}')"
        )
        subprocess.run([os.environ["STAND_IN_PYTHON"], "-c", check, service, operation], check=True)


def accept(_: list[str]) -> None:
    """Take it as it is."""


STAND_INS: Mapping[str, Callable[[list[str]], None]] = {
    **dict.fromkeys(ACCEPTED, accept),
    "aws": aws,
    "docker": docker,
    "kubectl": kubectl,
}

if __name__ == "__main__":
    STAND_INS[sys.argv[1]](sys.argv[2:])
