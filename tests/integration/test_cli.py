"""The command line: settings in, one clear line out."""

import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mediaport import __version__
from tests.integration.server import run


def test_settings_are_shown_with_their_source_and_without_secrets(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MEDIA_MAX_PIXELS=1000\nPORT=9001\n")

    done = run("settings", cwd=tmp_path, PORT="9002", JWT_SECRET="very secret " * 4)

    lines = {line.split()[0]: line.split() for line in done.stdout.splitlines()}
    assert lines["PORT"] == ["PORT", "9002", "environment"]
    assert lines["MEDIA_MAX_PIXELS"] == ["MEDIA_MAX_PIXELS", "1000", ".env"]
    assert lines["HOST"] == ["HOST", "127.0.0.1", "default"]
    assert lines["JWT_SECRET"] == ["JWT_SECRET", "********", "environment"]
    assert "very secret" not in done.stdout


@pytest.mark.parametrize("command", ["settings", "migrate", "serve"])
def test_a_bad_setting_stops_the_start_with_one_line(tmp_path: Path, command: str) -> None:
    done = run(command, cwd=tmp_path, MEDIA_MAX_PIXELS="plenty")

    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("mediaport: MEDIA_MAX_PIXELS: 'plenty' does not fit")
    assert "MEDIA_MAX_PIXELS=40000000" in line
    assert list(tmp_path.iterdir()) == []


def test_a_port_in_use_stops_the_start_with_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        done = run("serve", "--migrate", cwd=tmp_path, PORT=str(port))

    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert f"cannot listen on 127.0.0.1:{port}" in line


def test_a_data_folder_that_cannot_be_made_stops_the_start_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    done = run("serve", "--migrate", cwd=tmp_path, DATA_DIR=str(tmp_path / "file" / "var"))

    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("mediaport: DATA_DIR:")


def test_a_database_that_was_not_migrated_stops_the_start_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    database = tmp_path / "var" / "mediaport.db"

    for content in (None, b"", b"no database at all" * 100):
        if content is not None:
            database.write_bytes(content)
        done = run("serve", cwd=tmp_path)
        assert done.returncode == 2
        (line,) = done.stderr.splitlines()
        assert line.startswith("mediaport: DATA_DIR:")
        assert "mediaport.db" in line


def test_a_database_of_another_version_stops_the_start_with_one_line(tmp_path: Path) -> None:
    assert run("migrate", cwd=tmp_path).returncode == 0
    with closing(sqlite3.connect(tmp_path / "var" / "mediaport.db")) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()

    for arguments in (["migrate"], ["serve", "--migrate"], ["serve"]):
        done = run(*arguments, cwd=tmp_path)
        assert done.returncode == 2
        (line,) = done.stderr.splitlines()
        assert line.startswith("mediaport: DATA_DIR:")


BUCKET = {
    "S3_BUCKET": "my-media",
    "AWS_REGION": "eu-central-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        (BUCKET, "AWS_ACCESS_KEY_ID"),
        ({**BUCKET, "AWS_PROFILE": "nobody"}, "AWS_ACCESS_KEY_ID"),
        ({**BUCKET, **KEYS, "AWS_CA_BUNDLE": "nowhere.pem"}, "AWS_CA_BUNDLE"),
        ({"REDIS_URL": "redis://:hunter2@host:port/0"}, "REDIS_URL"),
        ({"REDIS_URL": "redis://:hunter2@host/0?hunter2=x"}, "REDIS_URL"),
    ],
)
def test_a_real_part_that_does_not_fit_stops_the_start_with_one_line(
    tmp_path: Path, settings: dict[str, str], named: str
) -> None:
    commands = [["serve", "--migrate"], *([["worker"]] if "REDIS_URL" in settings else [])]

    for arguments in commands:
        done = run(*arguments, cwd=tmp_path, **settings)

        assert done.returncode == 2
        assert "Mediaport is running" not in done.stdout
        (line,) = done.stderr.splitlines()
        assert line.startswith(f"mediaport: {named}:")
        assert "hunter2" not in line


def test_it_says_what_it_is(tmp_path: Path) -> None:
    assert __version__ in run("--version", cwd=tmp_path).stdout
    for command in (
        "serve",
        "worker",
        "migrate",
        "provision",
        "doctor",
        "reconcile",
        "settings",
        "demo",
        "thumbnails",
    ):
        assert command in run("--help", cwd=tmp_path).stdout
        assert run(command, "--help", cwd=tmp_path).returncode == 0
