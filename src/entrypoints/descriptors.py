"""How many files and connections a process may have open, and what it makes of that."""

import logging
import sys

log = logging.getLogger(__name__)

# As many as one process is to hold; the rest waits in the kernel, or goes to another one.
MAX_CONNECTIONS = 10_000
# Beyond, a limit costs without use: some programs go through all that it allows.
WANTED = 65_536
LOW = 4096

if sys.platform != "win32":
    import resource


def raise_limit() -> None:
    """Take what the system grants: the limit that holds at first is often 1024."""
    if sys.platform == "win32":
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    granted = WANTED if hard == resource.RLIM_INFINITY else min(hard, WANTED)
    if soft != resource.RLIM_INFINITY and soft < granted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (granted, hard))
    if granted < LOW:
        log.warning(
            "A process may open %d files (ulimit -Hn), so it takes %d connections at once",
            granted,
            max_connections(),
        )


def max_connections() -> int:
    """From clients; what is left is for the parts, and for files."""
    if sys.platform == "win32":
        return 500
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return min(MAX_CONNECTIONS, soft * 3 // 4)
