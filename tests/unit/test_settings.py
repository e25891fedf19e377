"""Settings: where they come from, and what is said of those that do not fit."""

import re
from io import StringIO
from pathlib import Path

import msgspec
import pytest
from dotenv import dotenv_values

from mediaport.adapters.redis import rate_limiter
from mediaport.entrypoints.parts import thumbnail_recipe, upload_policy
from mediaport.entrypoints.secret import secret_of
from mediaport.entrypoints.settings import (
    DESCRIPTIONS,
    SECRETS,
    SettingError,
    Settings,
    load,
    without_password,
)

ROOT = Path(__file__).resolve().parents[2]
NOWHERE = Path("no-such-file")
# What some settings cannot do without.
COMPANIONS = {
    "S3_BUCKET": "my-media",
    "AWS_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "DATABASE_URL": "postgresql://localhost/mediaport",
    "REDIS_URL": "redis://localhost",
    "QUEUE_WEB_PASSWORD": "sixteen letters!",
}
COMPANIONS_OF_CLOUDFRONT = {
    "MEDIA_ACCESS": "signed",
    "S3_PUBLIC_BASE_URL": "https://cdn.example",
    "CLOUDFRONT_KEY_PAIR_ID": "K2",
    "CLOUDFRONT_PRIVATE_KEY_FILE": "key.pem",
}


def test_the_environment_goes_before_the_file_and_the_file_before_the_default(
    tmp_path: Path,
) -> None:
    file = tmp_path / ".env"
    file.write_text("PORT=1\nHOST=0.0.0.0\nLOG_LEVEL=\n")

    settings, sources = load({"PORT": "2"}, env_file=file)

    assert (settings.port, settings.host, settings.log_level) == (2, "0.0.0.0", "INFO")
    assert sources["PORT"] == "environment"
    assert sources["HOST"] == str(file)
    assert sources["LOG_LEVEL"] == "default"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORT", "99999", "65535"),
        ("PORT", "x", "a whole number"),
        ("S3_PUBLIC_PREFIX", "public", "ending with a slash"),
        ("S3_PUBLIC_PREFIX", "../", "ending with a slash"),
        ("S3_INCOMING_PREFIX", "public/incoming/", "overlap"),
        ("BASE_URL", "ftp://x", "https://media.example.com"),
        ("CORS_ORIGINS", "*", "http://localhost:5173"),
        ("LOG_LEVEL", "LOUD", "DEBUG, INFO, WARNING or ERROR"),
        ("MEDIA_MAX_PENDING", "0", ">= 1"),
        ("JWT_TTL_S", "9" * 14, "<= 100000000"),
        ("MEDIA_MAX_BYTES_POST", str(2**31), "<= 2147483647"),
        ("THUMBNAIL_WORKERS", "1000", "<= 64"),
        ("MEDIA_UPLOAD_URL_TTL_S", "7200", "MEDIA_PENDING_TTL_S"),
        ("BASE_URL", "https://example.com?x=1", "https://media.example.com"),
        ("CORS_ORIGINS", "https://example.com/path", "http://localhost:5173"),
        ("MEDIA_KINDS", "banner", "NAME=MAX_BYTES"),
        ("MEDIA_KINDS", "Banner=1", "NAME=MAX_BYTES"),
        ("MEDIA_KINDS", "banner=0", "NAME=MAX_BYTES"),
        ("MEDIA_KINDS", f"{'b' * 21}=1", "NAME=MAX_BYTES"),
        ("MEDIA_KINDS", "banner=1,banner=2", "names banner twice"),
        ("MEDIA_KINDS", "avatar=1", "MEDIA_MAX_BYTES_AVATAR"),
        ("MEDIA_KINDS", "post_image=1", "MEDIA_MAX_BYTES_POST"),
        ("MEDIA_KINDS", "banner=2147483648", "at most 2147483647"),
        ("MEDIA_THUMBNAIL_SIZES", "128,big", "a whole number"),
        ("MEDIA_THUMBNAIL_SIZES", "128,15", ">= 16"),
        ("MEDIA_THUMBNAIL_SIZES", "4097", "<= 4096"),
        ("MEDIA_THUMBNAIL_SIZES", "16,17,18,19,20,21,22,23,24", "1 to 8 of them"),
        ("MEDIA_THUMBNAIL_SIZES", ",", "1 to 8 of them"),
        ("MEDIA_THUMBNAIL_SIZES", "512,128,128", "names 128 twice"),
        ("MEDIA_THUMBNAIL_QUALITY", "101", "<= 100"),
        ("PASSWORD_MIN_LENGTH", "7", ">= 8"),
        ("PASSWORD_MIN_LENGTH", "65", "<= 64"),
        ("RATE_PER_USER", "many", "the word off for no limit"),
        ("RATE_PER_USER", "0/minute", "the word off for no limit"),
        ("RATE_PER_USER", "10/fortnight", "the word off for no limit"),
        ("RATE_LOGIN_PER_NAME", "10", "Tries to log in under one name"),
        ("RATE_LOGIN_PER_NAME", "10/minute;100/hour", "Tries to log in under one name"),
        ("TRUSTED_PROXIES", "*", "IPv4 or IPv6 address"),
        ("TRUSTED_PROXIES", "proxy.internal", "IPv4 or IPv6 address"),
        ("TRUSTED_PROXIES", "10.0.0.1/8", "has host bits set"),
        ("TRUSTED_PROXIES", "10.0.0.0/33", "IPv4 or IPv6 network"),
        ("TRUSTED_PROXIES", "10.0.0.300", "IPv4 or IPv6 address"),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_an_example(
    name: str, value: str, said: str
) -> None:
    with pytest.raises(SettingError) as refused:
        load({name: value}, env_file=NOWHERE)

    message = str(refused.value)
    assert message.startswith(f"{name}: ")
    assert value in message
    assert said in message
    assert f"Example: {name}=" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("text", "said"), [(b"PORT=\xff", "UTF-8"), (b"PORT\n", "no = after the name")]
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, text: bytes, said: str) -> None:
    file = tmp_path / ".env"
    file.write_bytes(text)

    with pytest.raises(SettingError, match=said) as refused:
        load({}, env_file=file)

    assert str(file) in str(refused.value)


