"""The secret that signs tokens and embedded uploads: set, or made on the first start."""

import os
import secrets
from pathlib import Path

from mediaport.entrypoints.settings import MIN_SECRET_LENGTH, SettingError, Settings


def secret_of(settings: Settings) -> str:
    """JWT_SECRET, or the random one of the data folder, made on the first start.

    Raises:
        SettingError: The data folder cannot be written to, or there is more than one.
    """
    if settings.jwt_secret:
        return settings.jwt_secret
    if settings.database_url:
        problem = "it is needed where DATABASE_URL is set: all API processes must share it"
        raise SettingError("JWT_SECRET", problem, "<output of: openssl rand -hex 32>")
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
