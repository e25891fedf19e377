"""A server as a process of its own: started, killed, frozen, stopped."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PATIENCE_S = 90  # a busy machine may take long; whoever is ready sooner is not waited for


def free_port() -> int:
    """A port of this machine that nobody uses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


class ServerProcess:
    """One server; its data and its log are in `folder`, so it can be started again."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        is_ready: Callable[[], bool],
        environment: Mapping[str, str] | None = None,
        user: str | None = None,
        log: str = "log",
    ) -> None:
        self.folder = folder
        self.environment = environment
        self._command = [*command]
        self._is_ready = is_ready
        self._user = user
        self._log = folder / log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return Path(self._command[0]).name

    @property
    def log(self) -> str:
        """What it wrote so far."""
        return self._log.read_text(errors="replace")

    @property
    def is_running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def was_killed(self) -> bool:
        """Whether SIGKILL has ended it."""
        return self._process is not None and self._process.poll() == -signal.SIGKILL

    @property
    def pid(self) -> int:
        """Its number."""
        assert self._process is not None
        return self._process.pid

    @property
    def children(self) -> list[int]:
        """The processes that it has started."""
        if self._process is None:
            return []
        tasks = Path(f"/proc/{self.pid}/task").glob("*/children")
        return [int(child) for task in tasks for child in _text_of(task).split()]

    def start(self) -> None:
        """Start, and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            process = self._process = subprocess.Popen(
                self._command,
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                user=self._user,
                group=self._user and group_of(self._user),
                extra_groups=[] if self._user else None,
            )
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline and process.poll() is None:
            if self._is_ready():
                return
            time.sleep(0.02)
        raise RuntimeError(f"{self.name} did not start:\n{self.log}")

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Ask it to stop; its exit status."""
        return self._end(signal.SIGTERM)

    def freeze(self) -> None:
        """Let it hang: connections stay, answers do not come."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)

    def wait(self) -> int:
        """Wait until it ended by itself, or was killed by someone else; its exit status."""
        assert self._process is not None
        return self._process.wait(PATIENCE_S)

    def _end(self, how: signal.Signals) -> int:
        process = self._process
        if process is None:
            return 0
        if process.poll() is None:
            process.send_signal(how)
            process.send_signal(signal.SIGCONT)  # what is frozen hears nothing
        return process.wait(PATIENCE_S)


def _text_of(children: Path) -> str:
    """What a thread has started; nothing, once it has ended."""
    try:
        return children.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def group_of(user: str) -> int:
    """The number of a user's own group."""
    import pwd  # noqa: PLC0415 - Windows has none

    return pwd.getpwnam(user).pw_gid


def end(process: ServerProcess | None, folder: Path | None) -> None:
    """Stop a server and remove its data, if they are ours."""
    if process:
        process.stop()
    if folder:
        shutil.rmtree(folder, ignore_errors=True)
