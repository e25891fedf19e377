"""Stand-ins for a developer's programs: they check what they are asked to do, and do what they can.

Started as `stand_in.py PROGRAM ARGUMENTS...`, by a script of that program's name on PATH. What
needs none is handed to the program itself. Standard library alone: it starts for each command.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Never
from urllib.error import HTTPError

# Set where it is started: the environment's programs, what runs in the background, the repository.
REAL = Path(os.environ.get("STAND_IN_BIN", ""))
STATE = Path(os.environ.get("STAND_IN_STATE", ""))
CHECKOUT = Path(os.environ.get("STAND_IN_CHECKOUT", ""))


def refuse(problem: str) -> Never:
    """End with one line."""
    sys.exit(f"stand-in: {problem}")


def mediaport(arguments: list[str]) -> None:
    """The command itself; what runs until it is stopped goes to the background once it is up."""
    lasting = arguments[:1] in (["serve"], ["worker"]) and not {"--check", "--help"} & {*arguments}
    if lasting and not has_ampersand():
        in_background(arguments[0], [str(REAL / "mediaport"), *arguments])
    else:
        hand_over("mediaport", arguments)


def uvicorn(arguments: list[str]) -> None:
    """An app of the page's own, on this session's port."""
    command = [str(REAL / "uvicorn"), *arguments, "--port", os.environ["PORT"]]
    in_background("uvicorn", command)


def has_ampersand() -> bool:
    """Whether the page itself sends it to the background: bash takes its input away then."""
    return os.fstat(0).st_rdev == Path(os.devnull).stat().st_rdev


def in_background(name: str, command: list[str]) -> None:
    """Start, in place of one that was started before, wait until it is up, say what it says."""
    stop(name)
    log = STATE / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    (STATE / f"{name}.pid").write_text(str(process.pid))
    is_up = answers if name != "worker" else lambda: "Making thumbnails" in log.read_text()
    while process.poll() is None and not is_up():
        time.sleep(0.02)
    sys.stdout.write(log.read_text())
    if process.poll() is not None:
        refuse(f"{name} ended with {process.returncode}")


def stop(name: str) -> None:
    """End what was started before, as Ctrl-C would."""
    known = STATE / f"{name}.pid"
    if not known.exists():
        return
    pid = int(known.read_text())
    os.kill(pid, 2)
    while Path(f"/proc/{pid}").exists() and "State:\tZ" not in _status(pid):
        time.sleep(0.02)
    known.unlink()


def _status(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return "State:\tZ"


def answers() -> bool:
    """Whether the server on this session's port is ready: a 404 is one of an app of its own."""
    try:
        url = f"http://127.0.0.1:{os.environ['PORT']}/health/ready"
        with urllib.request.urlopen(url, timeout=5):
            return True
    except HTTPError as error:
        return error.code == 404
    except OSError:
        return False


def python(arguments: list[str]) -> None:
    """The environment's Python. Of long runs, only their options are looked at."""
    if arguments[:1] == ["-m"] and re.match(r"tests\.(soak|e2e)\.|bench\.", arguments[1]):
        source = CHECKOUT / (arguments[1].replace(".", "/") + ".py")
        if not source.exists():
            source = source.with_suffix("") / "__main__.py"
        check_options(arguments[2:], source)
    else:
        hand_over("python", arguments)


def check_options(arguments: list[str], source: Path) -> None:
    """Refuse options that a script's source does not name."""
    if not source.exists():
        refuse(f"there is no {source.name}")
    for option in (each for each in arguments if each.startswith("--")):
        if f'"{option}"' not in source.read_text():
            refuse(f"{source.name} knows no {option}")


def make(arguments: list[str]) -> None:
    """Targets have to be there; `make run` runs, with what it starts in the background."""
    known = re.findall(r"^([a-z-]+):", (CHECKOUT / "Makefile").read_text(), re.MULTILINE)
    targets = [each for each in arguments if "=" not in each and not each.startswith("-")]
    for target in targets:
        if target not in known:
            refuse(f"the Makefile has no {target}")
    if targets == ["run"]:
        hand_over("make", targets)


def npm(arguments: list[str]) -> None:
    """Scripts have to be there, and a lock file."""
    folder = Path()
    if "--prefix" in arguments:
        at = arguments.index("--prefix")
        folder = Path(arguments[at + 1])
        arguments = arguments[:at] + arguments[at + 2 :]
    scripts = json.loads((folder / "package.json").read_text())["scripts"]
    match [each for each in arguments if not each.startswith("-")]:
        case ["ci"] if (folder / "package-lock.json").exists():
            pass
        case ["test", *_] if "test" in scripts:
            pass
        case ["run", script, *_] if script in scripts:
            pass
        case other:
            refuse(f"npm {shlex.join(other)} fits nothing in {folder.resolve()}")


def git(arguments: list[str]) -> None:
    """A clone is the folder that one is in already."""
    if arguments[:1] == ["clone"]:
        name = Path(arguments[-1]).name.removesuffix(".git")
        Path(name).symlink_to(CHECKOUT)
    else:
        hand_over("git", arguments)


def curl(arguments: list[str]) -> None:
    """Whatever is on this machine; example.com is nobody."""
    if any(re.match(r"https?://[^/]*\bexample\.com", each) for each in arguments):
        return
    hand_over("curl", arguments)


def sudo(arguments: list[str]) -> None:
    """Without rights of others."""
    os.execvp(arguments[0], arguments)


def hand_over(program: str, arguments: list[str]) -> Never:
    """Be that program, as it is on PATH without us."""
    found = shutil.which(program, path=os.environ["STAND_IN_PATH"])
    if found is None:
        refuse(f"there is no {program} on this machine")
    os.execv(found, [found, *arguments])


STAND_INS: Mapping[str, Callable[[list[str]], None]] = {
    "curl": curl,
    "git": git,
    "make": make,
    "mediaport": mediaport,
    "npm": npm,
    "python": python,
    "python3": python,
    "sudo": sudo,
    "uvicorn": uvicorn,
}

if __name__ == "__main__":
    STAND_INS[sys.argv[1]](sys.argv[2:])
