"""Does Redis answer, and does a worker live?"""

import time
from collections.abc import Sequence

from mediaport.entrypoints.container import Container
from mediaport.entrypoints.doctor.checks import Ailment, Check

REACHABLE = "Redis reachable"


def queue_checks(container: Container) -> Sequence[Check]:
    """The checks of the thumbnail queue: none where the server makes thumbnails itself."""
    if container.settings().redis_url is None:
        return []
    queue = container.redis_queue()

    async def reach() -> str:
        started = time.perf_counter()
        await queue.check()
        return f"it answers in {1000 * (time.perf_counter() - started):.0f} ms"

    async def find_workers() -> str:
        workers = await queue.workers()
        if not workers:
            raise Ailment(
                "none has reported lately; thumbnails stay owed",
                mend="Start one beside the API: mediaport worker",
            )
        return f"{len(workers)} of them: {', '.join(sorted(workers))}"

    return [
        Check(name=REACHABLE, run=reach, mend="Look at REDIS_URL, and whether the server runs."),
        Check(name="a worker is alive", run=find_workers, needs=(REACHABLE,)),
    ]
