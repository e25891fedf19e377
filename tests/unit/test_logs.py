"""No log line shows a secret, whoever wrote it."""

import json
import logging
from collections.abc import Callable, Iterator

import msgspec
import pytest
from structlog.contextvars import bound_contextvars

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


@pytest.fixture(params=["json", "console"])
def start(request: pytest.FixtureRequest) -> Iterator[Callable[[str], None]]:
    """Starts to log in some form, as a process does that has not yet; from a level on."""
    root, ours = logging.getLogger(), logging.getLogger("mediaport")
    before = (root.handlers[:], root.level, ours.level)

    def start_at(level: str) -> None:
        root.handlers[:] = []
        form = {"log_level": level, "log_format": request.param}
        start_logging(msgspec.structs.replace(SETTINGS, **form))

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
    logging.getLogger("mediaport").error("It has", extra={"fields": {"of": [line]}, "text": line})

    written = capsys.readouterr().err
    assert all(words in written for words in ("It says", "It failed", "It has"))
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
    (informs,) = [line for line in written.splitlines() if "informs" in line]
    assert "mediaport.x informs" in informs
    assert written.count("warns") == 4


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, object]]]:
    """What is written as JSON."""
    return lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]


@pytest.mark.parametrize("start", ["json"], indirect=True)
def test_a_line_is_one_json_object_with_what_it_is_about(
    start: Callable[[str], None], lines: Callable[[], list[dict[str, object]]]
) -> None:
    start("INFO")
    with bound_contextvars(request_id="r-1", user_id=3):
        logging.getLogger("mediaport.x").info('Two\nlines, "%s"', "ä", extra={"took_ms": 1.5})

    (line,) = lines()
    assert [*line][:6] == ["timestamp", "level", "logger", "event", "request_id", "user_id"]
    assert str(line.pop("timestamp")).endswith("Z")
    assert line == {
        "level": "info",
        "logger": "mediaport.x",
        "event": 'Two\nlines, "ä"',
        "request_id": "r-1",
        "user_id": 3,
        "took_ms": 1.5,
    }


@pytest.mark.parametrize("start", ["json"], indirect=True)
def test_a_secret_takes_nothing_of_the_json_around_it(
    start: Callable[[str], None], lines: Callable[[], list[dict[str, object]]]
) -> None:
    start("INFO")
    logging.getLogger("mediaport").error('bearer a\\"b', extra={"after": 'signature=x"'})

    (line,) = lines()
    assert line["event"] == 'bearer ********"b'
    assert line["after"] == 'signature=********"'


@pytest.mark.parametrize("start", ["json"], indirect=True)
@pytest.mark.parametrize(("made", "request_id"), [(7, "r-1"), (8, None)])
def test_the_request_behind_a_job_is_named_where_the_line_is_about_its_media(
    made: int,
    request_id: str | None,
    start: Callable[[str], None],
    lines: Callable[[], list[dict[str, object]]],
) -> None:
    start("INFO")
    with bound_contextvars(asked_for=7, asked_by="r-1"):
        logging.getLogger("mediaport").info("Thumbnails made", extra={"media_id": made})

    (line,) = lines()
    assert line.get("request_id") == request_id
    assert not line.keys() & {"asked_for", "asked_by"}


@pytest.mark.parametrize(("is_terminal", "is_json"), [(True, False), (False, True)])
def test_by_default_lines_are_for_who_reads_them(
    is_terminal: bool, is_json: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr("sys.stderr.isatty", lambda: is_terminal)
    start_logging(SETTINGS)

    record = logging.LogRecord("mediaport", logging.INFO, "", 0, "It says", (), None)
    assert root.handlers[0].format(record).startswith("{") == is_json