def test_a_file_is_taken_as_it_is_written(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("JWT_SECRET='${HOME}" + "x" * 32 + "'\nDATA_DIR=~/media\n")

    settings, _ = load({}, env_file=file)

    assert settings.jwt_secret == "${HOME}" + "x" * 32
    assert settings.data_path == Path.home() / "media"


def test_a_secret_that_does_not_fit_is_not_shown() -> None:
    with pytest.raises(SettingError) as refused:
        load({"JWT_SECRET": "hunter2" + " " * 40}, env_file=NOWHERE)

    assert "hunter2" not in str(refused.value)
    assert "32" in str(refused.value)


def test_thumbnails_are_made_smallest_first_however_their_sizes_are_written() -> None:
    settings, _ = load({"MEDIA_THUMBNAIL_SIZES": "1024, 64"}, env_file=NOWHERE)

    assert upload_policy(settings).thumbnail_sizes == (64, 1024)
    assert thumbnail_recipe(settings) == "64, 1024 px at quality 80"


@pytest.mark.parametrize("sizes", ["8", "128,x", "5000", "1,2,3,4,5,6,7,8,9", "128,128"])
def test_sizes_that_do_not_fit_are_refused_in_words(sizes: str) -> None:
    with pytest.raises(SettingError) as refused:
        load({"MEDIA_THUMBNAIL_SIZES": sizes}, env_file=NOWHERE)

    assert str(refused.value).startswith("MEDIA_THUMBNAIL_SIZES: ")
    assert "$" not in str(refused.value)
    assert "array" not in str(refused.value)


def test_a_dead_redis_holds_up_a_completion_for_less_than_a_second_by_default() -> None:
    counting_s, asking_s = rate_limiter.TIMEOUT_S, Settings().redis_timeout_ms / 1000

    assert counting_s + asking_s < 1  # row 42


def test_origins_are_separated_by_commas() -> None:
    settings, _ = load({"CORS_ORIGINS": "https://a.example, https://b.example,"}, env_file=NOWHERE)

    assert settings.cors_origins == ("https://a.example", "https://b.example")


@pytest.mark.parametrize(
    ("environment", "reached_at"),
    [
        ({}, "http://127.0.0.1:8000"),
        ({"HOST": "0.0.0.0", "PORT": "80"}, "http://127.0.0.1:80"),
        ({"BASE_URL": "https://media.example"}, "https://media.example"),
    ],
)
def test_urls_are_made_for_where_the_server_is_reached(
    environment: dict[str, str], reached_at: str
) -> None:
    settings, _ = load(environment, env_file=NOWHERE)

    assert settings.upload_base_url == f"{reached_at}/storage"
    assert reached_at in settings.own_origins


def test_a_secret_is_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    settings = Settings(data_dir=str(tmp_path / "var"))

    secret = secret_of(settings)

    assert len(secret) == 64
    assert secret_of(settings) == secret
    assert (tmp_path / "var" / "jwt_secret").stat().st_mode & 0o077 == 0
    assert secret_of(Settings(jwt_secret="x" * 32)) == "x" * 32
    (tmp_path / "var" / "jwt_secret").write_text("")
    with pytest.raises(SettingError, match="holds no secret"):
        secret_of(settings)


def test_every_setting_is_described_with_an_example_that_fits() -> None:
    for field in msgspec.structs.fields(Settings):
        meta = DESCRIPTIONS[field.name]
        assert meta.description
        (example,) = meta.examples or []
        name = field.name.upper()
        companions = COMPANIONS_OF_CLOUDFRONT if name in COMPANIONS_OF_CLOUDFRONT else {}
        if field.name not in SECRETS:
            load({**COMPANIONS, **companions, name: str(example)}, env_file=NOWHERE)


def test_the_example_file_holds_every_setting_and_its_default() -> None:
    text = (ROOT / ".env.example").read_text()
    settings, _ = load({}, env_file=NOWHERE)

    uncommented = re.sub(r"^# ?(?=[A-Z0-9_]+=)", "", text, flags=re.MULTILINE)
    values = dotenv_values(stream=StringIO(uncommented))
    assert list(values) == [field.name.upper() for field in msgspec.structs.fields(Settings)]
    for name, written in values.items():
        default = getattr(settings, name.lower())
        shown = ",".join(map(str, default)) if isinstance(default, tuple) else default
        if isinstance(shown, bool):
            shown = str(shown).lower()
        assert written == ("" if shown is None else str(shown)), name
    for field, meta in DESCRIPTIONS.items():
        assert f"# {meta.description}" in text.replace("\n#   ", " "), field


S3 = {"S3_BUCKET": "my-media", "AWS_REGION": "eu-central-1"}


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({"S3_BUCKET": "my-media"}, "AWS_REGION: it is needed for S3_BUCKET 'my-media'"),
        ({"S3_ENDPOINT_URL": "http://minio:9000"}, "S3_BUCKET: S3_ENDPOINT_URL is set, it is not"),
        ({**S3, "AWS_ACCESS_KEY_ID": "key"}, "AWS_ACCESS_KEY_ID: set it together with"),
        ({**S3, "S3_ADDRESSING_STYLE": "dns"}, "S3_ADDRESSING_STYLE"),
        ({"S3_BUCKET": "a/b"}, "S3_BUCKET: 'a/b' does not fit"),
        ({"MEDIA_METADATA": "none"}, "strip_location publishes all but the place; strip_all"),
        ({"API_WORKERS": "2"}, "; set DATABASE_URL and REDIS_URL, or"),
        ({"API_WORKERS": "2", "REDIS_URL": "redis://x"}, "; set DATABASE_URL, or"),
        ({"QUEUE_WEB": "true"}, "QUEUE_WEB: it is true, but REDIS_URL is not set"),
        ({"QUEUE_WEB": "true", "REDIS_URL": "redis://x"}, "but QUEUE_WEB_PASSWORD is not set"),
        ({"REDIS_TIMEOUT_MS": "1000"}, "REDIS_TIMEOUT_MS"),
        ({**S3, "S3_ENDPOINT_URL": "http://minio:99999"}, "S3_ENDPOINT_URL: its host or port"),
        ({"DATABASE_URL": "postgresql://db:99999/x"}, "DATABASE_URL: its host or port"),
        ({"REDIS_URL": "redis://[::1"}, "REDIS_URL: its host or port"),
        ({**S3, "AWS_REGION": "us_east"}, "AWS_REGION: 'us_east' does not fit"),
        ({**S3, "S3_READ_TIMEOUT_S": "20"}, "S3_READ_TIMEOUT_S: 2 attempts of 23 s"),
        ({**S3, "AWS_SESSION_TOKEN": "x"}, "AWS_SESSION_TOKEN: it belongs to"),
        ({"MEDIA_UPLOAD_URL_TTL_S": "700000"}, "MEDIA_UPLOAD_URL_TTL_S"),
        ({"S3_PUBLIC_BASE_URL": "http://me:secret@cdn"}, "S3_PUBLIC_BASE_URL"),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL: its value does not fit"),
    ],
)
def test_real_parts_need_all_that_belongs_to_them(
    environment: dict[str, str], complaint: str
) -> None:
    with pytest.raises(SettingError, match=re.escape(complaint)):
        load(environment, env_file=NOWHERE)


