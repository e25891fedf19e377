"""A terminal in a copy of the repository, in which the blocks of a page are typed one by one."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.docs import operators, stand_in
from tests.docs.blocks import Block
from tests.integration.server import environment
from tests.pictures import picture
from tests.servers.found import ROOT
from tests.servers.process import free_port

PATIENCE_S = 240
BIN = Path(sys.executable).parent
# Of the repository, what is made from the rest or is another's.
MADE = [
    ".cache",
    ".coverage",
    ".env",
    ".git",
    ".hypothesis",
    ".import_linter_cache",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".venv",
    "dist",
    "node_modules",
    "site",
    "var",
]
# The ports of the pages: of the API, and of a page of one's own.
API, OWN_PAGE = 8000, 5173


class Terminal:
    """Bash, with stand-ins on PATH for what a test cannot run, and free ports for the page's."""

    def __init__(self, folder: Path) -> None:
        self.checkout = folder / "mediaport"
        self.state = folder / "state"
        self.bin = folder / "bin"
        self.ports = {API: free_port(), OWN_PAGE: free_port()}
        self._group = 0  # of processes: the first one's number, once there is one
        shutil.copytree(ROOT, self.checkout, symlinks=True, ignore=shutil.ignore_patterns(*MADE))
        (self.checkout / "photo.jpg").write_bytes(picture(width=1600, height=1200))
        self.state.mkdir()
        self._put_stand_ins()
        self._pretend_installed()

    @property
    def url(self) -> str:
        """Where the server of the page is."""
        return f"http://127.0.0.1:{self.ports[API]}"

    def start_server(self) -> None:
        """Let the server run that the page takes for granted."""
        self._run("make run > /dev/null\n")

    def type(self, blocks: Sequence[Block], settings: Mapping[Block, Mapping[str, str]]) -> int:
        """Type all of it, in one go; the exit status is that of the first command that failed."""
        return self._run("".join(self._lines(block, settings.get(block, {})) for block in blocks))

    def said(self, block: Block) -> str | None:
        """What a block wrote, with the ports of the page; None if it was never begun."""
        log = self._log(block)
        if not log.exists():
            return None
        text = log.read_text(errors="replace")
        for shown, real in self.ports.items():
            text = text.replace(f":{real}", f":{shown}")
        return text

    def close(self) -> None:
        """End whatever it has started."""
        if not self._group:
            return
        for how in (signal.SIGTERM, signal.SIGKILL):
            deadline = time.monotonic() + 10
            try:
                while time.monotonic() < deadline:
                    os.killpg(self._group, how)
                    time.sleep(0.05)
            except ProcessLookupError:  # nobody is left
                return

    def _run(self, script: str) -> int:
        bash = str(shutil.which("bash"))
        wanted = {
            "PATH": f"{self.bin}:{BIN}:{os.environ['PATH']}",
            "HOME": str(self.state),
            "PORT": str(self.ports[API]),
            "CORS_ORIGINS": ",".join(
                f"http://{host}:{self.ports[OWN_PAGE]}" for host in ("localhost", "127.0.0.1")
            ),
            "PYTHONPATH": f"{self.checkout / '.dev'}",  # the copy's code, which a page may change
            "STAND_IN_BIN": str(BIN),
            "STAND_IN_PYTHON": sys.executable,
            "STAND_IN_PATH": f"{BIN}:{os.environ['PATH']}",
            "STAND_IN_STATE": str(self.state),
            "STAND_IN_CHECKOUT": str(self.checkout),
        }
        script = f"set -euo pipefail\ncd {shlex.quote(str(self.checkout))}\n{script}"
        process = subprocess.Popen(
            [bash, "-c", script],
            env=environment(**wanted),
            stdin=subprocess.PIPE,  # not /dev/null, which is how bash starts what has an &
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=self._group,
        )
        self._group = self._group or process.pid
        process.communicate(timeout=PATIENCE_S)
        return process.returncode

    def _lines(self, block: Block, settings: Mapping[str, str]) -> str:
        text = block.text
        for shown, real in self.ports.items():
            text = re.sub(rf"\b(127\.0\.0\.1|localhost):{shown}\b", rf"\1:{real}", text)
            text = re.sub(rf"\bhttp\.server {shown}\b", f"http.server {real}", text)
        exports = "".join(f"export {name}={shlex.quote(it)}\n" for name, it in settings.items())
        log = shlex.quote(str(self._log(block)))
        return f"{exports}exec > {log} 2>&1\n{as_typed(block, text)}"

    def _log(self, block: Block) -> Path:
        return self.state / f"{block.line:04}.log"

    def _put_stand_ins(self) -> None:
        """Scripts by the names of programs, on PATH and in the copy's environment."""
        self.bin.mkdir()
        for module in (stand_in, operators):
            for name in module.STAND_INS:
                command = shlex.join([sys.executable, "-S", "-E", str(module.__file__), name])
                (self.bin / name).write_text(f'#!/bin/sh\nexec {command} "$@"\n')
                (self.bin / name).chmod(0o755)
        own = self.checkout / ".venv/bin"
        own.mkdir(parents=True)
        for name in ("mediaport", "python", "alembic", "lint-imports", "pytest", "uvicorn"):
            here = self.bin / name
            (own / name).symlink_to(here if here.exists() else BIN / name)

    def _pretend_installed(self) -> None:
        """Let `make run` find what `make install` and `make page` have left."""
        built = self.checkout / "src/entrypoints/http/page/index.html"
        for made in (".venv/installed", "frontend/node_modules/.package-lock.json"):
            (self.checkout / made).parent.mkdir(parents=True, exist_ok=True)
            (self.checkout / made).touch()
        if built.exists():
            built.touch()


def as_typed(block: Block, text: str) -> str:
    """What is typed: a block's lines, or what brings a file or a change about."""
    if block.title:
        path = shlex.quote(block.title)
        return f"mkdir -p $(dirname {path})\ncat > {path} <<'END-OF-FILE'\n{text}END-OF-FILE\n"
    if block.language == "diff":
        return f"git apply <<'END-OF-FILE'\n{text}END-OF-FILE\n"
    if block.language == "python":
        return f"python <<'END-OF-FILE'\n{text}END-OF-FILE\n"
    return text
