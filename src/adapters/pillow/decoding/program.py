"""A process that decodes images for another one, and nothing else: `python -m` this module.

What an image can do ends here: this process has little memory and little time, no secrets in its
environment, no open files of others, writes none, and may be killed at any moment. Orders come by
standard input, answers go by standard output; it ends when its input does.
"""

import os
import resource
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from mediaport.adapters.pillow.decoding.messages import GREETING, framed, next_order


def main() -> None:
    """Answer one order after the other."""
    _close_others()
    # thash would load it, where it is installed: 15 MB, for pictures of 32 x 32 pixels.
    sys.modules["numpy"] = None  # type: ignore[assignment]
    from mediaport.adapters.pillow.decoding.answers import answer  # noqa: PLC0415 - without numpy

    orders, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # nothing that is printed may end up among the answers
    warnings.simplefilter("ignore")  # Pillow's words about odd files: nobody reads them here
    with ThreadPoolExecutor(1) as beside:
        beside.submit(int).result()  # its thread is there before memory is short
        _limit(memory_bytes=int(sys.argv[1]))
        answers.write(GREETING)
        answers.flush()
        while order := next_order(orders):
            _limit_time(order.cpu_s)
            answers.write(framed(answer(order, orders.read(order.size_bytes), beside)))
            answers.flush()


def _close_others() -> None:
    """Close what else was left open to this process: event loops differ in that.

    Only what is there: where a system allows a billion open files, to try them all takes minutes.
    """
    is_open = Path("/dev/fd")
    for each in is_open.iterdir() if is_open.is_dir() else ():
        if int(each.name) > sys.stderr.fileno():
            with suppress(OSError):  # the folder itself was open, too
                os.close(int(each.name))


def _limit(*, memory_bytes: int) -> None:
    """Limits for good. Where a system knows one of them not, the others stand."""
    for what, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError, OverflowError):
            resource.setrlimit(what, (most, most))


def _limit_time(cpu_s: int) -> None:
    """So many seconds more of CPU, and up to one: then SIGXCPU ends this process."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    most = int(time.process_time()) + 1 + cpu_s
    if hard != resource.RLIM_INFINITY:  # as whoever started all this wants it
        most = min(most, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (most, hard))


if __name__ == "__main__":
    main()
