"""A whole run, with every library as talkative as it can be: no secret is in any log."""

import secrets
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from redis import Redis

from tests import pictures
from tests.integration.crew import Crew
from tests.integration.server import User, run
from tests.servers.proxy import TcpProxy, Way
from tests.servers.redis import RedisServer, start_redis
from tests.servers.s3 import S3Server

# Python runs a module of this name when it starts: whatever level is set, it is DEBUG.
TALKATIVE = """
import logging
told = logging.Logger.setLevel
logging.Logger.setLevel = lambda self, level: told(self, logging.DEBUG)
logging.getLogger().setLevel(logging.DEBUG)
"""
WRONG = "wrong password 7e1"


@pytest.fixture
def talkative(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "sitecustomize.py").write_text(TALKATIVE)
    return {"LOG_LEVEL": "DEBUG", "PYTHONPATH": str(tmp_path), "MEDIA_SWEEP_INTERVAL_S": "1"}


def walk(user: User) -> list[str]:
    """Use everything once, well and badly; the secrets that came along."""
    body = pictures.picture()
    upload = user.presign(body).json()["upload"]
    httpx.put(upload["url"], content=body, headers=upload["headers"]).raise_for_status()
    ready = user.upload(pictures.picture(located=True))
    user.complete(ready).raise_for_status()
    user.settled(ready)
    user.complete(user.upload(b"no picture"))
    for password in ("correct horse", WRONG):
        user.http.post("/auth/login", json={"username": user.name, "password": password})
    user.http.get("/users/me", headers={"Authorization": "Bearer eyJhbGci.forged.token"})
    user.http.delete(f"/media/{ready}").raise_for_status()
    signature = upload["url"].lower().partition("signature=")[2].partition("&")[0]
    token = user.http.headers["authorization"].split()[1]
    assert len(signature) == 64
    return ["correct horse", WRONG, signature, token, "eyJhbGci.forged.token"]


def assert_silent(logs: str, secret_words: Sequence[str]) -> None:
    assert '"level":"debug"' in logs
    for secret in secret_words:
        assert secret
        assert secret not in logs  # row 38


def test_embedded_no_secret_is_logged(crew: Crew, talkative: dict[str, str]) -> None:
    api = crew.api(**talkative)

    seen = walk(crew.user(api))

    jwt_secret = (api.folder / "var" / "jwt_secret").read_text()
    assert_silent(api.log, [*seen, jwt_secret])
    assert "aiosqlite" in api.log


@pytest.fixture
def redis_with_password() -> tuple[RedisServer, str]:
    server, password = start_redis(), secrets.token_urlsafe(16)
    with Redis.from_url(server.url) as client:
        client.config_set("requirepass", password)
    return server, password


def test_on_real_parts_no_secret_is_logged(
    real: dict[str, str],
    s3_server: S3Server,
    redis_with_password: tuple[RedisServer, str],
    crew: Crew,
    talkative: dict[str, str],
) -> None:
    redis, redis_password = redis_with_password
    database_password = secrets.token_urlsafe(16)  # which the server does not look at
    store = TcpProxy(urlsplit(real["S3_ENDPOINT_URL"]).port or 0)
    settings = {
        **real,
        **talkative,
        "DATABASE_URL": real["DATABASE_URL"].replace("postgres@", f"postgres:{database_password}@"),
        "REDIS_URL": redis.url.replace("redis://", f"redis://:{redis_password}@"),
        "S3_ENDPOINT_URL": store.url,
        "S3_PRESIGN_ENDPOINT_URL": real["S3_ENDPOINT_URL"],
    }
    try:
        api, worker = crew.api(**settings), crew.worker(**settings)
        user = crew.user(api)
        seen = walk(user)
        down = user.upload(pictures.picture())
        store.turn(Way.RESET)
        assert user.complete(down).status_code == 503
        assert redis.process
        redis.process.kill()
        assert user.http.get("/users/me").status_code == 200
        swept = run("sweep", cwd=api.folder, **settings)
        assert [api.stop(), worker.stop()] == [0, 0]
    finally:
        store.close()
        redis.stop()

    logs = api.log + worker.log + swept.stderr + swept.stdout
    passwords = [database_password, redis_password]
    assert_silent(logs, [*seen, *passwords, s3_server.secret_access_key, real["JWT_SECRET"]])
    assert "mediaport.adapters.s3" in logs
