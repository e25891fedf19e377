"""Many media through API and worker processes on real parts, some of them killed on the way.

    python -m tests.soak.many_media --media 2000
    python -m tests.soak.many_media --media 300 --kills 60

Starts PostgreSQL, Redis and an S3 store of its own. At the end every media item must have exactly
three variants, and the bucket their objects and no others. Prints what it measured.
"""

import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import click
import httpx

from tests import pictures
from tests.integration.crew import Crew, RealProduct
from tests.integration.server import Server, User, Worker
from tests.servers.postgresql import asked
from tests.soak.parts import started_parts
from tests.whole import differences

APIS, WORKERS, CLIENTS = 2, 3, 8
PATIENCE_S = 120
BETWEEN_KILLS_S = (0.2, 1.5)


@dataclass
class Report:
    """What was seen.

    Attributes:
        statuses: How often each status came, 0 where the API was killed meanwhile.
        uploading_s: From the first presign to the last complete, in seconds.
        settling_s: From then until every thumbnail was there.
        given_up: Media that were in hand three times when their worker was killed.
        wrong: What is not as it must be; empty if all is well.
    """

    media: int = 0
    kills: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    uploading_s: float = 0
    settling_s: float = 0
    given_up: int = 0
    wrong: list[str] = field(default_factory=list)


def soak(settings: dict[str, str], crew: Crew, *, media: int, kills: int = 0) -> Report:
    """Bring `media` pictures through the whole path while processes are killed `kills` times."""
    report = Report(media=media)
    apis = [crew.api(**settings) for _ in range(APIS)]
    workers = [crew.worker(**settings) for _ in range(WORKERS)]
    users = [crew.user(api) for api in apis]
    started = time.monotonic()
    with _killing([*apis, *workers], kills, report), ThreadPoolExecutor(CLIENTS) as clients:
        walks = [
            clients.submit(_walk, users[number % APIS], number, report) for number in range(media)
        ]
        media_ids = [walk.result() for walk in walks]
        report.uploading_s = time.monotonic() - started
    _settle(settings, report)
    given_up = "SELECT count(*) FROM media WHERE thumbnails_error = 'gave_up'"
    (report.given_up,) = asked(settings["DATABASE_URL"], given_up)
    report.wrong += _differences(RealProduct(settings), media_ids)
    return report


def _walk(user: User, number: int, report: Report) -> int:
    """Presign, upload and complete, again and again until it is done; the media's id."""
    body = pictures.picture(image=pictures.corners(1100 + number % 200, 700 + number % 150))
    deadline = time.monotonic() + PATIENCE_S
    media_id = 0
    while time.monotonic() < deadline:
        try:
            media_id = media_id or user.upload(body)
            status = user.complete(media_id).status_code
        except (httpx.TransportError, httpx.HTTPStatusError, KeyError):
            status = 0  # killed, or about to be
        report.statuses[status] += 1
        if status == httpx.codes.OK:
            return media_id
        time.sleep(0.2)
    raise RuntimeError(f"media {media_id} could not be completed in {PATIENCE_S} s")


@contextmanager
def _killing(processes: Sequence[Server | Worker], kills: int, report: Report) -> Iterator[None]:
    """Kill and start processes, one at a time, beside the block and until all kills are done."""
    chance = random.Random(1)

    def kill() -> None:
        for _ in range(kills):
            process = chance.choice(processes)
            process.kill()
            process.start()
            report.kills += 1
            time.sleep(chance.uniform(*BETWEEN_KILLS_S))

    killing = threading.Thread(target=kill, daemon=True)
    killing.start()
    try:
        yield
    finally:
        killing.join()


def _settle(settings: dict[str, str], report: Report) -> None:
    started = time.monotonic()
    owed = "FROM media WHERE status = 'ready' AND thumbnails_status = 'pending'"
    while asked(settings["DATABASE_URL"], f"SELECT count(*) {owed}") != [0]:
        if time.monotonic() > started + PATIENCE_S:
            rows = asked(
                settings["DATABASE_URL"],
                "SELECT format('media %s: %s starts, claimed until %s, it is %s', id,"
                f" thumbnails_starts, thumbnails_claimed_until, now()) {owed}",
            )
            report.wrong += [f"still owes its thumbnails: {row}" for row in rows]
            return
        time.sleep(0.1)
    report.settling_s = time.monotonic() - started


def _differences(product: RealProduct, media_ids: Sequence[int]) -> Iterator[str]:
    if len(set(media_ids)) != len(media_ids):
        yield "two uploads got one id"
    yield from differences(product, acknowledged=media_ids)
    # What was in hand three times when its worker was killed is given up: that is a fate, too.
    fates = "SELECT id FROM media WHERE thumbnails_status = 'ready' OR thumbnails_error = 'gave_up'"
    if lost := set(media_ids) - {number for (number,) in product.rows(fates)}:
        yield f"media without fate: {sorted(lost)}"


@click.command()
@click.option("--media", default=2000, show_default=True)
@click.option("--kills", default=0, show_default=True)
def main(media: int, kills: int) -> None:
    """Run it, print what was measured, and fail if anything was lost."""
    with started_parts() as (crew, settings):
        settings["MEDIA_MAX_PENDING"] = str(media + 1)
        report = soak(settings, crew, media=media, kills=kills)
    rate = report.media / report.uploading_s
    click.echo(
        f"{report.media} media, {report.kills} kills: uploaded and completed in "
        f"{report.uploading_s:.1f} s ({rate:.1f}/s), all thumbnails {report.settling_s:.1f} s "
        f"later, {report.given_up} given up; answers to complete: {dict(report.statuses)}"
    )
    for line in report.wrong:
        click.echo(f"WRONG: {line}")
    sys.exit(1 if report.wrong else 0)


if __name__ == "__main__":
    main()
