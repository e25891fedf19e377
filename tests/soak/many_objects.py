"""`mediaport reconcile` over many objects: how long it takes, and how much memory.

    python -m tests.soak.many_objects --media 2500
    python -m tests.soak.many_objects --media 250000 --folder /dev/shm
    python -m tests.soak.many_objects --media 250000 --folder /dev/shm --postgresql

Each media item has its row, three variants, and four empty files. One in a thousand has lost its
original, and another one has a stray beside it. Prints what the process took.
"""

import asyncio
import json
import os
import shutil
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import click
from sqlalchemy import text

from mediaport.adapters.sql.database import Database
from mediaport.adapters.sql.postgresql import postgresql_url
from tests.integration.server import COMMAND, environment, run
from tests.servers.postgresql import start_postgresql

OWNERS = 1000
SIZES = (128, 512, 1024)
EVERY = 1000
LONG_AGO = "2026-01-01 00:00:00.000000"
NAME = f"'public/media/' || (i % {OWNERS} + 1) || '/' || i || '/name'"
NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"
USERS = "INSERT INTO users (id, username, password_hash, created_at)"
MEDIA = """
INSERT INTO media (id, owner_id, kind, status, bucket, incoming_key, object_key, public_url,
    content_type, size_bytes, etag, width, height, placeholder, thumbnails_status, created_at,
    expires_at, ready_at)"""
VALUES = f"""
    i, i % {OWNERS} + 1, 'post_image', 'ready', 'local', 'incoming/' || i, {NAME} || '.jpg', 'x',
    'image/jpeg', 1, 'e', 1, 1, 'p', 'ready', '{LONG_AGO}', '{LONG_AGO}', '{LONG_AGO}'"""
VARIANTS = "INSERT INTO media_variants (media_id, size, object_key, url, width, height, size_bytes)"


async def write_rows(database: Database, media: int) -> None:
    """Rows as the product writes them, but for their times and numbers."""
    numbers = NUMBERS.format(count=media)
    statements = [
        f"{NUMBERS.format(count=OWNERS)} {USERS} SELECT i, 'user_' || i, 'x', '{LONG_AGO}' FROM n",
        f"{numbers} {MEDIA} SELECT {VALUES} FROM n",
        *(
            f"{numbers} {VARIANTS} SELECT i, {size}, {NAME} || '_{size}.webp', 'x', 1, 1, 1 FROM n"
            for size in SIZES
        ),
    ]
    async with database.engine.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement.replace(":", r"\:")))
    await database.close()


def write_files(objects: Path, media: int) -> None:
    """Empty files, old enough to be strays."""
    for number in range(1, media + 1):
        folder = objects / f"public/media/{number % OWNERS + 1}/{number}"
        folder.mkdir(parents=True)
        names = [f"name_{size}.webp" for size in SIZES]
        names += ["stray.jpg"] if number % EVERY == 1 else []
        names += ["name.jpg"] if number % EVERY else []
        for name in names:
            (folder / name).touch()
            os.utime(folder / name, (0, 0))


def measured(arguments: list[str], work: Path, settings: dict[str, str]) -> str:
    """What one run took and found."""
    printed = work / "findings.json"
    started = time.monotonic()
    with printed.open("wb") as file:
        process = subprocess.Popen(
            [COMMAND, "reconcile", "--json", *arguments],
            cwd=work,
            env=environment(**settings),
            stdout=file,
        )
        _, _, used = os.wait4(process.pid, 0)
    took_s = time.monotonic() - started
    found = json.loads(printed.read_text())
    return (
        f"{found['media']} media, {found['objects']} objects: {took_s:.1f} s, of them "
        f"{used.ru_utime:.1f} s of CPU; at most {used.ru_maxrss / 1024:.0f} MiB; {found['counts']}"
    )


@click.command()
@click.option("--media", default=2500, show_default=True)
@click.option("--folder", type=click.Path(path_type=Path), help="Where the files are made.")
@click.option("--postgresql", is_flag=True, help="Rows in PostgreSQL instead of SQLite.")
def main(media: int, folder: Path | None, *, postgresql: bool) -> None:
    """Seed, reconcile, and print what was measured."""
    work = Path(tempfile.mkdtemp(prefix="mediaport-soak-", dir=folder))
    settings = {"DATA_DIR": str(work / "var"), "JWT_SECRET": "x" * 32}
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, work)
        if postgresql:
            server = start_postgresql()
            stack.callback(server.stop)
            settings["DATABASE_URL"] = server.url("postgres")
        run("migrate", cwd=work, **settings)
        url = settings.get("DATABASE_URL")
        database = Database(
            postgresql_url(url) if url else f"sqlite+aiosqlite:///{work}/var/mediaport.db",
            statement_timeout_s=600,
        )
        asyncio.run(write_rows(database, media))
        write_files(work / "var" / "objects", media)

        for arguments in (["--dry-run"], []):
            click.echo(" ".join([*arguments, measured(arguments, work, settings)]))


if __name__ == "__main__":
    main()
