"""PostgreSQL with many posts in it, kept from one run to the next."""

import asyncio
import hashlib
from pathlib import Path

import asyncpg

from tests.servers import plenty
from tests.servers.found import ROOT
from tests.servers.postgresql import TEMPLATE, Postgresql, asked, start_postgresql

# As in production, but for fsync: it would measure the disk.
SERVER = ("-c", "shared_buffers=512MB", "-c", "max_wal_size=4GB")
MIGRATIONS = ROOT / "migrations" / "versions"
# What a run has added, taken away without triggers and keys.
# The same for every number of posts: what is kept of users in memory is to be no difference.
USERS = 10_000
TIDY = """
    SET session_replication_role = replica;
    DELETE FROM posts WHERE id > {last};
    DELETE FROM media WHERE id > {last};
    DELETE FROM users WHERE id > {users};
    DELETE FROM object_deletions;
    DELETE FROM media_usage;
    INSERT INTO media_usage
    SELECT owner_id, 0, 0, sum(size_bytes) FROM media GROUP BY owner_id;
    RESET session_replication_role;
"""


def start(cache: Path) -> Postgresql:
    """The server, with what the last run has made."""
    return start_postgresql(kept_in=cache / "postgresql", options=SERVER)


def database(server: Postgresql, posts: int) -> str:
    """The URL of a database with so many posts. Another schema, or other content, is made anew."""
    content = [
        plenty.PLENTY,
        str(USERS),
        *(path.read_text() for path in sorted(MIGRATIONS.glob("*.py"))),
    ]
    version = hashlib.sha256("".join(content).encode()).hexdigest()[:12]
    url = server.url(f"plenty_{posts}_{version}")
    listed = "SELECT datname FROM pg_database WHERE datname LIKE 'plenty_%'"
    there = asked(server.url("postgres"), listed)
    if f"plenty_{posts}_{version}" not in there:
        asyncio.run(_make(server, posts, url, [it for it in there if not it.endswith(version)]))
    asyncio.run(_run(url, TIDY.format(last=posts + USERS, users=USERS), "VACUUM ANALYZE"))
    return url


async def _make(server: Postgresql, posts: int, url: str, outdated: list[str]) -> None:
    admin = server.url("postgres")
    for name in outdated:
        await _run(admin, f'DROP DATABASE "{name}" WITH (FORCE)')
    await server.make_template()
    await asyncio.to_thread(server.migrate_template)
    half = await server.database(template=TEMPLATE)
    await plenty.fill(half, posts=posts, users=USERS)
    made, name = half.rpartition("/")[2], url.rpartition("/")[2]
    await _run(admin, f'ALTER DATABASE "{made}" RENAME TO "{name}"')  # whole, or not at all


async def _run(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url, timeout=10, command_timeout=600)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
