"""`mediaport sweep`, beside a server and after one that was killed."""

import json
from pathlib import Path

import pytest

from tests import pictures
from tests.integration.crew import Crew
from tests.integration.server import Server, run

# The server itself shall not sweep meanwhile, but for once when it starts.
IDLE = {"MEDIA_SWEEP_INTERVAL_S": "1000"}


def files(server: Server) -> set[str]:
    return {path.name for path in server.objects.rglob("*") if path.is_file()}


@pytest.fixture
def server(crew: Crew) -> Server:
    return crew.api(**IDLE)


def swept(server: Server) -> dict[str, int]:
    done = run("sweep", "--json", cwd=server.folder, **server.settings)
    assert done.returncode == 0, done.stderr
    counts: dict[str, int] = json.loads(done.stdout)
    return counts


def test_it_removes_what_is_due_and_keeps_what_is_shown(server: Server, crew: Crew) -> None:
    user = crew.user(server)
    shown, unattached = (user.upload(pictures.picture()) for _ in range(2))
    for media_id in (shown, unattached):
        user.complete(media_id).raise_for_status()
        user.settled(media_id)
    user.upload(pictures.picture())  # never completed
    user.http.post("/posts/", json={"body": "", "media_id": shown}).raise_for_status()
    server.rows(
        "UPDATE media SET expires_at = '2026-01-01 00:00:00' WHERE status = 'pending'",
        "UPDATE media SET unattached_since = '2026-01-01' WHERE unattached_since IS NOT NULL",
    )

    first = swept(server)
    server.rows("UPDATE object_deletions SET due_at = '2026-01-01'")
    second = swept(server)

    assert first["uploads_expired"] == 1
    assert first["unattached_removed"] == 1
    assert first["objects_removed"] + second["objects_removed"] >= 6
    assert user.http.get(f"/media/{unattached}").status_code == 404
    assert user.http.get(f"/media/{shown}").json()["thumbnails_status"] == "ready"
    assert len(files(server)) == 4


def test_it_makes_thumbnails_that_are_owed(server: Server, crew: Crew) -> None:
    user = crew.user(server)
    media_id = user.upload(pictures.picture())
    user.complete(media_id).raise_for_status()
    user.settled(media_id)
    server.rows(
        "DELETE FROM media_variants",
        "UPDATE media SET thumbnails_status = 'pending', placeholder = NULL",
    )

    assert swept(server)["thumbnails_asked_for"] == 1
    assert user.http.get(f"/media/{media_id}").json()["thumbnails_status"] == "ready"


def test_it_waits_for_a_sweep_that_was_killed_to_run_out(server: Server) -> None:
    server.stop()
    server.rows(
        "INSERT INTO object_deletions (object_key, due_at) VALUES ('public/x', '2026-01-01')",
        "INSERT OR REPLACE INTO leases (name, claimed_until)"
        " VALUES ('sweep', strftime('%Y-%m-%d %H:%M:%f', 'now', '+3 seconds'))",
    )

    assert swept(server)["objects_removed"] == 1


def test_it_goes_to_the_end_however_much_there_is(server: Server, crew: Crew) -> None:
    user = crew.user(server)
    media_id = user.upload(pictures.picture())
    user.complete(media_id).raise_for_status()
    user.settled(media_id)
    server.stop()
    columns = (
        "owner_id, kind, status, bucket, public_url, content_type, size_bytes, etag, width, height,"
        " thumbnails_status, created_at, expires_at, ready_at"
    )
    server.rows(  # without objects, so that each of them fails at once
        "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 1100)"
        f" INSERT INTO media (incoming_key, object_key, {columns})"
        f" SELECT 'i' || n, 'p' || n, {columns.replace('thumbnails_status', repr('pending'))}"
        " FROM media, number WHERE id = 1"
    )

    assert swept(server)["thumbnails_asked_for"] >= 1100
    owed = "SELECT count(*) FROM media WHERE thumbnails_status = 'pending'"
    assert server.rows(owed) == [(0,)]


def test_what_the_store_does_not_remove_is_told_by_the_exit_status(server: Server) -> None:
    server.stop()
    server.rows(
        "INSERT INTO object_deletions (object_key, due_at) VALUES ('public/x', '2026-01-01')"
    )
    server.objects.rename(server.folder / "elsewhere")
    server.objects.write_text("no folder")

    done = run("sweep", cwd=server.folder, **server.settings)

    assert done.returncode == 1
    assert "0 objects removed" in done.stdout
    assert "wait for another sweep" in done.stderr


def test_without_json_it_says_in_words_what_was_done(server: Server, tmp_path: Path) -> None:
    done = run("sweep", cwd=tmp_path, **server.settings)

    assert done.stdout.startswith(
        "0 uploads expired, 0 unattached media removed, 0 objects removed"
    )