def test_a_key_of_another_program_does_not_stop_the_embedded_store() -> None:
    settings, _ = load({"AWS_ACCESS_KEY_ID": "key"}, env_file=NOWHERE)

    assert settings.s3_bucket is None


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:secret@db/x", "postgresql://me:********@db/x"),
        ("postgresql://me:se@cr:et@db/x", "postgresql://me:********@db/x"),
        ("postgresql://me@db/x?password=secret&ssl=require", "ssl=require"),
        ("redis://:secret@redis:6379/0", "redis://:********@redis:6379/0"),
        ("redis://redis:6379/0", "redis://redis:6379/0"),
        ("postgresql://me@corp:secret@db/x", "postgresql://me@corp:********@db/x"),
        ("redis://u/x:secret@redis", "redis://u/x:********@redis"),
        ("postgresql://db/x?user=me&pass%77ord=secret", "user=me"),
    ],
)
def test_a_password_in_a_url_is_never_shown(url: str, shown: str) -> None:
    masked = without_password(url)

    assert shown in masked
    assert "secret" not in masked
    assert "cr:et" not in masked


def test_a_url_that_does_not_fit_is_not_shown_either() -> None:
    with pytest.raises(SettingError) as refused:
        load({"REDIS_URL": "http://me:secret@redis"}, env_file=NOWHERE)

    assert "secret" not in str(refused.value)


def test_processes_that_share_a_database_are_told_their_secret() -> None:
    settings = Settings(database_url="postgresql://db/x")

    with pytest.raises(SettingError, match="JWT_SECRET: it is needed"):
        secret_of(settings)


def test_pages_that_upload_are_those_that_are_set_and_our_own() -> None:
    settings, _ = load(
        {"CORS_ORIGINS": "https://app.example", "BASE_URL": "https://media.example/api"},
        env_file=NOWHERE,
    )

    assert settings.page_origins == ("https://app.example", "https://media.example")
