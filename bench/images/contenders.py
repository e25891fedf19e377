"""Who takes part, and how one is started and asked: each is a program of its own, in `peers/`."""

import base64
import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

CACHE = Path(".cache/bench-images")
PEERS = Path(__file__).parent / "peers"
# `make bench-images` installs what package.json says here.
NODE_MODULES_IN = CACHE / "sharp"


@dataclass(frozen=True)
class Contender:
    """A program that makes thumbnails. `is_floor`: it leaves out work that the job needs."""

    name: str
    command: tuple[str, ...]
    cwd: Path | None = None
    is_floor: bool = False


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", f"bench.images.peers.{module}", *arguments)


def _sharp(recipe: str) -> Contender:
    return Contender(
        f"sharp-{recipe}", ("node", str(PEERS / "sharp.mjs"), recipe), cwd=NODE_MODULES_IN
    )


OURS, BEST, IDIOMATIC = Contender("ours", _python("ours")), _sharp("best"), _sharp("idiomatic")
PARALLEL_FLOOR = Contender("floor-parallel", _python("floor", "parallel"), is_floor=True)
CONTENDERS = (
    OURS,
    BEST,
    IDIOMATIC,
    Contender("pyvips", _python("vips_peer")),
    Contender("naive-pillow", _python("naive_pillow")),
    Contender("floor", _python("floor", "serial"), is_floor=True),
    PARALLEL_FLOOR,
)


@dataclass(frozen=True)
class Answer:
    """What a contender says of one file, all measured by itself.

    `peak_mb` is of the process that decodes, `peak_all_mb` of all its processes together.
    """

    wall_s: float
    cpu_s: float
    refusal: str | None
    bodies: list[bytes]
    peak_mb: float
    peak_all_mb: float


class Running(AbstractContextManager["Running"]):
    """A contender that runs until the block ends, and does one thing at a time."""

    def __init__(self, contender: Contender) -> None:
        self.contender = contender
        self._process = subprocess.Popen(  # noqa: S603 - our own commands
            contender.command,
            cwd=contender.cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.versions: dict[str, str] = self._answer()["versions"]

    def make(self, path: Path, *, keep: bool = False) -> Answer:
        """Let it make the thumbnails of a file; `keep` brings them here."""
        answer = self.attempt(path, keep=keep)
        if answer.refusal:
            sys.exit(f"{self.contender.name} refused {path.name}: {answer.refusal}")
        return answer

    def attempt(self, path: Path, *, keep: bool = False) -> Answer:
        """As `make`, where it may refuse."""
        answer = self._ask(op="one", path=str(path.resolve()), keep=keep)
        answer["bodies"] = [base64.b64decode(body) for body in answer["bodies"]]
        return Answer(**answer)

    def batch_s(self, paths: Sequence[Path], *, in_flight: int) -> float:
        """Seconds for all of these files, so many at a time."""
        names = [str(path.resolve()) for path in paths]
        return float(self._ask(op="batch", paths=names, in_flight=in_flight)["wall_s"])

    def _ask(self, **request: Any) -> dict[str, Any]:
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        line = self._process.stdout.readline()
        if not line:
            sys.exit(f"{self.contender.name} ended: is it installed? Run this by make bench-images")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.communicate()
