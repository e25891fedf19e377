"""Every setting: its name, type, default and meaning. The only place that reads the environment.

The name of a setting is its field's name in capitals. Values come from the environment, else from
the file `.env` in the working folder, else from the defaults here. An empty value is no value.
"""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, get_type_hints

import msgspec
from dotenv import dotenv_values
from msgspec import Meta

Port = Annotated[int, Meta(ge=1, le=65535)]
Positive = Annotated[int, Meta(ge=1)]
Bytes = Annotated[int, Meta(ge=1, le=2**31 - 1)]  # as the database holds them
Seconds = Annotated[int, Meta(ge=1, le=100_000_000)]  # three years
Workers = Annotated[int, Meta(ge=1, le=64)]
Prefix = Annotated[str, Meta(pattern=r"^([A-Za-z0-9_-][A-Za-z0-9._-]*/)+$")]
Url = Annotated[str, Meta(pattern=r"^https?://[^\s/?#]+(/[^\s?#]*[^\s/?#])?$")]
Origin = Annotated[str, Meta(pattern=r"^https?://[^\s/?#]+$")]
MIN_SECRET_LENGTH = 32  # what HS256 asks for: RFC 7518, 3.2
Secret = Annotated[str, Meta(min_length=MIN_SECRET_LENGTH)]
LogLevel = Annotated[str, Meta(pattern="^(DEBUG|INFO|WARNING|ERROR)$")]


class SettingError(Exception):
    """Raised when a setting cannot be used; its message is one line that says what to do."""

    def __init__(self, name: str, problem: str, example: str | None = None) -> None:
        shown = f". Example: {name}={example}" if example else ""
        super().__init__(f"{name}: {problem}{shown}")


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings, checked and with their defaults filled in."""

    host: Annotated[str, Meta(description="Address to listen on", examples=["127.0.0.1"])] = (
        "127.0.0.1"
    )
    port: Annotated[Port, Meta(description="Port to listen on", examples=["8000"])] = 8000
    base_url: Annotated[
        Url | None,
        Meta(
            description="Where browsers reach this server, as http(s)://... without a slash at the "
            "end; by default http://HOST:PORT",
            examples=["https://media.example.com"],
        ),
    ] = None
    data_dir: Annotated[
        str,
        Meta(description="Folder of the embedded database and object store", examples=["./var"]),
    ] = "./var"
    log_level: Annotated[
        LogLevel, Meta(description="DEBUG, INFO, WARNING or ERROR", examples=["INFO"])
    ] = "INFO"
    jwt_secret: Annotated[
        Secret | None,
        Meta(
            description="Signs access tokens and embedded upload URLs, 32 characters or more; "
            "by default a random one, kept in DATA_DIR",
            examples=["<output of: openssl rand -hex 32>"],
        ),
    ] = None
    jwt_ttl_s: Annotated[
        Seconds, Meta(description="How long an access token is valid, in s", examples=["86400"])
    ] = 86_400
    cors_origins: Annotated[
        tuple[Origin, ...],
        Meta(
            description="Origins of pages that may call the API, as http(s)://host:port, "
            "separated by commas",
            examples=["http://localhost:5173,https://app.example.com"],
        ),
    ] = ("http://localhost:5173", "http://127.0.0.1:5173")
    s3_public_base_url: Annotated[
        Url | None,
        Meta(
            description="What public object keys are appended to, as http(s)://... without a "
            "slash at the end; by default BASE_URL/storage",
            examples=["https://cdn.example.com"],
        ),
    ] = None
    s3_public_prefix: Annotated[
        Prefix,
        Meta(
            description="Prefix of the keys of published objects, ending with a slash",
            examples=["public/"],
        ),
    ] = "public/"
    s3_incoming_prefix: Annotated[
        Prefix,
        Meta(
            description="Prefix of the keys of uploads, ending with a slash", examples=["incoming/"]
        ),
    ] = "incoming/"
    media_max_bytes_post: Annotated[
        Bytes, Meta(description="Largest image of a post, in bytes", examples=["5242880"])
    ] = 5_242_880
    media_max_bytes_avatar: Annotated[
        Bytes, Meta(description="Largest avatar, in bytes", examples=["2097152"])
    ] = 2_097_152
    media_max_pixels: Annotated[
        Positive,
        Meta(description="Largest width x height that is decoded", examples=["40000000"]),
    ] = 40_000_000
    media_max_pending: Annotated[
        Positive,
        Meta(description="Uploads that one user may have pending at once", examples=["100"]),
    ] = 100
    media_upload_url_ttl_s: Annotated[
        Seconds,
        Meta(description="How long a signed upload URL can be used, in s", examples=["300"]),
    ] = 300
    media_pending_ttl_s: Annotated[
        Seconds,
        Meta(description="How long a pending upload can be completed, in s", examples=["3600"]),
    ] = 3600
    media_sweep_interval_s: Annotated[
        Seconds, Meta(description="How often the sweep runs, in s", examples=["5"])
    ] = 5
    thumbnail_workers: Annotated[
        Workers,
        Meta(description="Images decoded at the same time", examples=["2"]),
    ] = 2

    def __post_init__(self) -> None:
        public, incoming = self.s3_public_prefix, self.s3_incoming_prefix
        if public.startswith(incoming) or incoming.startswith(public):
            raise SettingError(
                "S3_INCOMING_PREFIX",
                f"{incoming!r} and S3_PUBLIC_PREFIX {public!r} overlap: uploads would be public",
                "incoming/ with S3_PUBLIC_PREFIX=public/",
            )
        if self.media_upload_url_ttl_s > self.media_pending_ttl_s:
            raise SettingError(
                "MEDIA_UPLOAD_URL_TTL_S",
                f"{self.media_upload_url_ttl_s} s is longer than MEDIA_PENDING_TTL_S, "
                f"{self.media_pending_ttl_s} s: uploads would come too late",
                "300",
            )

    @property
    def address(self) -> str:
        """The URL of this server on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - compared, not bound
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def reached_at(self) -> str:
        """Where browsers reach this server."""
        return self.base_url or self.address

    @property
    def upload_base_url(self) -> str:
        """Where the embedded object store is reached."""
        return f"{self.reached_at}/storage"

    @property
    def public_base_url(self) -> str:
        """What public object keys are appended to."""
        return self.s3_public_base_url or self.upload_base_url

    @property
    def own_origins(self) -> tuple[str, ...]:
        """Origins that this server's own pages may have."""
        local = (f"http://localhost:{self.port}", f"http://127.0.0.1:{self.port}")
        return (self.reached_at, *local)

    @property
    def data_path(self) -> Path:
        """The data folder."""
        return Path(self.data_dir).expanduser().absolute()

    @property
    def database_path(self) -> Path:
        """The embedded database."""
        return self.data_path / "mediaport.db"


