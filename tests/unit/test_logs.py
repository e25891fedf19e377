"""No log line shows a secret, whoever wrote it."""

import logging
from collections.abc import Callable, Iterator

import msgspec
import pytest

from mediaport.entrypoints.cli.logs import start_logging
from mediaport.entrypoints.settings import Settings

SETTINGS = Settings(
    jwt_secret="the secret of all tokens, quite long",
    s3_bucket="my-media",
    aws_region="us-east-1",
    aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
    aws_secret_access_key="wJalrXUtnFEMI/K7MDENG",
    aws_session_token="FwoGZXIvYXdzEBYaDH",
    database_url="postgresql://me:data%40base-word@db/x",
    redis_url="redis://:redis-word@redis:6379/0",
)
SIGNATURE = "ab" * 32
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.c2lnbmF0dXJl"


@pytest.fixture
def start() -> Iterator[Callable[[str], None]]:
    """Starts to log, as a process does that has not yet; from a level on."""
    root, ours = logging.getLogger(), logging.getLogger("mediaport")
    before = (root.handlers[:], root.level, ours.level)

    def start_at(level: str) -> None:
        root.handlers[:] = []
        start_logging(msgspec.structs.replace(SETTINGS, log_level=level))

    yield start_at
    root.handlers[:], root.level, ours.level = before


@pytest.mark.parametrize(
    "line",
    [
        f"https://b.s3.amazonaws.com/k?X-Amz-Expires=300&X-Amz-Signature={SIGNATURE}",
        f"Signature:\n{SIGNATURE}",
        f"/storage/incoming/1/1/x.jpg?expires=1&signature={SIGNATURE}",
        "X-Amz-Security-Token=FwoGanotherone&X-Amz-Date=1",
        f"Authorization: Bearer {TOKEN}",
        f"token {TOKEN} was refused",
        "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA",
        "postgresql://me:data%40base-word@db/x",
        "connect to db with data@base-word",
        "redis://:redis-word@redis:6379/0",
        "https://user:other-word@proxy/",
        f"key {SETTINGS.aws_secret_access_key}, {SETTINGS.jwt_secret}",
    ],
)
def test_a_line_with_a_secret_is_written_without_it(
    line: str, start: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    start("DEBUG")

    logging.getLogger("any.library").error("It says: %s", line)
    logging.getLogger("mediaport").error("It failed", exc_info=ValueError(line))

    written = capsys.readouterr().err
    assert "It says" in written
    for secret in (
        SIGNATURE,
        TOKEN,
        "FwoG",
        "c2FsdHNhbHQ",
        "base-word",
        "redis-word",
        "other-word",
        "wJalrXUtnFEMI",
        "the secret of all tokens",
    ):
        assert secret not in written  # row 38


def test_what_is_no_secret_is_written(
    start: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    start("DEBUG")

    line = "Media 7 of redis://redis:6379/0: AKIAIOSFODNN7EXAMPLE, /media/7?limit=2, deadbeef"
    logging.getLogger("mediaport.x").debug(line)

    assert line in capsys.readouterr().err


def test_libraries_write_warnings_alone(
    start: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    start("INFO")

    for name in ("botocore.auth", "httpx", "sqlalchemy.engine", "mediaport.x"):
        logging.getLogger(name).debug("%s debugs", name)
        logging.getLogger(name).info("%s informs", name)
        logging.getLogger(name).warning("%s warns", name)

    written = capsys.readouterr().err
    assert "debugs" not in written
    informs = [line for line in written.splitlines() if "informs" in line]
    assert [line.partition("mediaport.x: ")[2] for line in informs] == ["mediaport.x informs"]
    assert written.count("warns") == 4