DESCRIPTIONS: Mapping[str, Meta] = MappingProxyType(
    {
        name: next(part for part in reversed(hint.__metadata__) if part.description)
        for name, hint in get_type_hints(Settings, include_extras=True).items()
    }
)
SECRETS = frozenset({"jwt_secret"})
TO_COME = ("DATABASE_URL", "S3_BUCKET", "REDIS_URL")


def load(
    environment: Mapping[str, str] = MappingProxyType(os.environ), *, env_file: Path = Path(".env")
) -> tuple[Settings, dict[str, str]]:
    """The settings, and for each one where it came from: environment, the file's name, or default.

    Raises:
        SettingError: A value cannot be used. One line, with the name and an example.
    """
    places = _places(environment, env_file)
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for field in msgspec.structs.fields(Settings):
        name = field.name.upper()
        sources[name] = "default"
        for place, source in places.items():
            raw = source.get(name, "").strip()
            if raw:
                values[field.name] = _value(field, raw)
                sources[name] = place
                break
    return Settings(**values), sources


def set_in_vain(
    environment: Mapping[str, str] = MappingProxyType(os.environ), *, env_file: Path = Path(".env")
) -> list[str]:
    """Settings of a later version that are set already, and that this version does not read."""
    places = _places(environment, env_file).values()
    return [name for name in TO_COME if any(source.get(name, "").strip() for source in places)]


def _places(environment: Mapping[str, str], env_file: Path) -> dict[str, Mapping[str, str]]:
    """Where values come from, by name; the first one that has a value counts."""
    return {
        "environment": environment,
        str(env_file): _read(env_file) if env_file.is_file() else {},
    }


def _read(env_file: Path) -> dict[str, str]:
    try:
        lines = dotenv_values(env_file, interpolate=False, encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SettingError(str(env_file), f"it is no UTF-8 text: {error}") from error
    for name, value in lines.items():
        if value is None:
            raise SettingError(f"{env_file}, {name}", "there is no = after the name")
    return {name: value for name, value in lines.items() if value is not None}


def _value(field: msgspec.structs.FieldInfo, raw: str) -> Any:
    name = field.name.upper()
    parsed: object = raw
    if isinstance(field.default, tuple):
        parsed = [part.strip() for part in raw.split(",") if part.strip()]
    try:
        return msgspec.convert(parsed, field.type, strict=False)
    except msgspec.ValidationError as error:
        shown = "its value" if field.name in SECRETS else repr(raw)
        meta = DESCRIPTIONS[field.name]
        is_form = "regex" in str(error)  # A regex tells nobody anything: say what it is instead.
        problem = f"Wanted: {meta.description}" if is_form else _in_words(str(error))
        example = str((meta.examples or [""])[0])
        raise SettingError(name, f"{shown} does not fit. {problem}", example) from error


def _in_words(error: str) -> str:
    return error.replace("Expected `int`, got `str`", "Wanted: a whole number")


def secret_of(settings: Settings) -> str:
    """JWT_SECRET, or the random one of the data folder, made on the first start.

    Raises:
        SettingError: The data folder cannot be written to.
    """
    if settings.jwt_secret:
        return settings.jwt_secret
    path = settings.data_path / "jwt_secret"
    try:
        settings.data_path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            _write_once(path, secrets.token_hex(32))
        secret = path.read_text()
    except OSError as error:
        raise SettingError("DATA_DIR", str(error)) from error
    if len(secret) < MIN_SECRET_LENGTH:
        raise SettingError("JWT_SECRET", f"{path} holds no secret; delete it")
    return secret


def _write_once(path: Path, text: str) -> None:
    """Write a file that is there whole or not at all, unless another process was faster."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    except OSError:  # There are no links here: the last one to write wins.
        draft.replace(path)
    draft.unlink(missing_ok=True)
